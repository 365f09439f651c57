"""What the bridge says to people, in both languages."""

from importlib.resources import files

from thulium_plugin_prestashop.contract.catalogue import Catalogue
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.transport import RemoteError

MESSAGES = Catalogue.read(files(__package__) / "locale")
"""Read once; nothing changes them."""


class CannotStartError(Exception):
    """The bridge cannot start before its administrator changes something; ``reasons`` say what."""

    def __init__(self, *reasons: LocalizedText, locale: str | None = None) -> None:
        super().__init__("; ".join(reason.en for reason in reasons))
        self.reasons = reasons
        self.locale = locale
        """The language of the settings, if they could be read so far."""


def placed(place: str, message: LocalizedText) -> LocalizedText:
    """A sentence about one place in the settings, or one field of a form."""
    return LocalizedText(en=f"{place}: {message.en}", pl=f"{place}: {message.pl}")


_KNOWN = frozenset(
    {
        "thulium.credentials",
        "thulium.permission",
        "thulium.redirect",
        "thulium.busy",
        "thulium.server",
        "thulium.not_json",
        "thulium.rejected",
        "net.dns",
        "net.refused",
        "net.timeout",
        "net.reset",
        "net.unreachable",
        "net.blocked",
        "circuit.open",
    }
)


def quoted(words: str) -> str:
    """What Thulium said, to be put into a sentence that has a full stop of its own."""
    return words.strip().rstrip(".")


def explain(error: RemoteError) -> LocalizedText:
    """The sentence for an error of Thulium's API, as its administrator should read it."""
    if error.key in _KNOWN:
        return MESSAGES.text(f"error.{error.key}", **error.params)
    if error.key.startswith("net.tls"):
        return MESSAGES.text("error.net.tls", **error.params)
    return MESSAGES.text("error.other", reason=error.key)


def unavailable(error: RemoteError) -> HostUnavailableError:
    """The contract's error for a Thulium that cannot be reached or written at all."""
    return HostUnavailableError(explain(error), retry_after=error.retry_after)
