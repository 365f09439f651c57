"""The README names every command of the command line, with every option."""

import re
from pathlib import Path

import pytest
import typer.main

from thulium_plugin_prestashop.cli.app import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROWS = {
    row.split(maxsplit=1)[0].strip("`"): row
    for row in re.findall(r"^\| (`[a-z-]+[ `].*) \| .+ \|$", README, re.MULTILINE)
}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # an app with commands is a group
EVERYWHERE = {"--json", "--allow-private", "--help"}


def test_every_command_has_its_row() -> None:
    assert set(ROWS) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_in_the_row(name: str) -> None:
    parameters = COMMANDS[name].params
    options = {
        max(each.opts, key=len) for each in parameters if each.param_type_name == "option"
    } - EVERYWHERE
    assert set(re.findall(r"--[a-z-]+", ROWS[name])) == options


def test_options_of_many_commands_are_explained_once() -> None:
    for option in EVERYWHERE - {"--help"}:
        assert f"`{option}`" in README
