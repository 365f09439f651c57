"""``copy``: moves a mirror from one database to another, such as from SQLite to the company's PostgreSQL."""

from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from thulium_plugin_prestashop.cli.console import WORDS, Bar, CommandError, Console, Exit, trouble
from thulium_plugin_prestashop.cli.databases import checked
from thulium_plugin_prestashop.contract.tasks import Progress
from thulium_plugin_prestashop.mirror.address import cause_of, shown
from thulium_plugin_prestashop.mirror.copying import Copied, CopyError, copy_mirror
from thulium_plugin_prestashop.mirror.newer import NewerSchemaError

_PASSING = {"differs"}


async def copy(console: Console, source: str, target: str) -> Exit:
    """Both are files or addresses. Where it stops, the same command goes on."""
    here, there = _place(source, "SOURCE"), _place(target, "TARGET")
    try:
        with console.progress() as bar:
            copied = await copy_mirror(here, there, partial(_show, bar))
    except CopyError as error:
        status = Exit.FAILED if error.reason in _PASSING else Exit.CHANGE_SOMETHING
        found = trouble(f"copy_{error.reason}", detail=error.detail, source=shown(here), target=shown(there))
        raise CommandError(found, status=status) from None
    except NewerSchemaError as error:
        raise CommandError(trouble("copy_newer", found=error.found)) from None
    except (SQLAlchemyError, OSError) as error:
        found = trouble("copy_database", error=cause_of(error), source=shown(here), target=shown(there))
        raise CommandError(found, status=Exit.FAILED) from None
    _tell(console, copied, shown(there))
    return Exit.DONE


def _place(typed: str, argument: str) -> str | Path:
    """An address has ``://``; anything else is a file."""
    return checked(typed if "://" in typed else Path(typed), argument)


def _show(bar: Bar, table: str, done: int, total: int) -> None:
    title = WORDS.text("copy.verifying") if table == "verify" else WORDS.text("copy.table", table=table)
    bar.show(Progress(table, title, done, total))


def _tell(console: Console, copied: Copied, target: str) -> None:
    if console.json:
        console.answer(
            {
                "ok": True,
                "rows": copied.rows,
                "integrations": copied.integrations,
                "written": copied.written,
            }
        )
        return
    console.out.print(
        console.word(
            "copy.done",
            rows=sum(copied.rows.values()),
            integrations=copied.integrations,
            written=copied.written,
            target=target,
        ),
        markup=False,
    )
