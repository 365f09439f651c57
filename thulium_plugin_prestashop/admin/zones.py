"""The time zones an administrator may choose."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def zone_names() -> tuple[str, ...]:
    """IANA zones of places, Europe first, then UTC, then the rest of the world. One small file is read, once."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    places = sorted(name for name in listed if name.partition("/")[0] in _AREAS)
    europe = tuple(name for name in places if name.startswith("Europe/"))
    return (*europe, "UTC", *(name for name in places if name not in europe))


def find_zone(name: str) -> ZoneInfo | None:
    """The zone, or ``None`` when there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
