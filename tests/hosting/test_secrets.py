"""Secrets at rest."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.hosting.secrets import (
    EncryptedSecrets,
    KeyFile,
    MemorySecretStorage,
    SecretError,
)

CANARY = "CANARYCANARYCANARYCANARYCANARY12"


def store(storage: MemorySecretStorage, tmp_path: Path, scope: str = "one") -> EncryptedSecrets:
    return EncryptedSecrets(storage, KeyFile(tmp_path / "key").read_or_create(), scope)


async def test_a_secret_comes_back_and_lies_encrypted(tmp_path: Path) -> None:
    storage = MemorySecretStorage()
    secrets = store(storage, tmp_path)
    await secrets.put("a", CANARY)
    assert await secrets.get("a") == CANARY
    assert await secrets.get("b") is None
    assert CANARY.encode() not in storage.ciphertexts["a"]
    assert CANARY not in repr(secrets)
    await secrets.delete("a")
    await secrets.delete("a")
    assert await secrets.get("a") is None


async def test_a_ciphertext_opens_at_its_own_place_only(tmp_path: Path) -> None:
    storage = MemorySecretStorage()
    secrets = store(storage, tmp_path)
    await secrets.put("shop one", CANARY)
    storage.ciphertexts["shop two"] = storage.ciphertexts["shop one"]
    with pytest.raises(SecretError, match="belongs to another place"):
        await secrets.get("shop two")
    with pytest.raises(SecretError, match="belongs to another place"):
        await store(storage, tmp_path, "another host").get("shop one")


@given(place=st.integers(0, 100), flip=st.integers(1, 255))
async def test_a_changed_ciphertext_does_not_open(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    storage = MemorySecretStorage()
    secrets = store(storage, tmp_path_factory.mktemp("keys"))
    await secrets.put("a", CANARY)
    changed = bytearray(storage.ciphertexts["a"])
    changed[place] ^= flip
    storage.ciphertexts["a"] = bytes(changed)
    with pytest.raises(SecretError) as refusal:
        await secrets.get("a")
    assert CANARY not in str(refusal.value)


async def test_moving_a_secret_binds_it_anew(tmp_path: Path) -> None:
    secrets = store(MemorySecretStorage(), tmp_path)
    await secrets.put("draft", CANARY)
    await secrets.move("draft", "kept")
    await secrets.move("nothing", "kept")
    assert await secrets.get("kept") == CANARY
    assert await secrets.handles() == ["kept"]


async def test_rotation_leaves_the_old_key_useless(tmp_path: Path) -> None:
    storage = MemorySecretStorage()
    file = KeyFile(tmp_path / "key")
    (old,) = file.read_or_create()
    secrets = EncryptedSecrets(storage, [old], "one")
    await secrets.put("a", CANARY)
    (new,) = KeyFile(tmp_path / "other").read_or_create()
    assert await secrets.rotate([new, old]) == 1
    file.write([new])
    assert await EncryptedSecrets(storage, file.read_or_create(), "one").get("a") == CANARY
    with pytest.raises(SecretError, match="does not open"):
        await EncryptedSecrets(storage, [old], "one").get("a")


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "key")
    keys = file.read_or_create()
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.read_or_create() == keys
    file.path.chmod(0o640)
    with pytest.raises(SecretError, match="may be read by others"):
        file.read_or_create()


@pytest.mark.parametrize(
    ("content", "reason"), [("", "holds no key"), ("rubbish\n", "something that is no key")]
)
def test_a_damaged_key_file_is_told(tmp_path: Path, content: str, reason: str) -> None:
    file = KeyFile(tmp_path / "key")
    file.read_or_create()
    file.path.write_text(content)
    with pytest.raises(SecretError, match=reason):
        store(MemorySecretStorage(), tmp_path)


def test_a_key_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    real = KeyFile(tmp_path / "real")
    real.read_or_create()
    (tmp_path / "key").symlink_to(real.path)
    with pytest.raises(OSError, match="symbolic links"):
        KeyFile(tmp_path / "key").read_or_create()
