"""For hosts that copy orders to a place of their own, and for telephone look-ups.

A host that draws the plugin's views needs neither: it reads the views when somebody looks. A host that cannot
draw them (Thulium's public REST API has no tab of a plugin) is told whose orders changed, and copies them.
"""

from collections.abc import Sequence
from typing import Protocol

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerId, PostalAddress


class OrderSink(Protocol):
    """Where a plugin says whose orders changed."""

    async def orders_changed(self, integration: str, customers: Sequence[CustomerId]) -> None:
        """Orders of these customers were added, changed or removed, or were tied to or untied from them.

        Told **at least once**: the plugin forgets that a customer changed only after this has returned, so a
        process killed in between tells again. The host stores it and returns at once; it reads the orders later,
        from the integration's tab, when the plugin has committed what it is about to commit.
        """
        ...


@attrs.frozen
class Caller:
    """Whose telephone number it is, as far as the plugin's shops know."""

    customer: CustomerId | None
    """The host's customer, if this person is tied to one."""
    integration: str
    name: str = ""
    surname: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    """In E.164."""
    company: str = ""
    tax_number: str = ""
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    note: str = ""
    """One line about this person's orders, in the host's language; ``""`` when there are none."""
