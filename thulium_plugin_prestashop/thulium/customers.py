"""The contract's ``Customers`` over Thulium's REST API.

A write whose answer is lost, or not understood, may have happened. So nothing is created again before it has been
looked for by its ID field and e-mails, and nothing is changed again before the card has been read again. What then
is still open is tried by itself, where the API's answer is a single one. A refusal is given back with the record it
belongs to; only a Thulium that cannot be reached, or whose administrator must act, ends the call with
:class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`.

An agent who saves a card between our reading and our writing of it, a fraction of a second, can lose an e-mail to a
PUT that replaces lists: the API has no condition to prevent it.
"""

from collections.abc import Callable, Sequence

from thulium_plugin_prestashop.contract.customers import (
    Customer,
    CustomerChange,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.thulium.api import ThuliumApi
from thulium_plugin_prestashop.thulium.batches import GONE, Verdict
from thulium_plugin_prestashop.thulium.changing import CardChanger
from thulium_plugin_prestashop.thulium.creating import CardCreator
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.ledger import Kind, Ledger
from thulium_plugin_prestashop.thulium.records import Card
from thulium_plugin_prestashop.thulium.values import email_key
from thulium_plugin_prestashop.thulium.words import MESSAGES, quoted, unavailable
from thulium_plugin_prestashop.thulium.writes import CardFields
from thulium_plugin_prestashop.transport import RemoteError


class RestCustomers:
    """Customers of one Thulium system.

    ``key_fields`` names the custom fields that are the key of an integration, so that a card just created can be
    found by them; ``patience`` are the seconds between looks for cards that were accepted without an answer.
    """

    def __init__(
        self,
        api: ThuliumApi,
        finder: CardFinder,
        ledger: Ledger,
        fields: CardFields,
        *,
        key_fields: Callable[[], frozenset[str]],
        patience: Sequence[float] = (1.0, 3.0),
    ) -> None:
        self._finder = finder
        self._ledger = ledger
        self._fields = fields
        self._creator = CardCreator(api, finder, ledger, fields, key_fields, patience=patience)
        self._changer = CardChanger(api, finder, ledger, fields)
        self.created = 0
        self.changed = 0
        self.rejected = 0

    @property
    def withheld(self) -> int:
        """E-mails and phones not added so far, because adding them might have lost others."""
        return self._changer.withheld

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """See the contract. Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`."""
        try:
            found = await self._finder.find(lookups)
        except RemoteError as error:
            raise unavailable(error) from error
        return [[self._customer(card) for card in found[lookup]] for lookup in lookups]

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """See the contract. Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`."""
        try:
            return await self._create(customers)
        except RemoteError as error:
            raise unavailable(error) from error

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """See the contract. Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`."""
        try:
            verdicts = await self._changer.change(changes)
        except RemoteError as error:
            raise unavailable(error) from error
        return [self._changed(change.id, verdicts[change.id]) for change in changes]

    async def _create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        fresh: list[int] = []
        for place, customer in enumerate(customers):
            twins = self._possible_twins(customer)
            if not twins:
                fresh.append(place)
            elif len(twins) == 1 and _same_person(customer, twins[0]):
                outcomes[place] = await self._adopt(customer, twins[0])
            else:
                self.rejected += 1
                names = ", ".join(str(card.id) for card in twins)
                error = MESSAGES.text("outcome.possible_twin", cards=names)
                outcomes[place] = Outcome(customer.reference, error=error)
        verdicts = await self._creator.create([customers[place] for place in fresh])
        for place, verdict in zip(fresh, verdicts, strict=True):
            reference = customers[place].reference
            if verdict.id is not None and verdict.error is None:
                self.created += 1
                outcomes[place] = Outcome(reference, str(verdict.id))
            else:
                outcomes[place] = self._refused(reference, verdict)
        return [outcomes[place] for place in range(len(customers))]

    # A card whose hidden e-mails may hold the new one

    def _possible_twins(self, customer: NewCustomer) -> list[Card]:
        cards = {
            card.id: card
            for email in customer.emails
            for card in self._finder.possible.get(email_key(email), ())
        }
        return list(cards.values())

    async def _adopt(self, customer: NewCustomer, card: Card) -> Outcome:
        """The filter gave the card for this e-mail, and it bears the same name: it is this person. What is empty on
        it is filled, and the e-mail counts as known from now on.
        """
        await self._ledger.note_written(
            Kind.EMAIL, [(card.id, email_key(email)) for email in customer.emails]
        )
        change = CustomerChange(
            str(card.id),
            add_phones=customer.phones,
            address=None if card.address else customer.address,
            invoice_address=None if card.invoice_address else customer.invoice_address,
            custom_fields={
                name: value
                for name, value in customer.custom_fields.items()
                if name not in card.custom_fields
            },
        )
        verdicts = await self._changer.change([change])
        outcome = self._changed(change.id, verdicts[change.id])
        return Outcome(customer.reference, outcome.id, outcome.error, outcome.changed)

    # Outcomes

    def _changed(self, customer: str, verdict: Verdict | None) -> Outcome:
        if verdict is None:
            return Outcome(customer, customer, changed=False)
        if verdict.done:
            self.changed += 1
            return Outcome(customer, customer)
        return self._refused(customer, verdict)

    def _refused(self, reference: str, verdict: Verdict) -> Outcome:
        self.rejected += 1
        if verdict is GONE:
            return Outcome(reference, error=MESSAGES.text("outcome.gone"))
        if verdict.error is None:
            return Outcome(reference, error=MESSAGES.text("outcome.unclear"))
        return Outcome(reference, error=MESSAGES.text("outcome.refused", words=quoted(verdict.error)))

    def _customer(self, card: Card) -> Customer:
        fields = self._fields
        return card.as_customer(
            company=card.custom_fields.get(fields.company or "", ""),
            tax_number=card.custom_fields.get(fields.tax_number or "", ""),
        )


def _same_person(customer: NewCustomer, card: Card) -> bool:
    surnames = customer.surname.casefold() == card.surname.casefold() != ""
    names = {customer.name.casefold(), card.name.casefold()} - {""}
    return surnames and len(names) <= 1
