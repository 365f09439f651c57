"""Work that the host's event loop drives: declared by the plugin, never looped by it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum
from typing import TypeAlias

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
