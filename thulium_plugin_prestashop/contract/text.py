"""Text that several people read, each in their own language."""

import re

import attrs

FALLBACK_LOCALE = "en"


@attrs.frozen
class LocalizedText:
    """One sentence in every language the plugin speaks, kept as data so that the reader's language is chosen late.

    A problem is raised once and read by several administrators; a form is declared once and shown to all.
    """

    en: str
    pl: str

    def for_locale(self, locale: str) -> str:
        """The text in ``locale`` (``"pl"``, ``"pl_PL"``, ``"en-GB"``); English when it is neither."""
        language = re.split(r"[-_]", locale, maxsplit=1)[0].lower()
        return self.pl if language == "pl" else self.en

    def __str__(self) -> str:
        return self.en
