"""Where each shop's orders go: the field groups and columns that the settings name, found in Thulium."""

from collections.abc import Mapping, Sequence

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.thulium.api import ThuliumApi, rows_of
from thulium_plugin_prestashop.thulium.config import ShopSettings
from thulium_plugin_prestashop.thulium.orders import OrderTargets
from thulium_plugin_prestashop.thulium.records import FieldGroup, read_group
from thulium_plugin_prestashop.thulium.rows import RowTarget, resolve
from thulium_plugin_prestashop.thulium.words import MESSAGES


class OrderFieldsError(Exception):
    """The field groups or columns that the settings name do not exist in Thulium."""

    def __init__(self, reasons: Sequence[LocalizedText]) -> None:
        super().__init__("; ".join(reason.en for reason in reasons))
        self.reasons = tuple(reasons)


async def read_targets(api: ThuliumApi, shops: Sequence[ShopSettings]) -> dict[str, OrderTargets]:
    """By shop.

    Raises :class:`OrderFieldsError`, :class:`~thulium_plugin_prestashop.transport.RemoteError`.
    """
    groups: dict[str, FieldGroup] = {}
    if any(shop.orders.group for shop in shops):
        rows = rows_of(await api.get("customer_field_groups"))
        groups = {group.name: group for row in rows if (group := read_group(row)) is not None}
    reasons: list[LocalizedText] = []
    targets: dict[str, OrderTargets] = {}
    for shop in shops:
        target, missing = _target(shop, groups)
        targets[shop.id] = OrderTargets(target, shop.orders.last_order_field)
        reasons += missing
    if reasons:
        raise OrderFieldsError(reasons)
    return targets


def _target(
    shop: ShopSettings, groups: Mapping[str, FieldGroup]
) -> tuple[RowTarget | None, list[LocalizedText]]:
    name = shop.orders.group
    if name is None:
        return None, []
    if name not in groups:
        known = ", ".join(sorted(groups)) or "—"
        return None, [MESSAGES.text("orders.no_group", group=name, known=known)]
    fields, missing = resolve(groups[name], shop.orders.columns)
    if missing:
        return None, [MESSAGES.text("orders.no_column", group=name, columns=", ".join(missing))]
    return RowTarget(groups[name].id, fields, shop.orders.newest, shop.orders.prefix), []
