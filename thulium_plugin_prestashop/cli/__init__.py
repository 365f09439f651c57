"""The command line ``thulium-prestashop``: the plugin and the sandbox, joined."""

import gc
import sys

from thulium_plugin_prestashop.cli.memory import share_heap

EXTRAS = dict.fromkeys(("typer", "rich", "jinja2", "argon2", "cryptography"), "sandbox") | {
    "prometheus_client": "bridge"
}
"""Which extra brings a package that a bare plugin has not."""


def main() -> None:
    """Run the command line; exit status 0 done, 1 failed, 2 the user must change something."""
    # Imports leave next to no garbage, and looking for it costs an eighth of their time.
    gc.disable()
    share_heap()
    try:
        # Imported late: the bare plugin has none of the extra's packages, and says what to install.
        from thulium_plugin_prestashop.cli.app import app  # noqa: PLC0415

        app()
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        sys.stderr.write(
            f"The command line needs {error.name}. Install it with: pip install 'thulium-plugin-prestashop[{extra}]'\n"
        )
        raise SystemExit(2) from None
