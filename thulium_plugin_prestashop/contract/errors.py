"""What hosts and integrations raise when they cannot do their part now: not for one record, but for all of them."""

from thulium_plugin_prestashop.contract.text import LocalizedText


class HostUnavailableError(Exception):
    """The host's customers cannot be reached or written for the moment, or its administrator must change something.

    Any method of the host's protocols may raise it. The run that meets it ends with ``ok`` false and this
    ``message``; what was finished before stays finished, and the next run goes on from there. It says nothing
    about the shop, so a plugin must not count it as the shop's failure.

    ``retry_after`` is the number of seconds the host asks to wait, ``None`` when it does not know.
    """

    def __init__(self, message: LocalizedText, *, retry_after: float | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.retry_after = retry_after


class ShopUnavailableError(Exception):
    """The shop behind an integration cannot be read for the moment, or its administrator must change something.

    Raised by what a person asked for and waits for (:meth:`.integration.Integration.preview`); a run says the same
    in its result. ``message`` says what is wrong and what to do.
    """

    def __init__(self, message: LocalizedText) -> None:
        super().__init__(message.en)
        self.message = message


class CannotStartError(Exception):
    """A plugin or an integration refuses to start, for a reason that its administrator can act upon.

    Raised by ``thulium_startup`` and by :meth:`.integration.IntegrationType.create`; the host shows ``message`` in the
    place of a sentence of its own.
    """

    def __init__(self, message: LocalizedText) -> None:
        super().__init__(message.en)
        self.message = message
