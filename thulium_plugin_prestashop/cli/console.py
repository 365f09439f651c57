"""What a command says and to whom: results to standard output, everything else to standard error."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from importlib.resources import files
from typing import Any

import attrs
import orjson
from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from thulium_plugin_prestashop.contract.catalogue import Catalogue
from thulium_plugin_prestashop.contract.tasks import Progress as RunProgress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.transport.redact import RedactingFilter, Redactor

WORDS = Catalogue.read(files("thulium_plugin_prestashop.cli") / "locale")


class Exit(IntEnum):
    """Exit statuses; other programs rely on them."""

    DONE = 0
    FAILED = 1
    CHANGE_SOMETHING = 2


@attrs.frozen
class Trouble:
    """One thing that went wrong. ``key`` is stable; ``place`` is the option, field or resource it belongs to."""

    key: str
    message: LocalizedText
    hint: LocalizedText | None = None
    place: str = ""


class CommandError(Exception):
    """Ends a command with words for the person who called it, and ``status``."""

    def __init__(self, *troubles: Trouble, status: Exit = Exit.CHANGE_SOMETHING) -> None:
        super().__init__("; ".join(trouble.message.en for trouble in troubles))
        self.troubles = troubles
        self.status = status


def trouble(key: str, *, place: str = "", **values: object) -> Trouble:
    """Trouble of the command line itself, worded in its own catalogue."""
    return Trouble(key, WORDS.text(f"trouble.{key}", **values), place=place)


def system_locale() -> str:
    """``pl`` on a Polish system, otherwise ``en``."""
    spoken = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return "pl" if spoken.lower().startswith("pl") else "en"


@attrs.define
class Console:
    """Where a command writes. With ``json`` exactly one JSON object goes to standard output."""

    json: bool = False
    locale: str = attrs.field(factory=system_locale)
    err: RichConsole = attrs.field(factory=lambda: RichConsole(stderr=True, highlight=False, soft_wrap=True))
    out: RichConsole = attrs.field(factory=lambda: RichConsole(highlight=False, soft_wrap=True))

    def word(self, key: str, **values: object) -> str:
        """A message of the command line in the caller's language."""
        return WORDS.phrase(self.locale, key, **values)

    def tell(self, text: str, *, style: str = "") -> None:
        """To the person, on standard error."""
        self.err.print(text, style=style, markup=False)

    def answer(self, result: object) -> None:
        """The result as one line of JSON on standard output."""
        sys.stdout.write(orjson.dumps(result).decode() + "\n")
        sys.stdout.flush()

    def report(self, error: CommandError) -> None:
        """What went wrong, in words or as JSON."""
        for item in error.troubles:
            self.tell(item.message.for_locale(self.locale), style="bold red")
            if item.hint is not None:
                self.tell(f"  → {item.hint.for_locale(self.locale)}")
        if self.json:
            self.answer(
                {
                    "ok": False,
                    "problems": [
                        {"key": item.key, "message": item.message.for_locale(self.locale)}
                        | ({"place": item.place} if item.place else {})
                        for item in error.troubles
                    ],
                }
            )

    @contextmanager
    def progress(self) -> Iterator["Bar"]:
        """A progress bar on a terminal; nothing in a pipe."""
        if not self.err.is_terminal:
            yield Bar(self.locale, None)
            return
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.err,
            transient=True,
        )
        with bar:
            yield Bar(self.locale, bar)


@attrs.define
class Bar:
    """Shows the phases of a run, each on a line of its own."""

    locale: str
    _bar: Progress | None
    _tasks: dict[str, Any] = attrs.field(factory=dict)

    def show(self, progress: RunProgress) -> None:
        """Bring the line of this phase up to date."""
        if self._bar is None:
            return
        if progress.phase not in self._tasks:
            self._tasks[progress.phase] = self._bar.add_task(
                progress.title.for_locale(self.locale), total=None
            )
        total = progress.total
        self._bar.update(
            self._tasks[progress.phase],
            completed=progress.done,
            total=None if total is None else max(total, progress.done),
        )


def configure_logging(*secrets: str) -> None:
    """Warnings to standard error, with ``secrets`` and whatever looks like one taken out."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter(Redactor(secrets)))
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(levelname)s %(name)s: %(message)s"
    )


@asynccontextmanager
async def until_stopped() -> AsyncIterator[asyncio.Event]:
    """An event that is set by Ctrl-C or SIGTERM, for commands that run on."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def run(console: Console, work: Coroutine[Any, Any, Exit], *, interrupted: str = "interrupted") -> Exit:
    """Run one command. ``interrupted`` names the message that says how to go on after Ctrl-C."""
    gc.enable()
    try:
        return asyncio.run(work)
    except CommandError as error:
        console.report(error)
        return error.status
    except KeyboardInterrupt:
        console.tell(console.word(interrupted))
        return Exit.FAILED
