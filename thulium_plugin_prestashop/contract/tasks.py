"""Work that the host's event loop drives: declared by the plugin, never looped by it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum
from typing import Protocol, TypeAlias

import attrs

from thulium_plugin_prestashop.contract.text import LocalizedText


@attrs.frozen
class Progress:
    """How far a run is. ``total`` is ``None`` while it is not known."""

    phase: str
    """Stable key, such as ``"orders"``."""
    title: LocalizedText
    done: int
    total: int | None = None


ReportProgress: TypeAlias = Callable[[Progress], None]


class Trigger(Enum):
    """Why a run was started."""

    SCHEDULE = "schedule"
    PERSON = "person"
    """Somebody pressed a button: small tables are read again, pauses after failures are skipped."""


@attrs.frozen
class RunContext:
    """What a run is given. Cancelling the task that awaits the run cancels the run."""

    trigger: Trigger
    report: ReportProgress


@attrs.frozen
class RunResult:
    """How a run ended, in one sentence and in figures. A run that could not do its work has ``ok`` false."""

    ok: bool
    message: LocalizedText
    figures: dict[str, int | float | str]
    retry_in: timedelta | None = None
    """When the shop asked for patience: not before this. Otherwise the next turn is the usual one."""
    ran: bool = True
    """False: nothing was done here, because another process does this run or has done it, or because the database
    cannot be reached. Ask again after exactly ``retry_in``.
    """


class Turns(Protocol):
    """Who does a run when several processes share the work, and when it is due. The plugin keeps that in its database;
    every process asks at its own pace, and a turn that is not its own is answered with :attr:`RunResult.ran` false.
    """

    async def due_in(self) -> timedelta | None:
        """How long until the next run is due; zero when it is, ``None`` when there never was one."""
        ...

    async def request(self) -> None:
        """A person wants a run now: whichever process is free first does it. One under way will do."""
        ...

    async def called(self) -> None:
        """Return when somebody has asked for a run in another process: then this one should try."""
        ...

    async def follow(self, report: ReportProgress) -> RunResult | None:
        """Wait for the run that another process does, or is about to do, and tell how far it is; how it ended, or
        ``None`` when there is none. Leaving does not end that run.
        """
        ...

    async def cancel(self) -> bool:
        """Cancel the run under way, wherever it is; false when there is none. It ends within seconds."""
        ...


@attrs.frozen
class PeriodicTask:
    """Work to be done every now and then. The host adds up to ``jitter`` to every pause, never runs it twice at
    the same time, can run it now, and cancels it at stop.
    """

    key: str
    title: LocalizedText
    every: timedelta
    jitter: timedelta
    run: Callable[[RunContext], Awaitable[RunResult]]
    turns: Turns | None = None
    """Where several processes may share this task."""
