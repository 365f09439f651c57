"""Where a mirror is: a file, or a database address as SQLAlchemy writes them.

Addresses may hold a password: they are shown through :func:`shown` only, and errors never repeat them.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


class AddressError(ValueError):
    """No address of a database that a mirror can be kept in; the message names no password."""


class DriverMissingError(AddressError):
    """The address is one of PostgreSQL, and its driver (the extra ``postgresql``) is not installed."""

    def __init__(self) -> None:
        super().__init__("PostgreSQL needs the extra: pip install 'thulium-plugin-prestashop[postgresql]'")


def database_address(where: str | Path) -> URL:
    """The address with its asynchronous driver; a path is a SQLite file.

    ``postgresql://…`` and ``sqlite:///…``, as other tools write them, get the driver that is used here.

    Raises:
        AddressError: It cannot be read, names another kind of database, or a SQLite database without a file.
        DriverMissingError: It is one of PostgreSQL, and the driver is not installed.

    """
    if isinstance(where, Path):
        return URL.create("sqlite+aiosqlite", database=str(where))
    try:
        address = make_url(where)
    except (ArgumentError, ValueError):
        # Without its cause, which may quote the address.
        raise AddressError("this is not the address of a database") from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise AddressError(f"a mirror is kept in SQLite or PostgreSQL, not in {address.drivername}")
    if driver.startswith("sqlite") and (address.database or ":memory:") == ":memory:":
        raise AddressError("a mirror in SQLite needs a file")
    if driver.startswith("postgresql") and find_spec("asyncpg") is None:
        raise DriverMissingError
    return address.set(drivername=driver)


def shown(where: str | Path) -> str:
    """The address as people may see it: without the password."""
    return str(where) if isinstance(where, Path) else database_address(where).render_as_string()


def cause_of(error: BaseException) -> str:
    """The name of what the driver raised, without its message, which may quote an address or rows."""
    found: BaseException = getattr(error, "orig", None) or error
    return type(found.__cause__ or found).__name__
