"""Customers are created and changed, in batches, each record by itself."""

import attrs
import phonenumbers

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    CustomerId,
    PostalAddress,
)
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.testing.suite import (
    Suite,
    accepted,
    by_key,
    check,
    create,
    create_all,
    expect,
    find,
    find_ids,
    new_people,
    refused,
    update,
)

GENUINE_DATE = "2026-11-24"


async def only(host: HostContext, customer: CustomerId) -> Customer:
    """The customer with this id, who must be there."""
    ((found, *more),) = await find(host, [ById(customer)]) or [[]]
    expect(not more and found.id == customer, "ById finds the customer itself", got=found)
    return found


def e164(phone: str) -> str:
    """A phone as the contract compares it."""
    number = phonenumbers.parse(phone, "PL")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class CreateSuite(Suite):
    """:meth:`Customers.create <thulium_plugin_prestashop.contract.customers.Customers.create>`."""

    @check
    async def test_creating_nobody_is_nothing(self, host: HostContext) -> None:
        """No customer, no outcome."""
        expect(await create(host, []) == [], "create([]) is []")

    @check
    async def test_what_was_created_is_what_is_found(self, host: HostContext) -> None:
        """Names, e-mail, phone, address and fields of every type come back as they were given; others are absent."""
        (made,) = new_people(1, self.numeric_field)
        fields = {
            **made.custom_fields,
            self.text_field: "Zażółć; 100% 'x' \"y\"",
            self.date_field: GENUINE_DATE,
        }
        address = PostalAddress("ul. Święta 1/2", "00-001", "Łódź", "PL")
        person = attrs.evolve(made, custom_fields=fields, address=address)
        (customer,) = await create_all(host, [person])
        found = await only(host, customer)
        for part in ("name", "surname", "emails", "address"):
            expect(getattr(found, part) == getattr(person, part), f"{part} is kept", got=getattr(found, part))
        phones = {e164(phone) for phone in found.phones}
        expect(phones == set(person.phones), "phones are the same in E.164", got=found.phones)
        expect(dict(found.custom_fields) == fields, "custom fields are kept", got=found.custom_fields)
        other = await only(host, (await create_all(host, new_people(1, self.numeric_field)))[0])
        expect(self.text_field not in other.custom_fields, "empty fields are absent", got=other.custom_fields)

    @check
    async def test_each_has_an_id_of_its_own(self, host: HostContext) -> None:
        """Ids of a batch differ, and lead to the customer at their place."""
        people = new_people(50, self.numeric_field)
        ids = await create_all(host, people)
        expect(len(set(ids)) == len(ids), "ids differ", got=len(set(ids)))
        found = await find_ids(host, [by_key(self.numeric_field, person) for person in people])
        expect(
            found == [{each} for each in ids], "the id is that of the customer at this place", got=found[:3]
        )

    @check
    async def test_a_refused_customer_stops_no_other(self, host: HostContext) -> None:
        """A word in a numeric field is refused, for that record alone; the rest of its batch is written."""
        people = new_people(5, self.numeric_field)
        people[2] = attrs.evolve(people[2], custom_fields={self.numeric_field: "a word"})
        outcomes = await create(host, people)
        refused(outcomes[2])
        good = [person for place, person in enumerate(people) if place != 2]  # noqa: PLR2004 - the one refused
        ids = [accepted(outcome) for place, outcome in enumerate(outcomes) if place != 2]  # noqa: PLR2004 - as above
        found = await find_ids(host, [by_key(self.numeric_field, person) for person in good])
        expect(found == [{each} for each in ids], "the others are written", got=found)
        gone = await find_ids(host, [ByEmail(people[2].emails[0])])
        expect(gone == [set()], "nothing of the refused one is written", got=gone)


class UpdateSuite(Suite):
    """:meth:`Customers.update <thulium_plugin_prestashop.contract.customers.Customers.update>`."""

    @check
    async def test_changing_nobody_is_nothing(self, host: HostContext) -> None:
        """No change, no outcome."""
        expect(await update(host, []) == [], "update([]) is []")

    @check
    async def test_only_what_is_named_changes(self, host: HostContext) -> None:
        """``None`` and empty leave things as they are; other custom fields stay."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        accepted(
            *await update(host, [CustomerChange(customer, custom_fields={self.date_field: GENUINE_DATE})])
        )
        accepted(*await update(host, [CustomerChange(customer, surname="Nowak")]))
        found = await only(host, customer)
        expect(found.surname == "Nowak", "what is named changes", got=found.surname)
        expect((found.name, found.emails) == (person.name, person.emails), "the rest stays", got=found)
        expected = {**person.custom_fields, self.date_field: GENUINE_DATE}
        expect(dict(found.custom_fields) == expected, "other custom fields stay", got=found.custom_fields)

    @check
    async def test_emails_are_added(self, host: HostContext) -> None:
        """A new e-mail joins those that are there; each finds the customer."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        second = f"second.{person.emails[0]}"
        accepted(*await update(host, [CustomerChange(customer, add_emails=(second,))]))
        found = await find_ids(host, [ByEmail(person.emails[0]), ByEmail(second)])
        expect(found == [{customer}] * 2, "both e-mails find the customer", got=found)

    @check
    async def test_what_is_there_is_not_added_again(self, host: HostContext) -> None:
        """An e-mail in other case and a phone in other writing are the same; the outcome says that nothing changed."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        national = phonenumbers.format_number(
            phonenumbers.parse(person.phones[0]), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )
        change = CustomerChange(customer, add_emails=(person.emails[0].upper(),), add_phones=(national,))
        (outcome,) = await update(host, [change])
        accepted(outcome)
        found = await only(host, customer)
        counts = (len(found.emails), len(found.phones))
        expect(counts == (1, 1), "known e-mails and phones are not added again", got=found)
        expect(not outcome.changed, "changed is false when nothing was written", got=outcome)

    @check
    async def test_a_change_can_be_repeated(self, host: HostContext) -> None:
        """The same change a second time writes nothing and says so."""
        (customer,) = await create_all(host, new_people(1, self.numeric_field))
        change = CustomerChange(customer, surname="Nowak", custom_fields={self.text_field: "x"})
        (first,) = await update(host, [change])
        (second,) = await update(host, [change])
        expect(accepted(first) == accepted(second) == customer, "both are successes", got=(first, second))
        expect(first.changed and not second.changed, "changed, then not changed", got=(first, second))

    @check
    async def test_a_refused_change_stops_no_other(self, host: HostContext) -> None:
        """Changes of a customer who is not there and of a field that takes no word are refused, alone."""
        ids = await create_all(host, new_people(3, self.numeric_field))
        value = f"value of {ids[0]}"
        changes = [
            CustomerChange(ids[0], custom_fields={self.text_field: value}),
            CustomerChange("999999999999", custom_fields={self.text_field: value}),
            CustomerChange(ids[1], custom_fields={self.numeric_field: "a word"}),
            CustomerChange(ids[2], custom_fields={self.text_field: value}),
        ]
        first, stranger, word, last = await update(host, changes)
        refused(stranger)
        refused(word)
        written = {accepted(first), accepted(last)}
        found = await find_ids(host, [ByCustomField(self.text_field, value)])
        expect(found == [written], "the others are written", got=found)

    @check
    async def test_two_changes_of_one_customer_both_count(self, host: HostContext) -> None:
        """Changes of one batch that name the same customer add up."""
        (customer,) = await create_all(host, new_people(1, self.numeric_field))
        changes = [
            CustomerChange(customer, custom_fields={self.text_field: "first"}),
            CustomerChange(customer, custom_fields={self.date_field: GENUINE_DATE}),
        ]
        for outcome in await update(host, changes):
            accepted(outcome)
        fields = (await only(host, customer)).custom_fields
        kept = (fields.get(self.text_field), fields.get(self.date_field))
        expect(kept == ("first", GENUINE_DATE), "both changes are kept", got=kept)
