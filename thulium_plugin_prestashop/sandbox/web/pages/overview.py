"""One configured integration in a few words: does it work, when did it last, what does it hold."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from thulium_plugin_prestashop.contract.integration import RunState, Status
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import IntegrationState, RaisedProblem
from thulium_plugin_prestashop.sandbox.crm import Overview
from thulium_plugin_prestashop.sandbox.web.visit import Visit


@attrs.frozen
class OverviewView:
    """What the list and the page of one integration show of it."""

    id: str
    name: str
    type_title: str
    runs: bool
    """Whether it is started."""
    look: str
    """``ok``, ``failed``, ``busy`` or ``idle``: the colour of its state."""
    state_text: str
    message: LocalizedText | None
    status: Status | None
    last_run: datetime | None
    next_run: datetime | None
    problems: Sequence[RaisedProblem]


def view_of(visit: Visit, known: Overview) -> OverviewView:
    """One integration in the reader's words."""
    snapshot = known.jobs[0] if known.jobs else None
    busy = snapshot is not None and snapshot.busy
    look, state, message = _state(known, busy=busy)
    return OverviewView(
        id=known.id,
        name=known.name,
        type_title=visit.words.say(known.type_title),
        runs=known.entry.integration is not None,
        look=look,
        state_text=visit.words(f"integrations.state_{state}"),
        message=message,
        status=known.status,
        last_run=known.last_run,
        next_run=None if busy else known.next_run,
        problems=known.problems,
    )


def _state(known: Overview, *, busy: bool) -> tuple[str, str, LocalizedText | None]:
    """Colour, name in the catalogue, and what there is to say."""
    if busy:
        return "busy", "working", None
    if known.state is IntegrationState.FAILED:
        return "failed", "failed", known.entry.message
    if known.state is IntegrationState.STOPPED:
        return "idle", "stopped", None
    return _state_of_runs(known.status)


def _state_of_runs(status: Status | None) -> tuple[str, str, LocalizedText | None]:
    """The same of an integration that is started and does not run here at the moment."""
    if status is not None and status.under_way is not None and not status.under_way.here:
        progress = status.under_way.progress
        return "busy", "elsewhere", None if progress is None else progress.title
    if status is None or status.state is RunState.OK:
        return "ok", "running", None
    if status.state is RunState.NEVER_RUN:
        return "idle", "never_run", None
    return "failed", "run_failed", status.message
