"""Telling several watchers that something changed, without a queue that could grow."""

import asyncio


class Broadcast:
    """A bell that any number of watchers wait for. Whoever is busy while it rings twice hears it once."""

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait."""
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def next(self) -> asyncio.Event:
        """The bell's next ring. Take it before you look, wait for it after."""
        return self._bell
