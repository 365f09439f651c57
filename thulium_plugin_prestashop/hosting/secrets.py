"""API keys encrypted at rest; the key that opens them lies outside the database.

Needs ``cryptography``, which the extra ``sandbox`` brings; a host with a secret store of its own needs neither.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEY_FILE_MODE = 0o600


class SecretError(Exception):
    """A stored secret cannot be opened: another key, a changed text, or a text that belongs to another handle."""


class SecretStorage(Protocol):
    """Where ciphertexts are kept, by handle."""

    async def get(self, handle: str) -> bytes | None:
        """The ciphertext, or ``None``."""
        ...

    async def put(self, handle: str, ciphertext: bytes) -> None:
        """Store or replace it."""
        ...

    async def delete(self, handle: str) -> None:
        """Forget it; nothing happens if it is not there."""
        ...

    async def handles(self) -> list[str]:
        """All handles."""
        ...


class KeyFile:
    """Keys of the secret store, the newest first, one a line, in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read_or_create(self) -> list[bytes]:
        """The keys; one is made if there is no file. Raises :class:`SecretError` if others may read the file."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            keys = [Fernet.generate_key()]
            self.write(keys)
            return keys
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if mode & 0o077:
                raise SecretError(
                    f"{self.path.name} may be read by others (mode {mode:04o}); it must be 0600"
                )
            keys = file.read().split()
        if not keys:
            raise SecretError(f"{self.path.name} holds no key")
        return keys

    def write(self, keys: Sequence[bytes]) -> None:
        """Replace the file in one step, so that a crash leaves the old keys or the new ones."""
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), KEY_FILE_MODE)
                file.write(b"\n".join(keys) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


class EncryptedSecrets:
    """The contract's ``Secrets``. Each secret is bound to its handle and to ``scope`` (the host), so that a
    ciphertext moved to another handle, or into another host's database, does not open.
    """

    def __init__(self, storage: SecretStorage, keys: Sequence[bytes], scope: str) -> None:
        self._storage = storage
        self._fernet = self._open(keys)
        self._scope = scope

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scope!r}>"

    async def get(self, handle: str) -> str | None:
        """The secret, or ``None``. Raises :class:`SecretError`."""
        ciphertext = await self._storage.get(handle)
        return None if ciphertext is None else self._unseal(handle, ciphertext)

    async def put(self, handle: str, secret: str) -> None:
        """Store or replace it."""
        await self._storage.put(handle, self._seal(handle, secret))

    async def delete(self, handle: str) -> None:
        """Forget it; nothing happens if it is not there."""
        await self._storage.delete(handle)

    async def move(self, source: str, target: str) -> None:
        """Give the secret another handle; nothing happens if there is none."""
        secret = await self.get(source)
        if secret is not None:
            await self.put(target, secret)
            await self.delete(source)

    async def handles(self) -> list[str]:
        """All handles."""
        return await self._storage.handles()

    async def rotate(self, keys: Sequence[bytes]) -> int:
        """Encrypt everything anew with ``keys[0]``; how many secrets that were. ``keys`` must hold the old ones
        too. Once this has returned the old ones may be taken out of the key file.
        """
        self._fernet = self._open(keys)
        handles = await self._storage.handles()
        for handle in handles:
            ciphertext = await self._storage.get(handle)
            if ciphertext is not None:
                await self._storage.put(handle, self._seal(handle, self._unseal(handle, ciphertext)))
        return len(handles)

    @staticmethod
    def _open(keys: Sequence[bytes]) -> MultiFernet:
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SecretError("the key file holds something that is no key") from error

    def _seal(self, handle: str, secret: str) -> bytes:
        return self._fernet.encrypt(json.dumps([self._scope, handle, secret]).encode())

    def _unseal(self, handle: str, ciphertext: bytes) -> str:
        try:
            scope, bound, secret = json.loads(self._fernet.decrypt(ciphertext))
        except InvalidToken:
            raise SecretError(f"the secret {handle} does not open with the keys of this host") from None
        if (scope, bound) != (self._scope, handle):
            raise SecretError(f"the secret stored as {handle} belongs to another place")
        return str(secret)


class MemorySecretStorage:
    """Ciphertexts in memory, for hosts' tests."""

    def __init__(self) -> None:
        self.ciphertexts: dict[str, bytes] = {}

    async def get(self, handle: str) -> bytes | None:
        """The ciphertext, or ``None``."""
        return self.ciphertexts.get(handle)

    async def put(self, handle: str, ciphertext: bytes) -> None:
        """Store or replace it."""
        self.ciphertexts[handle] = ciphertext

    async def delete(self, handle: str) -> None:
        """Forget it."""
        self.ciphertexts.pop(handle, None)

    async def handles(self) -> list[str]:
        """All handles."""
        return list(self.ciphertexts)
