"""The commands and their options; what they do is in the modules beside this one.

Each command imports its own module: ``sync`` needs neither the web pages nor the demo shop, which would cost it a
quarter of a second and 15 MB.
"""

# ruff: noqa: PLC0415 - the imports inside the commands, for the reason above

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from thulium_plugin_prestashop.cli.console import Console, configure_logging, run
from thulium_plugin_prestashop.cli.keys import read_key

app = typer.Typer(
    name="thulium-prestashop",
    help="PrestaShop in the Thulium CRM: try it, check a shop, synchronise it, look at the result.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")
]
AllowPrivate = Annotated[
    bool,
    typer.Option(
        "--allow-private", help="Allow loopback and private addresses, which are refused otherwise."
    ),
]
Address = Annotated[str, typer.Argument(metavar="URL", help="The shop's address, in any form.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one, as does a taken usual one."),
]
Data = Annotated[Path, typer.Option("--data", file_okay=False, help="Folder of a sandbox CRM.")]
MaybeData = Annotated[
    Path | None,
    typer.Option("--data", file_okay=False, help="Folder to keep the CRM in; without it, a temporary one."),
]
Count = Annotated[int, typer.Option(min=0, max=10_000_000)]


def _console(json: bool, locale: str | None = None) -> Console:  # noqa: FBT001 - the option itself
    return Console(json) if locale is None else Console(json, locale)


@app.command()
def demo(
    *,
    port: Port = None,
    data: MaybeData = None,
    customers: Count = 2000,
    orders: Count = 6000,
    json: Json = False,
) -> None:
    """Start a sandbox CRM and a demo shop, configured and synchronised."""
    from thulium_plugin_prestashop.cli import demo as demonstrating

    configure_logging()
    console = _console(json)
    options = demonstrating.Options(port, data, customers, orders)
    raise typer.Exit(run(console, demonstrating.demo(console, options), interrupted="stopped"))


@app.command()
def sandbox(
    *, data: MaybeData = None, port: Port = None, json: Json = False, allow_private: AllowPrivate = False
) -> None:
    """Start the sandbox CRM alone, to connect a real shop."""
    from thulium_plugin_prestashop.cli import demo as demonstrating

    configure_logging()
    console = _console(json)
    work = demonstrating.sandbox(console, data, port, allow_private=allow_private)
    raise typer.Exit(run(console, work, interrupted="stopped"))


@app.command("demo-shop")
def demo_shop(
    *, port: Port = None, customers: Count = 2000, orders: Count = 6000, json: Json = False
) -> None:
    """Start the demo shop alone."""
    from thulium_plugin_prestashop.cli import shop as shopping

    configure_logging()
    console = _console(json)
    raise typer.Exit(
        run(console, shopping.demo_shop(console, port, customers, orders), interrupted="stopped")
    )


@app.command()
def check(url: Address, *, json: Json = False, allow_private: AllowPrivate = False) -> None:
    """Try address and key of a shop, and say what is wrong and where to click."""
    from thulium_plugin_prestashop.cli import check as checking

    console = _console(json)
    key = read_key(console)
    configure_logging(key)
    raise typer.Exit(run(console, checking.check(console, url, key, allow_private=allow_private)))


@app.command()
def sync(
    url: Address,
    *,
    data: Data,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Orders placed before this day are left out."),
    ] = None,
    timezone: Annotated[str, typer.Option(help="IANA time zone of the shop.")] = "Europe/Warsaw",
    field: Annotated[str, typer.Option(help="Numeric custom field for the PrestaShop ID.")] = "PrestaShop ID",
    allegro_field: Annotated[
        str | None,
        typer.Option(help="Text custom field for the Allegro login; switches the Allegro integration on."),
    ] = None,
    json: Json = False,
    allow_private: AllowPrivate = False,
) -> None:
    """Synchronise a shop once into a sandbox CRM; again: only what changed."""
    from thulium_plugin_prestashop.cli import sync as syncing

    console = _console(json)
    key = read_key(console)
    configure_logging(key)
    options = syncing.Options(
        url, data, None if since is None else since.date(), timezone, field, allegro_field, allow_private
    )
    raise typer.Exit(run(console, syncing.sync(console, options, key), interrupted="interrupted"))


@app.command()
def show(
    *,
    data: Data,
    email: Annotated[str | None, typer.Option(help="The customer with this e-mail.")] = None,
    order: Annotated[str | None, typer.Option(help="Whose order has this reference or number.")] = None,
    customer: Annotated[str | None, typer.Option(help="The customer with this id in the CRM.")] = None,
    locale: Annotated[str | None, typer.Option(help="pl or en; default: the system's.")] = None,
    json: Json = False,
) -> None:
    """Show a customer card with its tabs and its ORDERS section."""
    from thulium_plugin_prestashop.cli import show as showing

    configure_logging()
    console = _console(json, locale)
    raise typer.Exit(run(console, showing.show(console, data, showing.Whom(email, order, customer))))


@app.command()
def export(data: Data) -> None:
    """Write everything a sandbox CRM holds as JSON Lines: one object a customer, one an order."""
    from thulium_plugin_prestashop.cli import export as exporting

    configure_logging()
    console = _console(json=True)
    raise typer.Exit(run(console, exporting.export(console, data)))


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="The mirror's file (prestashop.db) or database address.")],
    target: Annotated[str, typer.Argument(help="A new file, or the address of an empty database.")],
    *,
    json: Json = False,
) -> None:
    """Move a mirror to another database, such as from SQLite to PostgreSQL; stopped, it goes on when called again."""
    from thulium_plugin_prestashop.cli import copy as copying

    configure_logging()
    console = _console(json)
    raise typer.Exit(run(console, copying.copy(console, source, target)))


@app.command()
def bridge(
    *,
    config: Annotated[
        Path, typer.Option("--config", dir_okay=False, help="The bridge's settings, bridge.toml.")
    ],
    check: Annotated[bool, typer.Option("--check", help="Try both sides and say what to correct.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="With --check: also make one test card and delete it again.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Synchronise every shop once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what a first import would do.")] = False,
    json: Json = False,
) -> None:
    """Run the plugin beside a Thulium account, over Thulium's public REST API."""
    from thulium_plugin_prestashop.thulium.service import run_bridge

    work = run_bridge(config, check=check, probe=probe, once=once, dry_run=dry_run, as_json=json)
    raise typer.Exit(asyncio.run(work))
