"""The form of a customer card, for a new customer and for changing one."""

from collections.abc import Iterator, Mapping

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.sandbox.crm import Card, CardEdit, Email, Phone
from thulium_plugin_prestashop.sandbox.web.visit import Visit

SPARE_ROWS = 2
"""Empty places for further e-mails and phones; saving brings new ones."""
ADDRESS_PARTS = ("street", "postcode", "city", "country")
_MOST_ROWS = 100


async def show_card_form(
    visit: Visit, card: Card | None, edit: CardEdit, errors: Mapping[str, LocalizedText]
) -> web.Response:
    """The form, with what was typed and what is wrong with it; the key ``""`` is for errors of the whole form."""
    fields = await visit.crm.custom_fields.details()
    known = {"name", "surname", "company", "tax_number", "emails", "phones", "custom_fields", ""}
    return visit.render(
        "card_form.html",
        status=422 if errors else 200,
        card=card,
        edit=edit,
        emails=[*edit.emails, *[Email("")] * SPARE_ROWS],
        phones=[*edit.phones, *[Phone("")] * SPARE_ROWS],
        addresses=(
            ("address", edit.address or PostalAddress()),
            ("invoice_address", edit.invoice_address or PostalAddress()),
        ),
        address_parts=ADDRESS_PARTS,
        fields=fields,
        errors={field if field in known else "": text for field, text in errors.items()},
    )


async def read_card(visit: Visit, before: CardEdit) -> CardEdit:
    """What was typed. Custom fields that the form did not show stay as they were ``before``."""
    form = {name: str(value).strip() for name, value in (await visit.request.post()).items()}
    shown = {
        field.name: f"custom-{place}" for place, field in enumerate(await visit.crm.custom_fields.details())
    }
    values = {**before.custom_fields, **{name: form[key] for name, key in shown.items() if key in form}}
    return CardEdit(
        name=form.get("name", ""),
        surname=form.get("surname", ""),
        company=form.get("company", ""),
        tax_number=form.get("tax_number", ""),
        note=form.get("note", ""),
        emails=tuple(Email(value, text) for value, text in _rows(form, "email")),
        phones=tuple(Phone(value, text) for value, text in _rows(form, "phone")),
        address=_address(form, "address"),
        invoice_address=_address(form, "invoice_address"),
        custom_fields={name: value for name, value in values.items() if value},
    )


def _rows(form: Mapping[str, str], name: str) -> Iterator[tuple[str, str]]:
    for place in range(_MOST_ROWS):
        value = form.get(f"{name}-{place}", "")
        if value:
            yield value, form.get(f"{name}-{place}-description", "")


def _address(form: Mapping[str, str], kind: str) -> PostalAddress | None:
    parts = {part: form.get(f"{kind}-{part}", "") for part in ADDRESS_PARTS}
    address = attrs.evolve(PostalAddress(), **parts | {"country": parts["country"].upper()})
    return None if address == PostalAddress() else address
