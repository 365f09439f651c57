"""The webservice's explanations as texts of the contract."""

from collections.abc import Mapping

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.transport.errors import Param
from thulium_plugin_prestashop.webservice.messages import describe


def _text(by_language: Mapping[str, str]) -> LocalizedText:
    return LocalizedText(en=by_language["en"], pl=by_language["pl"])


def explained(
    key: str, params: Mapping[str, Param] | None = None
) -> tuple[LocalizedText, LocalizedText | None]:
    """What is wrong, and what to do and where to click."""
    explanation = describe(key, params)
    hint = _text(explanation.hint)
    return _text(explanation.text), hint if hint.en else None


def sentence(key: str, params: Mapping[str, Param] | None = None) -> LocalizedText:
    """Both in one, for a field of a form, where there is no other place for the hint."""
    text, hint = explained(key, params)
    if hint is None:
        return text
    return LocalizedText(en=f"{text.en} {hint.en}", pl=f"{text.pl} {hint.pl}")
