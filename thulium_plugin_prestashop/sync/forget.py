"""What follows when the host merges or erases customers."""

from collections.abc import Collection

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.forget import erase_cards, writing_cards
from thulium_plugin_prestashop.mirror.links import merge_cards


async def follow_merge(mirror: Mirror, kept: CustomerId, merged: Collection[CustomerId]) -> int:
    """Everything known of ``merged`` now belongs to ``kept``; how many of the shops' customers moved."""
    async with mirror.linking, writing_cards(mirror, merged) as connection:
        return await merge_cards(connection, kept, merged)


async def forget_customers(mirror: Mirror, customers: Collection[CustomerId]) -> int:
    """Erase every trace of these customers; how many of the shops' customers that were."""
    async with mirror.linking:
        return await erase_cards(mirror, customers)
