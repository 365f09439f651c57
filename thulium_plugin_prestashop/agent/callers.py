"""Somebody is calling: who, and what they bought."""

from collections.abc import Sequence

from thulium_plugin_prestashop.agent.lookups import Lookups
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.mirror.callers import (
    OwnedAddress,
    newest_addresses,
    owners_of_phone,
    phones_of,
)
from thulium_plugin_prestashop.mirror.reads import Tally, tallies


async def find_callers(shops: Sequence[ShopViews], phone: str, viewer: Viewer) -> list[Caller]:
    """Customers with this number (E.164) in all shops: tied to a card first, then by their last order."""
    found = [ranked for shop in shops for ranked in await _callers(shop, phone, viewer)]
    # One person is one card; the shop's customers without a card come after all who have one.
    return [caller for _, caller in sorted(found, key=lambda ranked: ranked[0], reverse=True)]


async def _callers(shop: ShopViews, phone: str, viewer: Viewer) -> list[tuple[tuple[bool, int], Caller]]:
    reader = shop.reader(viewer)
    async with shop.mirror.reading() as connection:
        owners = await owners_of_phone(connection, shop.integration, phone)
        if not owners:
            return []
        ids = [owner.id for owner in owners]
        numbers = await phones_of(connection, shop.integration, ids)
        addresses = await newest_addresses(connection, shop.integration, ids)
        lookups = await shop.lookups(connection)
        bought = {owner: await tallies(connection, shop.integration, [owner], shop.hidden) for owner in ids}
    found = []
    for owner in owners:
        address = addresses.get(owner.id)
        caller = Caller(
            customer=owner.crm_id,
            integration=shop.integration,
            name=owner.firstname,
            surname=owner.lastname,
            emails=(owner.email,) if owner.email else (),
            phones=tuple(numbers.get(owner.id, ())),
            company=owner.company or (address.company if address else ""),
            tax_number=address.vat_number if address else "",
            address=_postal(address, lookups) if address else None,
            note=_note(shop.name, bought[owner.id], reader),
        )
        last = max((tally.last or 0 for tally in bought[owner.id]), default=0)
        found.append(((owner.crm_id is not None, last), caller))
    return found


def _postal(address: OwnedAddress, lookups: Lookups) -> PostalAddress:
    country = lookups.countries.get(address.id_country)
    return PostalAddress(
        street=", ".join(filter(None, (address.address1, address.address2))),
        postcode=address.postcode,
        city=address.city,
        country=country.iso_code if country else "",
    )


def _note(shop: str, bought: Sequence[Tally], reader: Reader) -> str:
    count = sum(tally.count for tally in bought)
    last = max((tally.last or 0 for tally in bought), default=0)
    if not count or not last:
        return ""
    return reader.phrase("caller.note", count=count, shop=shop, date=reader.moment(last).text)
