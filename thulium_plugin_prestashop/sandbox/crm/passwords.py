"""Passwords: hashed with argon2id, in a thread, and as slow for unknown logins as for known ones."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from thulium_plugin_prestashop.hosting import run_in_thread

SHORTEST = 10


class Passwords:
    """Hashes and checks passwords; ``hasher`` carries the cost."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = PasswordHasher() if hasher is None else hasher
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await run_in_thread(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether the password is right; without a stored hash it takes as long, and is wrong."""
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        matches = await run_in_thread(self._verify, self._decoy if stored is None else stored, password)
        return matches and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def new_password() -> str:
    """A random password that can be read out: 20 characters of 32, in groups, 100 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789x"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
