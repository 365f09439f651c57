"""Where a plugin shows itself in the host's pages: tabs, history sections, actions."""

from collections.abc import Awaitable, Callable, Sequence

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, HistorySection, TabQuery, Viewer


@attrs.frozen
class CustomerTabs:
    """A kind of tab. ``load`` gives one tab per integration that knows the customer; when none does, those that
    say how to link.

    ``integration`` narrows it to one (its id), and only then does ``query`` apply.
    """

    key: str
    title: LocalizedText
    load: Callable[[CustomerId, Viewer, TabQuery, str | None], Awaitable[Sequence[CustomerTab]]]


@attrs.frozen
class HistorySections:
    """A kind of section in the contact history; ``load`` takes the customer, the viewer and how many entries."""

    key: str
    title: LocalizedText
    load: Callable[[CustomerId, Viewer, int], Awaitable[HistorySection | None]]


@attrs.frozen
class CustomersAction:
    """A button of the Customers tab that runs the first periodic task of an integration now."""

    key: str
    title: LocalizedText
    description: LocalizedText
    integration_type: str
