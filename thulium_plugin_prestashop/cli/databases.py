"""Where the mirror is kept, as the caller of a command says it."""

import os
from pathlib import Path

from thulium_plugin_prestashop.cli.console import CommandError, trouble
from thulium_plugin_prestashop.mirror.address import AddressError, DriverMissingError, database_address

VARIABLE = "THULIUM_PRESTASHOP_DATABASE"
"""Address of the database to keep the mirror in; unset, it is a file beside the CRM's. Not an option, because every
process list shows options, and the address may hold a password.
"""


def database_url() -> str | None:
    """The address in :data:`VARIABLE`, if any.

    Raises:
        CommandError: No mirror can be kept there.

    """
    typed = os.environ.get(VARIABLE, "").strip()
    return str(checked(typed, VARIABLE)) if typed else None


def checked(where: str | Path, place: str) -> str | Path:
    """The file or address, if a mirror can be kept there; ``place`` is the argument or variable it came from.

    Raises:
        CommandError: None can.

    """
    try:
        database_address(where)
    except DriverMissingError:
        raise CommandError(trouble("database_driver", place=place)) from None
    except AddressError:
        raise CommandError(trouble("database_address", place=place)) from None
    return where
