"""Names of processes that share a database."""

import os
import secrets
import socket


def process_token() -> str:
    """This process: its machine, its number, and something that no restart repeats."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(token: str) -> bool:
    """Whether this was a process of this very machine and is no more: then nobody needs to wait until its lease ends.

    A shortcut, never relied on: should it be wrong (two containers with one host name), fences keep the two apart.
    """
    machine, _, rest = token.partition(":")
    number = rest.partition(":")[0]
    # Elsewhere than on POSIX asking would be killing.
    if os.name != "posix" or machine != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        # Somebody else's process, so it lives.
        return False
    return False
