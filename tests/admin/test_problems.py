from datetime import timedelta

import attrs
import pytest

from tests.admin.conftest import NOW, Problems
from thulium_plugin_prestashop.admin.problems import (
    ALL,
    CLOCK,
    FIELD,
    PERMISSIONS,
    REJECTED,
    REMOVALS,
    SET_ASIDE,
    SHOP,
    Aftermath,
    ProblemDesk,
)
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror.state import ShopState
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.transport.errors import (
    AdministratorMustAct,
    OurFault,
    RemoteError,
    TimeWillTell,
)

EPOCH = int(NOW.timestamp())
WELL = Aftermath(SyncReport(), ShopState(last_success=EPOCH), set_aside=0, field_usable=True)
REFUSED = LocalizedText(en="Not a number.", pl="To nie liczba.")


@pytest.fixture
def desk(host: HostContext) -> ProblemDesk:
    return ProblemDesk(host, "prestashop-1", "Sklep", "PrestaShop ID")


def failed(error: RemoteError, *, silent: timedelta | None = timedelta(0)) -> Aftermath:
    last = None if silent is None else EPOCH - int(silent.total_seconds())
    return attrs.evolve(WELL, report=SyncReport(ok=False, error=error), state=ShopState(last_success=last))


async def test_a_run_that_went_well_leaves_no_problem(desk: ProblemDesk, problems: Problems) -> None:
    await desk.after_run(failed(AdministratorMustAct("auth.key_unknown", host="x")))
    assert problems.raised.keys() == {SHOP}
    await desk.after_run(WELL)
    assert problems.raised == {}
    assert desk.found(WELL).keys() == set(ALL)


@pytest.mark.parametrize(
    ("aftermath", "key", "severity", "polish", "english"),
    [
        (
            failed(AdministratorMustAct("auth.key_unknown", host="sklep.pl")),
            SHOP,
            Severity.ERROR,
            "Sklep: ",
            "Sklep: ",
        ),
        (
            failed(AdministratorMustAct("shop.webservice_off", host="sklep.pl")),
            SHOP,
            Severity.ERROR,
            "API",
            "webservice",
        ),
        (
            failed(TimeWillTell("net.timeout", host="sklep.pl", seconds=30), silent=timedelta(hours=3)),
            SHOP,
            Severity.ERROR,
            "Sklep nie odpowiada od 24 lis 2026, 10:00.",
            "Sklep has not answered since Nov 24, 2026, 10:00.",
        ),
        (
            failed(TimeWillTell("net.dns", host="sklep.pl"), silent=None),
            SHOP,
            Severity.WARNING,
            "sklep.pl",
            "sklep.pl",
        ),
        (failed(OurFault("answer.unreadable", host="sklep.pl")), SHOP, Severity.ERROR, "Sklep: ", "Sklep: "),
        (
            attrs.evolve(WELL, field_usable=False),
            FIELD,
            Severity.ERROR,
            "Pole specjalne „PrestaShop ID”",
            "The custom field “PrestaShop ID”",
        ),
        (
            attrs.evolve(WELL, report=SyncReport(rejected={5: REFUSED, 7: REFUSED})),
            REJECTED,
            Severity.WARNING,
            "Sklep: CRM odrzucił 2 klientów. Pierwszy powód: To nie liczba.",
            "Sklep: the CRM refused 2 customers. First reason: Not a number.",
        ),
        (
            attrs.evolve(WELL, set_aside=5),
            SET_ASIDE,
            Severity.INFO,
            "Sklep: 5 rekordów sklepu nie udało się odczytać i zostało odłożonych.",
            "Sklep: 5 records of the shop could not be read and were set aside.",
        ),
        (
            attrs.evolve(WELL, report=SyncReport(implausible={"orders": 4_000})),
            REMOVALS,
            Severity.WARNING,
            "zniknęło naraz 4000 wierszy",
            "4000 rows seem to have vanished",
        ),
        (
            attrs.evolve(WELL, state=ShopState(last_success=EPOCH, shop_clock=EPOCH - 900, host_clock=EPOCH)),
            CLOCK,
            Severity.WARNING,
            "Sklep: ",
            "Sklep: ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value in ALL else None,
)
async def test_each_problem_says_what_is_wrong_and_what_to_do(
    desk: ProblemDesk,
    problems: Problems,
    *,
    aftermath: Aftermath,
    key: str,
    severity: Severity,
    polish: str,
    english: str,
) -> None:
    await desk.after_run(aftermath)
    (problem,) = problems.raised.values()
    assert (problem.integration, problem.key, problem.severity) == ("prestashop-1", key, severity)
    assert polish in problem.message.pl
    assert english in problem.message.en
    assert problem.what_to_do.pl
    assert problem.what_to_do.en
    assert problem.what_to_do.pl != problem.what_to_do.en


async def test_missing_permissions_are_named_together(desk: ProblemDesk, problems: Problems) -> None:
    missing = {
        name: AdministratorMustAct("auth.permission", resource=name) for name in ("orders", "addresses")
    }
    report = SyncReport(ok=False, error=missing["orders"], unavailable=dict(missing))
    await desk.after_run(attrs.evolve(WELL, report=report))
    (problem,) = problems.raised.values()
    assert problem.key == PERMISSIONS
    assert "orders" in problem.message.pl
    assert "addresses" in problem.message.en


async def test_a_short_silence_is_no_problem(desk: ProblemDesk, problems: Problems) -> None:
    await desk.after_run(failed(TimeWillTell("net.timeout", host="x", seconds=30), silent=timedelta(hours=1)))
    assert problems.raised == {}


async def test_a_run_that_failed_says_nothing_of_what_it_could_not_see(
    desk: ProblemDesk, problems: Problems
) -> None:
    await desk.after_run(attrs.evolve(WELL, set_aside=2))
    await desk.after_run(failed(TimeWillTell("net.timeout", host="x", seconds=30)))
    assert problems.raised.keys() == {SET_ASIDE}


async def test_a_host_that_cannot_tell_leaves_the_field_alone(desk: ProblemDesk, problems: Problems) -> None:
    await desk.after_run(attrs.evolve(WELL, field_usable=False))
    await desk.after_run(attrs.evolve(WELL, field_usable=None))
    assert problems.raised.keys() == {FIELD}
