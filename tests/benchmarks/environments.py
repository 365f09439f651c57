"""An environment of its own for every peer, made once and kept in a cache folder."""

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = {
    "dlt": "dlt==1.31.0",
    "prestapyt": "prestapyt==0.11.1",
    "prestashop-python": "prestashop-python==0.1.4",
    "airbyte": "airbyte-cdk==7.39.1",
}


class Unavailable(Exception):  # noqa: N818 - not an error: a peer that is left out, and why
    """This peer cannot be installed here."""


def cache() -> Path:
    """Where environments are kept: ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "thulium-plugin-prestashop" / "benchmarks"


def python_of(peer: str) -> Path:
    """The interpreter of this peer's environment, made if it is missing.

    Raises:
        Unavailable: It could not be installed; the message holds the last line that pip wrote.

    """
    folder = cache() / peer
    python, ready = folder / "bin" / "python", folder / "ready"
    requirement = REQUIREMENTS[peer]
    if ready.is_file() and ready.read_text() == requirement:
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(lines[-1] if lines else f"exit status {done.returncode}")
    ready.write_text(requirement)
    return python
