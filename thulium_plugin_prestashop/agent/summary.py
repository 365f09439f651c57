"""The summary over a customer's orders: how many, worth how much, the last and the first."""

from collections import Counter
from collections.abc import Sequence

from thulium_plugin_prestashop.agent.cells import badge
from thulium_plugin_prestashop.agent.lookups import Lookups
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.views import BadgeCell, Fact, MoneyCell, TextCell
from thulium_plugin_prestashop.mirror.reads import Tally


def count(tallies: Sequence[Tally], state: int | None = None) -> int:
    """How many orders; of one state, or of all."""
    return sum(tally.count for tally in tallies if state is None or tally.state == state)


def facts(tallies: Sequence[Tally], lookups: Lookups, reader: Reader) -> tuple[Fact, ...]:
    """The summary. Facts without a value are absent; amounts are one per currency, the most used first.

    What was cancelled, refunded or never paid is no part of the worth and stands beside it. The state says so and not
    the order's own ``valid``: PrestaShop copies that from the state, and the states are at hand without reading a
    single order.
    """
    if not tallies:
        return ()
    settled = [tally for tally in tallies if lookups.is_settled(tally.state)]
    unsettled = [tally for tally in tallies if not lookups.is_settled(tally.state)]
    found = [Fact("orders", reader.phrase("fact.orders"), (TextCell(str(count(tallies))),))]
    for key, some in (("worth", settled), ("unsettled", unsettled)):
        if some:
            found.append(Fact(key, reader.phrase(f"fact.{key}"), _amounts(some, lookups, reader)))
    last = max((tally.last for tally in tallies if tally.last is not None), default=None)
    first = min((tally.first for tally in tallies if tally.first is not None), default=None)
    if last is not None and first is not None:
        found.append(Fact("last_order", reader.phrase("fact.last_order"), (reader.moment(last),)))
        found.append(Fact("first_order", reader.phrase("fact.first_order"), (reader.moment(first),)))
    return tuple(found)


def _amounts(tallies: Sequence[Tally], lookups: Lookups, reader: Reader) -> tuple[MoneyCell, ...]:
    used: Counter[int] = Counter()
    worth: Counter[int] = Counter()
    for tally in tallies:
        used[tally.id_currency] += tally.count
        worth[tally.id_currency] += tally.total_micro
    return tuple(
        reader.micro(worth[currency], lookups.currencies.get(currency, ""))
        for currency, _ in sorted(used.items(), key=lambda entry: (-entry[1], entry[0]))
    )


def statuses(tallies: Sequence[Tally], lookups: Lookups, reader: Reader) -> tuple[BadgeCell, ...]:
    """The states that the customer's orders are in, the most frequent first."""
    frequency: Counter[int] = Counter()
    for tally in tallies:
        frequency[tally.state] += tally.count
    ordered = sorted(frequency.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(badge(state, lookups, reader) for state, _ in ordered if state)
