"""Text of a shop, made readable as plain text."""

import re
import unicodedata
from html import unescape

_BREAKS = re.compile(r"<(?:br|hr)\b[^<>]*>|</(?:p|div|li|tr|ul|ol|table|h[1-6])\s*>", re.IGNORECASE)
_MARKUP = re.compile(
    r"</?(?:a|b|blockquote|div|em|font|h[1-6]|hr|i|li|ol|p|pre|small|span|strong|table|tbody|td|th|tr|u|ul)"
    r"\b[^<>]*>",
    re.IGNORECASE,
)
_FOLDED = str.maketrans({"ł": "l", "đ": "d", "ø": "o"})


def from_html(text: str) -> str:
    """Text that an editor may have wrapped in formatting: paragraphs become lines, entities characters.

    Only formatting is taken away. Everything else, a script for instance, stays in sight, as the text it is; a text
    without formatting is not touched.
    """
    broken, breaks = _BREAKS.subn("\n", text)
    bare, marks = _MARKUP.subn("", broken)
    if not breaks + marks:
        return text.strip()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in unescape(bare).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def folded(text: str) -> str:
    """For searching: without case and diacritics, so that ``zolw`` finds ``Żółw``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
