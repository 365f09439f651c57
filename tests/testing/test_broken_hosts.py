"""Hosts that are broken on purpose fail the conformance suite where they are broken, and nowhere else."""

import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from tests.testing import broken
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.hosting.testing import scripted_plugin
from thulium_plugin_prestashop.testing import (
    ConformanceError,
    FakeHost,
    HostSuite,
    MemoryCustomers,
    Suite,
    failures,
)
from thulium_plugin_prestashop.testing.life import LifeSuite
from thulium_plugin_prestashop.testing.lookups import LookupSuite
from thulium_plugin_prestashop.testing.manners import MannersSuite
from thulium_plugin_prestashop.testing.services import ContextSuite, CustomFieldsSuite, SecretsSuite
from thulium_plugin_prestashop.testing.suite import checks
from thulium_plugin_prestashop.testing.writes import CreateSuite, UpdateSuite

Breakage = Callable[[FakeHost, HostContext], dict[str, Any]]


def whole(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    """Nothing is broken."""
    return {}


class BrokenHost(Suite):
    """A fake host, with some members of its context taken over."""

    breakage: ClassVar[Breakage]
    cancel_limit = 0.3
    longest_work = 0.5
    longest_answer = 0.8

    @asynccontextmanager
    async def open_host(self, directory: Path) -> AsyncIterator[HostContext]:
        async with FakeHost(directory, plugins=[scripted_plugin()]) as fake:
            context = fake.context("scripted")
            yield attrs.evolve(context, **type(self).breakage(fake, context))


class Records(BrokenHost, LookupSuite, CreateSuite, UpdateSuite):
    """Customers are found, created and changed."""


class Services(BrokenHost, CustomFieldsSuite, SecretsSuite, ContextSuite):
    """All that is not about customers."""


class Manners(BrokenHost, MannersSuite):
    """Batches are large, and cut off."""


class Life(BrokenHost, LifeSuite):
    """The plugin itself works there."""


def customers(kind: type[MemoryCustomers]) -> Breakage:
    return lambda fake, _: {"customers": kind(fake.custom_fields)}


FINDS_WRONG = "test_every_key_leads_to_the_same_customer"
REFUSALS = {"test_a_refused_customer_stops_no_other", "test_a_refused_change_stops_no_other"}

CASES: dict[str, tuple[type[BrokenHost], Breakage, set[str]]] = {
    "answers only what was found": (
        Records,
        customers(broken.AnswersOnlyWhatWasFound),
        {"test_nobody_is_an_empty_list", "test_values_match_whole", "test_a_refused_customer_stops_no_other"},
    ),
    "answers nothing with nobody": (
        Records,
        customers(broken.AnswersNothingWithNobody),
        {"test_nothing_asked_nothing_answered"},
    ),
    "answers each question once": (
        Records,
        customers(broken.AnswersEachQuestionOnce),
        {"test_the_same_question_twice_has_the_same_answer_twice"},
    ),
    "answers out of order": (
        Records,
        customers(broken.AnswersOutOfOrder),
        {
            FINDS_WRONG,
            "test_a_large_batch_is_answered_whole",
            "test_each_has_an_id_of_its_own",
            "test_a_refused_customer_stops_no_other",
        },
    ),
    "answers the first page": (
        Records,
        customers(broken.AnswersTheFirstPage),
        {"test_a_large_batch_is_answered_whole"},
    ),
    "knows no ids": (
        Records,
        customers(broken.KnowsNoIds),
        {
            FINDS_WRONG,
            "test_what_was_created_is_what_is_found",
            "test_only_what_is_named_changes",
            "test_what_is_there_is_not_added_again",
            "test_two_changes_of_one_customer_both_count",
        },
    ),
    "compares letters": (
        Records,
        customers(broken.ComparesLetters),
        {"test_emails_are_compared_case_folded"},
    ),
    "finds beginnings": (Records, customers(broken.FindsBeginnings), {"test_values_match_whole"}),
    "gives the first": (
        Records,
        customers(broken.GivesTheFirst),
        {"test_several_are_all_given", "test_a_refused_change_stops_no_other"},
    ),
    "stops at a refusal": (Records, customers(broken.StopsAtARefusal), REFUSALS),
    "takes every value": (Records, customers(broken.TakesEveryValue), REFUSALS),
    "refuses in one language": (Records, customers(broken.RefusesInOneLanguage), REFUSALS),
    "makes somebody of nobody": (
        Records,
        customers(broken.MakesSomebodyOfNobody),
        {"test_creating_nobody_is_nothing", "test_changing_nobody_is_nothing"},
    ),
    "gives one id to all": (
        Records,
        customers(broken.GivesOneIdToAll),
        {
            FINDS_WRONG,
            "test_a_large_batch_is_answered_whole",
            "test_each_has_an_id_of_its_own",
            "test_a_refused_customer_stops_no_other",
        },
    ),
    "cuts names": (
        Records,
        customers(broken.CutsNames),
        {"test_what_was_created_is_what_is_found", "test_only_what_is_named_changes"},
    ),
    "replaces fields": (
        Records,
        customers(broken.ReplacesFields),
        {
            "test_only_what_is_named_changes",
            "test_two_changes_of_one_customer_both_count",
            "test_what_is_there_is_not_added_again",
        },
    ),
    "replaces e-mails": (Records, customers(broken.ReplacesEmails), {"test_emails_are_added"}),
    "adds phones again": (
        Records,
        customers(broken.AddsPhonesAgain),
        {"test_what_is_there_is_not_added_again"},
    ),
    "calls everything a change": (
        Records,
        customers(broken.CallsEverythingAChange),
        {"test_what_is_there_is_not_added_again", "test_a_change_can_be_repeated"},
    ),
    "holds the loop": (
        Manners,
        customers(broken.HoldsTheLoop),
        {"test_the_loop_goes_on_during_large_batches"},
    ),
    "waits without awaiting": (
        Manners,
        customers(broken.WaitsWithoutAwaiting),
        {"test_the_loop_goes_on_during_large_batches"},
    ),
    "does not hear a cancellation": (
        Manners,
        customers(broken.DoesNotHear),
        {"test_calls_can_be_cancelled", "test_creating_what_was_cut_off_makes_each_once"},
    ),
    "hides a cancellation": (
        Manners,
        customers(broken.HidesACancellation),
        {"test_calls_can_be_cancelled", "test_creating_what_was_cut_off_makes_each_once"},
    ),
    "writes behind the back": (
        Manners,
        customers(broken.WritesBehindTheBack),
        {"test_creating_what_was_cut_off_makes_each_once"},
    ),
    "mixes up batches": (
        Manners,
        customers(broken.MixesUpBatches),
        {"test_calls_may_run_side_by_side"},
    ),
    "serves one after the other": (
        Manners,
        customers(broken.OneAfterTheOther),
        {"test_a_small_question_does_not_wait_for_a_large_batch"},
    ),
    "has no date field": (
        Services,
        broken.no_date_field,
        {"test_fields_are_listed_with_their_types"},
    ),
    "keeps first secrets": (
        Services,
        broken.first_secrets,
        {"test_secrets_are_kept_replaced_and_forgotten"},
    ),
    "shows secrets": (Services, broken.shown_secrets, {"test_secrets_are_in_no_repr"}),
    "has a clock of its own": (
        Services,
        broken.local_clock,
        {"test_the_clock_gives_aware_moments_in_utc"},
    ),
    "has no folder": (Services, broken.no_folder, {"test_the_folder_is_there_and_takes_files"}),
    "speaks German": (Services, broken.german, {"test_zone_and_language_are_known"}),
    "resolves once": (
        Services,
        broken.strict_problems,
        {"test_problems_are_raised_again_and_resolved_twice"},
    ),
    "runs tasks nameless": (Services, broken.nameless_tasks, {"test_tasks_run_in_the_background"}),
    "asks Allegro in vain": (Services, broken.no_answer_of_allegro, {"test_allegro_and_integrations_answer"}),
    "forgets the id field": (
        Life,
        customers(broken.ForgetsFields),
        {"test_every_order_is_on_its_customers_card", "test_merged_and_erased_customers_are_followed"},
    ),
    "keeps secrets for ever": (
        Life,
        broken.lasting_secrets,
        {"test_nothing_is_left_of_a_removed_integration"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_host_fails_where_it_is_broken(tmp_path: Path, name: str) -> None:
    suite, breakage, expected = CASES[name]
    broken_host = type(suite.__name__, (suite,), {"breakage": staticmethod(breakage)})
    found = failures(broken_host(), tmp_path)
    assert {check: str(error) for check, error in found.items()}.keys() == expected, found


@pytest.mark.parametrize("suite", [Records, Services, Manners, Life])
def test_the_host_is_whole_before_it_is_broken(tmp_path: Path, suite: type[BrokenHost]) -> None:
    host = type(suite.__name__, (suite,), {"breakage": staticmethod(whole)})
    assert failures(host(), tmp_path) == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_host_that_never_ends_is_let_go(tmp_path: Path) -> None:
    limits = {"time_limit": 0.5, "patience": 0.5}
    stuck = type("Stuck", (Manners,), {"breakage": staticmethod(customers(broken.NeverEnds)), **limits})
    started = time.monotonic()
    said = ""
    try:
        stuck().test_calls_may_run_side_by_side(tmp_path)
    except ConformanceError as error:
        said = str(error)
    assert said.startswith("what is cancelled ends within 0.5 s; got ['Task-")
    assert said.endswith("'the check']")
    assert time.monotonic() - started < 10
    # What was let go is collected now, and complains here, not within somebody else's test.
    gc.collect()


def test_every_check_finds_something() -> None:
    """A check that no broken host fails would prove nothing."""
    assert set().union(*(expected for _, _, expected in CASES.values())) == set(checks(HostSuite()))
