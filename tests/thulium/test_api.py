"""The client: errors by who must act, what is repeated and what is not, pages, secrets."""

import base64
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from thulium_plugin_prestashop.thulium.api import (
    NotFoundError,
    RejectedError,
    certainly_not_done,
    parse_address,
)
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind, Switches
from thulium_plugin_prestashop.thulium.words import explain
from thulium_plugin_prestashop.transport import AdministratorMustAct, OurFault, RemoteError, TimeWillTell

if TYPE_CHECKING:
    from tests.thulium.conftest import Bench, OpenBench


@pytest.mark.parametrize(
    "typed",
    [
        "firma",
        "firma.thulium.com",
        "https://firma.thulium.com/",
        "https://firma.thulium.com/api",
        " firma/api/ ",
    ],
)
def test_any_spelling_of_the_address_is_understood(typed: str) -> None:
    assert str(parse_address(typed)) == "https://firma.thulium.com/api/"


@pytest.mark.parametrize(
    "typed", ["", "ftp://firma", "https://", "https://user:pass@firma", "firma?x=1", "moja firma"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        parse_address(typed)


@pytest.mark.parametrize(
    ("kind", "times", "expected", "key"),
    [
        (FaultKind.UNAUTHORISED, 9, AdministratorMustAct, "thulium.credentials"),
        (FaultKind.FORBIDDEN, 9, AdministratorMustAct, "thulium.permission"),
        (FaultKind.BUSY, 9, TimeWillTell, "thulium.busy"),
        (FaultKind.SERVER, 9, TimeWillTell, "thulium.server"),
        (FaultKind.RESET, 9, TimeWillTell, "net.reset"),
        (FaultKind.NOT_JSON, 1, OurFault, "thulium.not_json"),
    ],
)
async def test_each_failure_has_its_error_and_a_sentence_in_both_languages(
    plain: "Bench", kind: FaultKind, times: int, expected: type[RemoteError], key: str
) -> None:
    plain.thulium.faults.append(Fault(kind, times=times))
    with pytest.raises(expected) as caught:
        await plain.api.get("customers")
    assert caught.value.key == key
    text = explain(caught.value)
    assert text.en != text.pl
    assert key not in text.en


@pytest.mark.parametrize("kind", [FaultKind.BUSY, FaultKind.SERVER, FaultKind.RESET])
async def test_a_read_is_repeated_after_a_passing_failure(plain: "Bench", kind: FaultKind) -> None:
    plain.thulium.faults.append(Fault(kind, times=3))
    assert await plain.api.get("customers") == []


@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER, FaultKind.SERVER_AFTER, FaultKind.RESET, FaultKind.RESET_AFTER]
)
async def test_a_write_whose_answer_is_lost_is_not_repeated(plain: "Bench", kind: FaultKind) -> None:
    plain.thulium.faults.append(Fault(kind, "POST"))
    with pytest.raises(TimeWillTell) as caught:
        await plain.api.send("POST", "customers", {"surname": "Nowak"})
    assert not certainly_not_done(caught.value)
    done = kind in {FaultKind.SERVER_AFTER, FaultKind.RESET_AFTER}
    assert len(plain.store.customers) == done


async def test_a_write_that_was_told_to_wait_is_repeated(plain: "Bench") -> None:
    plain.thulium.faults.append(Fault(FaultKind.BUSY, "POST", times=2))
    assert await plain.api.send("POST", "customers", {"surname": "Nowak"}) == {"customer_id": 101}
    assert len(plain.store.customers) == 1


async def test_a_refusal_carries_the_words_of_the_api_but_does_not_print_them(plain: "Bench") -> None:
    with pytest.raises(RejectedError) as caught:
        await plain.api.send("POST", "customers", {"surname": "Nowak", "email": "jan(at)foo.pl"})
    assert caught.value.words == "Wrong e-mail format: jan(at)foo.pl."
    assert "jan" not in str(caught.value)
    with pytest.raises(NotFoundError):
        await plain.api.get("customers/999")


@pytest.mark.parametrize("largest_page", [100, 1000])
async def test_pages_end_where_the_list_ends_even_if_the_server_gives_less_than_was_asked(
    benches: "OpenBench", tmp_path: Path, largest_page: int
) -> None:
    async with benches(tmp_path, Switches(largest_page=largest_page)) as bench:
        for number in range(250):
            bench.store.add({"surname": f"S{number}"})
        rows = [row["customer_id"] async for page in bench.api.pages("customers") for row in page]
    assert rows == list(range(101, 351))


async def test_the_password_is_in_no_text(plain: "Bench", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plain.thulium.faults.append(Fault(FaultKind.UNAUTHORISED))
    with pytest.raises(AdministratorMustAct) as caught:
        await plain.api.get("customers")
    secrets = (plain.thulium.password, base64.b64encode(f"api:{plain.thulium.password}".encode()).decode())
    for text in (
        repr(plain.api),
        str(caught.value),
        repr(caught.value),
        explain(caught.value).en,
        caplog.text,
    ):
        assert not any(secret in text for secret in secrets)
