"""Where the shop's key comes from: the environment or a prompt, never an argument that a process list shows."""

import os
import sys

import typer

from thulium_plugin_prestashop.cli.console import CommandError, Console, trouble

VARIABLE = "PRESTASHOP_KEY"


def read_key(console: Console) -> str:
    """The key; asks for it on a terminal. Ends the program with status 2 when there is no way to get one."""
    if key := os.environ.get(VARIABLE, "").strip():
        return key
    if sys.stdin.isatty():
        return str(typer.prompt(console.word("ask_key"), hide_input=True, err=True)).strip()
    error = CommandError(trouble("no_key", place=VARIABLE, variable=VARIABLE))
    console.report(error)
    raise typer.Exit(error.status)
