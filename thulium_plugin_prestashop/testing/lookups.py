"""Customers are found, by several keys and in batches."""

from thulium_plugin_prestashop.contract.customers import ByCustomField, ByEmail, ById, CustomerChange, Lookup
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.testing.suite import (
    Suite,
    by_key,
    check,
    create_all,
    expect,
    find,
    find_ids,
    new_people,
    update,
)


class LookupSuite(Suite):
    """:meth:`Customers.find <thulium_plugin_prestashop.contract.customers.Customers.find>`."""

    @check
    async def test_nothing_asked_nothing_answered(self, host: HostContext) -> None:
        """No look-up, no entry."""
        expect(await find(host, []) == [], "find([]) is []")

    @check
    async def test_nobody_is_an_empty_list(self, host: HostContext) -> None:
        """Strangers of every kind are empty lists: no ``None``, no error."""
        strangers: list[Lookup] = [
            ByEmail("nobody@example.invalid"),
            ByCustomField(self.numeric_field, "1234567890123"),
            ByCustomField(self.text_field, "nobody's"),
            ById("no-such-customer"),
            ById(""),
            ById("999999999999"),
        ]
        expect(await find(host, strangers) == [[] for _ in strangers], "whoever is not there is []")

    @check
    async def test_every_key_leads_to_the_same_customer(self, host: HostContext) -> None:
        """By id, by e-mail and by custom field, all in one batch, each answer at its own place."""
        people = new_people(3, self.numeric_field)
        ids = await create_all(host, people)
        lookups: list[Lookup] = []
        for person, customer in zip(people, ids, strict=True):
            lookups += [by_key(self.numeric_field, person), ByEmail(person.emails[0]), ById(customer)]
        found = await find_ids(host, lookups)
        expect(found == [{each} for each in ids for _ in range(3)], "each key finds its customer", got=found)

    @check
    async def test_the_same_question_twice_has_the_same_answer_twice(self, host: HostContext) -> None:
        """Repeated look-ups in one batch are answered at each of their places."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        found = await find_ids(host, [ByEmail(person.emails[0])] * 3)
        expect(found == [{customer}] * 3, "an answer for each place", got=found)

    @check
    async def test_emails_are_compared_case_folded(self, host: HostContext) -> None:
        """Upper and lower case of an e-mail are the same e-mail."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        found = await find_ids(host, [ByEmail(person.emails[0].upper())])
        expect(found == [{customer}], "an e-mail is found whatever its case", got=found)

    @check
    async def test_values_match_whole(self, host: HostContext) -> None:
        """A part of a value, or a pattern, matches nobody."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        key = person.custom_fields[self.numeric_field]
        text = f"abc-{key}"
        await update(host, [CustomerChange(customer, custom_fields={self.text_field: text})])
        parts: list[Lookup] = [
            ByCustomField(self.numeric_field, key[:-1]),
            ByCustomField(self.numeric_field, f"{key}0"),
            ByCustomField(self.text_field, text[:-1]),
            ByCustomField(self.text_field, "abc-%"),
            ByCustomField(self.text_field, "*"),
            ByEmail(person.emails[0][1:]),
            ByEmail(person.emails[0].replace("person", "%")),
        ]
        expect(await find_ids(host, parts) == [set() for _ in parts], "only whole values match")
        whole = await find_ids(host, [ByCustomField(self.text_field, text)])
        expect(whole == [{customer}], "the whole value matches", got=whole)

    @check
    async def test_several_are_all_given(self, host: HostContext) -> None:
        """Two customers with the same value are both in the answer: the plugin decides, not the host."""
        ids = set(await create_all(host, new_people(2, self.numeric_field)))
        shared = f"shared {min(ids)} {new_people(1, '')[0].reference}"
        await update(
            host, [CustomerChange(each, custom_fields={self.text_field: shared}) for each in sorted(ids)]
        )
        found = await find_ids(host, [ByCustomField(self.text_field, shared)])
        expect(found == [ids], "all customers that match", got=found)

    @check
    async def test_a_large_batch_is_answered_whole(self, host: HostContext) -> None:
        """Three hundred customers, six hundred look-ups, in the order asked."""
        people = new_people(300, self.numeric_field)
        ids = await create_all(host, people)
        lookups = [
            lookup
            for person in reversed(people)
            for lookup in (by_key(self.numeric_field, person), ByEmail(person.emails[0]))
        ]
        found = await find_ids(host, lookups)
        expect(found == [{each} for each in reversed(ids) for _ in range(2)], "answers in the order asked")
