"""How fast the customers are, and that they leave the event loop to others."""

import asyncio
import gc
import time
from collections.abc import Iterator

import pytest

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    CustomerChange,
    NewCustomer,
    PostalAddress,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm

PEOPLE = 2000
BUSY = 4
"""How much slower than alone a busy machine may be."""


class LoopTime:
    """The longest time this thread computed between two turns of the event loop, in milliseconds.

    It counts the processor's time of this thread, so that what else the machine does meanwhile plays no part.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last = time.thread_time()
        self._timer = asyncio.get_running_loop().call_later(0.001, self._tick)

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now
        self._timer = asyncio.get_running_loop().call_later(0.001, self._tick)

    def stop(self) -> None:
        self._timer.cancel()


@pytest.fixture
def unhindered() -> Iterator[None]:
    """Without the garbage of the whole test run being looked through in the middle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def person(number: int) -> NewCustomer:
    return NewCustomer(
        str(number),
        f"Kowalski {number}",
        name="Jan",
        emails=(f"jan{number}@example.pl", f"j.{number}@work.example"),
        phones=(f"601 {number:06d}", f"+4822{number:07d}"),
        company="Kowalski i Synowie",
        tax_number="5260250274",
        address=PostalAddress("Długa 1", "00-001", "Łódź", "PL"),
        invoice_address=PostalAddress("Krótka 2", "00-002", "Łódź", "PL"),
        custom_fields={"ID": str(number), "Login": f"jan_{number}"},
    )


@pytest.mark.usefixtures("unhindered")
async def test_two_thousand_customers_are_written_in_seconds_without_holding_the_loop(
    crm: SandboxCrm,
) -> None:
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.ensure_custom_field("Login", CustomFieldType.TEXT)
    meter = LoopTime()
    started, cpu = time.perf_counter(), time.thread_time()
    outcomes = await crm.customers.create([person(number) for number in range(PEOPLE)])
    seconds, loop_seconds = time.perf_counter() - started, time.thread_time() - cpu
    meter.stop()
    assert all(outcome.id for outcome in outcomes)
    assert seconds < 2 * BUSY
    assert loop_seconds < 1
    assert meter.longest_ms < 20

    ids = [outcome.id or "" for outcome in outcomes[:500]]
    cpu = time.thread_time()
    found = await crm.customers.find([ByEmail(f"JAN{number}@example.pl") for number in range(500)])
    found += await crm.customers.find([ByCustomField("ID", str(number)) for number in range(500)])
    changed = await crm.customers.update(
        [
            CustomerChange(key, surname="Nowak", add_phones=("602 000 000",), custom_fields={"Login": "x"})
            for key in ids
        ]
    )
    again = await crm.customers.update([CustomerChange(key, surname="Nowak") for key in ids])
    assert time.thread_time() - cpu < 0.4, "four batches of 500 at well under 100 ms of the loop's time each"
    assert [len(each) for each in found] == [1] * 1000
    assert (sum(each.changed for each in changed), sum(each.changed for each in again)) == (500, 0)
    assert (await crm.listing.page("602000000")).total == 500
