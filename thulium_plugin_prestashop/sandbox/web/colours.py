"""Colours that a shop chose for its statuses, made readable, as a stylesheet.

The pages' Content-Security-Policy allows no inline style, so a page links to a small stylesheet of just the colours
that it shows: ``.badge-32cd32 { background: #32cd32; color: #000 }``.
"""

import re
from collections.abc import Iterable, Iterator

from thulium_plugin_prestashop.contract.views import BadgeCell, CustomerTab, HistorySection, Row, SearchHit

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_NEUTRAL = "6b7280"
_MOST = 200
"""Colours in one stylesheet; a shop has some fifteen statuses."""


def normalise(color: str) -> str:
    """Six lower-case hex digits without ``#``; a calm grey for anything that is no colour."""
    match = _HEX.fullmatch(color.strip())
    if match is None:
        return _NEUTRAL
    digits = match[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)  # noqa: PLR2004 - rrggbb


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.2, 0 for black to 1 for white. ``color`` is six hex digits."""

    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB

    red, green, blue = (linear(int(color[place : place + 2], 16)) for place in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio by WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable_on(color: str) -> str:
    """Black or white, whichever reads better on ``color``; always at least 4.5 to 1."""
    return max(("ffffff", "000000"), key=lambda ink: contrast(ink, color))


def stylesheet(colors: Iterable[str]) -> str:
    """Rules for badges in these colours (as :func:`normalise` gives them)."""
    rules = [
        f".badge-{color}{{background:#{color};color:#{readable_on(color)}}}"
        for color in sorted(set(colors))[:_MOST]
    ]
    return "\n".join(rules)


def _in_row(row: Row) -> Iterator[str]:
    return (normalise(cell.color) for cell in row.cells.values() if isinstance(cell, BadgeCell))


def used_in(*views: CustomerTab | HistorySection | SearchHit) -> list[str]:
    """The badge colours of some views, each once, in a steady order (so that the stylesheet can be cached)."""
    found: set[str] = set()
    for view in views:
        match view:
            case CustomerTab():
                found.update(normalise(badge.color) for badge in view.statuses)
                found.update(color for row in view.table.rows for color in _in_row(row))
            case HistorySection():
                found.update(color for row in view.entries for color in _in_row(row))
            case SearchHit():
                found.update(_in_row(view.row))
    return sorted(found)
