"""What the sandbox CRM refuses, in words for the person who asked."""

from collections.abc import Mapping

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.sandbox.crm.locale import MESSAGES


class CrmError(Exception):
    """Something cannot be done. ``key`` is stable, ``message`` is for people, ``field`` names the form field it
    belongs to, if any. A value that is a :class:`LocalizedText` is put in in the sentence's own language.
    """

    def __init__(self, key: str, *, field: str | None = None, **values: object) -> None:
        self.message = LocalizedText(
            en=MESSAGES.phrase("en", key, **_in_language(values, "en")),
            pl=MESSAGES.phrase("pl", key, **_in_language(values, "pl")),
        )
        super().__init__(self.message.en)
        self.key = key
        self.field = field


def _in_language(values: Mapping[str, object], locale: str) -> dict[str, object]:
    return {
        name: value.for_locale(locale) if isinstance(value, LocalizedText) else value
        for name, value in values.items()
    }


class NotFound(CrmError):  # noqa: N818 - reads better where it is caught, as aiohttp's HTTPNotFound does
    """What was asked for does not exist."""


class Refused(CrmError):  # noqa: N818 - as above
    """It exists, and may not be done."""


class SignInRefused(CrmError):  # noqa: N818 - as above
    """Wrong login or password, or too many attempts: then ``retry_after`` says in seconds when to try again."""

    def __init__(self, key: str, *, retry_after: int | None = None, **values: object) -> None:
        super().__init__(key, field=None, **values)
        self.retry_after = retry_after


class IncompatibleDatabase(Exception):  # noqa: N818 - as above
    """``crm.db`` was made by another version of the sandbox."""
