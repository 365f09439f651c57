"""Whose turn a synchronisation is, where several processes share the work: see :class:`.contract.tasks.Turns`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random, SystemRandom
from time import monotonic
from typing import Any, Final, TypeAlias

import attrs
import orjson
from sqlalchemy.exc import SQLAlchemyError

from thulium_plugin_prestashop.contract.tasks import Progress, ReportProgress, RunContext, RunResult, Trigger
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.claims import Claim, Claims, OvertakenError, Refusal, Turn
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.linking import LinkingLostError
from thulium_plugin_prestashop.mirror.patience import to_the_end
from thulium_plugin_prestashop.mirror.runlog import list_runs
from thulium_plugin_prestashop.sync.report import progress

log = logging.getLogger(__name__)

Work: TypeAlias = Callable[[Trigger, Mirror, ReportProgress], Awaitable[RunResult]]
"""One synchronisation: why, into which mirror, and whom to tell how far it is."""
BEATS: Final = 10
"""How often within a lease a run is renewed: nine may fail."""
LOOK_SECONDS: Final = 1.0
"""How often somebody who waits for another process's run looks how far it is."""
_DATABASE: Final = (SQLAlchemyError, OSError)


@attrs.define(eq=False)
class _Held:
    """A run under way in this process."""

    claim: Claim
    heard: float
    """When the database last confirmed it, by this process's monotonic clock."""
    newest: Progress | None = None
    ended: bool = False
    """The run has ended: a renewal that was cancelled, and failed instead, is not tried again."""


class RunTurns:
    """The turns of one integration in this process."""

    def __init__(
        self,
        integration: str,
        claims: Claims,
        mirror: Mirror,
        *,
        every: timedelta,
        jitter: timedelta,
        random: Random | None = None,
    ) -> None:
        self.integration = integration
        self.claims = claims
        self._mirror = mirror
        self._every = every
        self._jitter = jitter
        self._random = SystemRandom() if random is None else random
        self._called = asyncio.Event()
        self._asked: int | None = None
        """The fence when a person asked here; a higher one is the run that was asked for."""
        self._failed = 0
        """How often in a row the database could not be asked."""

    # For the host

    async def due_in(self) -> timedelta | None:
        """See :class:`.contract.tasks.Turns`."""
        asked = monotonic()
        turn = await self.claims.look(self.integration)
        if turn.due_in is None:
            return None
        # A host that starts a thousand integrations at once may be slow to hear the answer; too early is put right.
        return timedelta(seconds=max(turn.due_in - (monotonic() - asked), 0.0))

    async def request(self) -> None:
        """See :class:`.contract.tasks.Turns`. Without the database nobody else can be asked."""
        self._asked = None
        try:
            self._asked = await self.claims.request(self.integration)
        except _DATABASE as error:
            log.warning("%s: no other process can be asked: %s", self.integration, type(error).__name__)

    async def called(self) -> None:
        """See :class:`.contract.tasks.Turns`."""
        await self._called.wait()
        self._called.clear()

    def call(self) -> None:
        """Somebody has asked for a run in another process."""
        self._called.set()

    async def cancel(self) -> bool:
        """See :class:`.contract.tasks.Turns`. False without the database: the run here can be cancelled all the same."""
        try:
            return await self.claims.cancel(self.integration)
        except _DATABASE as error:
            log.warning("%s: no other process can be told: %s", self.integration, type(error).__name__)
            return False

    async def follow(self, report: ReportProgress) -> RunResult | None:
        """See :class:`.contract.tasks.Turns`. ``None`` also when the database cannot be reached."""
        seen = self._asked
        try:
            while True:
                turn = await self.claims.look(self.integration)
                if turn.mine:
                    return None
                if turn.running:
                    seen = turn.fence - 1
                    if (found := reached(turn)) is not None:
                        report(found)
                elif seen is None or not (turn.requested or turn.fence > seen):
                    return None
                elif turn.fence > seen:
                    return await self._came_of_it(turn)
                await asyncio.sleep(LOOK_SECONDS)
        except _DATABASE as error:
            log.warning(
                "%s: the run elsewhere cannot be followed: %s", self.integration, type(error).__name__
            )
            return None

    async def _came_of_it(self, turn: Turn) -> RunResult | None:
        async with self._mirror.reading() as connection:
            newest = await list_runs(connection, self.integration, 1)
        if not newest or newest[0].finished is None:
            return None
        run = newest[0]
        return RunResult(
            ok=run.outcome == "ok",
            message=run.message,
            figures=dict(run.figures),
            retry_in=self._until_due(turn.due_in or 0.0),
            ran=False,
        )

    # For the integration

    async def run(self, context: RunContext, work: Work) -> RunResult:
        """Do ``work`` if it is this process's turn, and hold the claim as long as it takes. What it writes to the mirror
        is fenced; what it writes to the host is preceded by a look at the fence (:meth:`.engine.Mirror.check`). A
        write to the host that is under way at the very moment another process takes over cannot be called back:
        it is one that the other process would make as well, and finds done.
        """
        person = context.trigger is Trigger.PERSON
        # The only host of a file knows by itself when a run is due.
        at_once = not self._mirror.shared or (person and self._asked is None)
        asked = monotonic()
        try:
            claim = await self.claims.claim(self.integration, at_once=at_once)
        except _DATABASE as error:
            return self._unreachable(error)
        self._failed = 0
        if isinstance(claim, Refusal):
            return self._not_here(claim)
        self._asked = None
        held = _Held(claim, asked)
        trigger = Trigger.PERSON if person or claim.requested else context.trigger

        def report(newest: Progress) -> None:
            held.newest = newest
            context.report(newest)

        try:
            result = await self._while_held(held, work(trigger, self.claims.fenced(claim), report))
        except OvertakenError as error:
            log.warning("%s: %s", self.integration, error)
            return self._lost()
        except LinkingLostError as error:
            log.warning("%s: %s", self.integration, error)
            await self._release(claim, 0.0)
            return self._lost()
        except _DATABASE as error:
            await self._release(claim, 0.0)
            return self._unreachable(error)
        except asyncio.CancelledError:
            await to_the_end(self._release(claim, self._every.total_seconds(), cancelled=True))
            raise
        except BaseException:
            await self._release(claim, self._every.total_seconds())
            raise
        pause = self._every if result.retry_in is None else max(self._every, result.retry_in)
        await self._release(claim, pause.total_seconds())
        return result

    async def _while_held(self, held: _Held, work: Awaitable[RunResult]) -> RunResult:
        running = asyncio.ensure_future(work)
        keeping = asyncio.ensure_future(self._keep(held))
        try:
            while not (running.done() or keeping.done()):
                left = held.heard + self.claims.lease - monotonic()
                # The lease of a file is bounded by nothing but the file's own lock: nobody can take over meanwhile.
                if left <= 0 and self._mirror.shared:
                    raise OvertakenError(self.integration)
                await asyncio.wait(
                    {running, keeping},
                    timeout=left if self._mirror.shared else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            finished = running.done()
            held.ended = True
            running.cancel()
            keeping.cancel()
            await to_the_end(_ended(running, keeping))
        if finished:
            return running.result()
        # Overtaken, or somebody wants it to end.
        keeping.result()
        raise asyncio.CancelledError

    async def _keep(self, held: _Held) -> None:
        """Renew the claim until somebody wants the run to end.

        Raises:
            OvertakenError: Another process has it.

        """
        while not held.ended:
            await asyncio.sleep(self.claims.lease / BEATS)
            asked = monotonic()
            try:
                cancelled = await self.claims.renew(held.claim, _text(held.newest))
            except _DATABASE as error:
                log.warning("%s: the claim was not renewed: %s", self.integration, type(error).__name__)
                continue
            held.heard = asked
            if cancelled:
                return

    async def _release(self, claim: Claim, due_in: float, *, cancelled: bool = False) -> None:
        """Give it back if that can be done; otherwise the lease ends by itself."""
        try:
            await self.claims.release(claim, due_in, cancelled=cancelled)
        except (*_DATABASE, OvertakenError) as error:
            log.warning("%s: the claim was not given back: %s", self.integration, type(error).__name__)

    # Answers without a run

    def _not_here(self, refusal: Refusal) -> RunResult:
        key = "admin.turns.elsewhere" if refusal.running else "admin.turns.not_due"
        # Who takes over from a process that is gone comes soon after its lease.
        seconds = refusal.seconds + self._random.uniform(0.05, 0.5)
        return RunResult(
            ok=True,
            message=MESSAGES.text(key),
            figures={},
            retry_in=timedelta(seconds=seconds) if refusal.running else self._until_due(refusal.seconds),
            ran=False,
        )

    def _until_due(self, seconds: float) -> timedelta:
        return timedelta(seconds=max(seconds, 0.0)) + self._jitter * self._random.random()

    def _lost(self) -> RunResult:
        pause = timedelta(seconds=self.claims.lease)
        return RunResult(
            ok=False, message=MESSAGES.text("admin.turns.taken_over"), figures={}, retry_in=pause, ran=False
        )

    def _unreachable(self, error: BaseException) -> RunResult:
        """The database of several processes comes back; a file that cannot be written is for people."""
        if not self._mirror.shared:
            raise error
        if not self._failed:
            log.warning("%s: the database cannot be used: %s", self.integration, type(error).__name__)
        # Soon after a connection was cut, seldom while the server is away, and never all at the same moment.
        longest = min(self.claims.lease, self.claims.lease / BEATS * 2**self._failed)
        self._failed = min(self._failed + 1, BEATS)
        return RunResult(
            ok=False,
            message=MESSAGES.text("admin.turns.no_database"),
            figures={},
            retry_in=timedelta(seconds=longest * self._random.uniform(0.5, 1.0)),
            ran=False,
        )


async def _ended(*tasks: "asyncio.Future[Any]") -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _text(newest: Progress | None) -> str | None:
    return None if newest is None else orjson.dumps([newest.phase, newest.done, newest.total]).decode()


def reached(turn: Turn) -> Progress | None:
    """How far a run is, wherever it is done."""
    return progress(*orjson.loads(turn.progress)) if turn.progress else None
