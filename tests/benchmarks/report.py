"""Tables for people, in Markdown, and a chart as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

from tests.benchmarks.contest import Result
from tests.benchmarks.growth import Size
from tests.benchmarks.processes import Measured

_ROW, _LEFT, _WIDTH, _FONT = 30, 230, 480, 13
_OURS, _OTHERS, _LIMIT = "#1f6feb", "#8c959f", "#2da44e"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in (head, *rows)
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def contest_table(results: Sequence[Result]) -> str:
    """One scene of the contest."""
    head = (
        "",
        "rows",
        "requests",
        "seconds",
        "reading alone",
        "CPU s",
        "MB",
        "longest stall ms",
        "missing after two runs",
        "versions read whole",
    )
    rows = [
        (
            each.contestant,
            "thrown away" if each.rows is None else f"{each.rows:,} of {each.of:,}",
            str(each.requests),
            f"{each.seconds:.2f}",
            f"{each.work_seconds:.2f}",
            f"{each.cpu:.2f}",
            f"{each.rss_mb:.0f}",
            f"{each.stall_ms:.1f}"
            + ("" if each.stall_p999_ms is None else f" (99.9 %: {each.stall_p999_ms:.1f})"),
            "" if each.missing is None else str(each.missing),
            each.versions,
        )
        for each in results
    ]
    notes = [f"* {each.contestant}: {each.note}" for each in results if each.note]
    return "\n".join([table(head, rows), *([""] if notes else []), *notes])


def growth_table(sizes: Sequence[Size]) -> str:
    """How it grows."""
    head = (
        "orders",
        "database",
        "import s",
        "CPU s",
        "MB",
        "longest stall ms",
        "requests",
        "mirror MB",
        "tick requests",
        "tick s",
        "tick MB",
        "requests, 20 changed",
        "s, 20 changed",
        "tab ms (99 %)",
        "search ms (99 %)",
    )
    rows = [
        (
            f"{each.orders:,}",
            each.database,
            f"{each.seconds:.1f}",
            f"{each.cpu:.1f}",
            f"{each.rss_mb:.0f}",
            f"{each.stall_ms:.1f} (99.9 %: {each.stall_p999_ms:.1f})",
            str(each.requests),
            f"{each.mirror_mb:.0f}",
            str(each.tick_requests),
            f"{each.tick_seconds:.2f}",
            f"{each.tick_rss_mb:.0f}",
            str(each.changed_requests),
            f"{each.changed_seconds:.2f}",
            f"{each.tab_p50_ms:.1f} ({each.tab_p99_ms:.1f})",
            f"{each.search_p50_ms:.1f} ({each.search_p99_ms:.1f})",
        )
        for each in sizes
    ]
    return table(head, rows)


def many_table(found: Mapping[str, object]) -> str:
    """Many shops on one event loop."""
    names = {"first": "first import of all", "tick_1": "all tick", "tick_2": "all tick again"}
    head = (
        "",
        "ok",
        "first done s",
        "half done s",
        "all done s",
        "longest stall ms (99.9 %)",
        "most files open",
    )
    rows = []
    for name, title in names.items():
        each = found[name]
        if not isinstance(each, dict):
            raise TypeError(name)
        stalls = f"{each['longest_stall_ms']:.1f} ({each['stall_p999_ms']:.1f})"
        seconds = (f"{each[part]:.2f}" for part in ("first_seconds", "median_seconds", "seconds"))
        rows.append((title, str(each["ok"]), *seconds, stalls, str(each["most_open_files"])))
    return table(head, rows)


def processes_table(found: Sequence[Measured]) -> str:
    """Several processes on one database."""
    head = (
        "processes",
        "ticks a minute",
        "done by each",
        "transactions/s",
        "ticks at their pace",
        "late ms (99 %, most)",
        "transactions/s",
        "statements at once",
        "connections",
        "in two places",
        "most at a shop",
        "starved",
    )
    rows = [
        (
            str(each.processes),
            f"{each.ticks_a_minute:,.0f}",
            f"{each.shares[0]}–{each.shares[-1]}",
            f"{each.at_once_load.transactions:,.0f}",
            str(each.ticks),
            f"{each.late_ms:.0f} ({each.late_p99_ms:.0f}, {each.latest_ms:.0f})",
            f"{each.pace_load.transactions:,.0f}",
            f"{each.pace_load.busy:.2f}",
            str(each.at_once_load.connections),
            str(each.in_two_places),
            str(each.most_at_a_shop),
            str(each.starved),
        )
        for each in found
    ]
    return table(head, rows)


def chart(results: Sequence[Result]) -> str:
    """Seconds of everybody on one scene, as bars; text stays text, so that it can be read aloud and searched."""
    longest = max(each.work_seconds for each in results)
    height = _ROW * (len(results) + 2)
    title = f"{results[0].of:,} rows, a shop {results[0].scene}: seconds"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 90}" height="{height}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="{_FONT}">'
    )
    parts = [
        opening,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="12" y="22" font-weight="600">{escape(title)}</text>',
    ]
    for number, each in enumerate(sorted(results, key=lambda result: result.work_seconds)):
        top = _ROW * (number + 1) + 8
        width = max(each.work_seconds / longest * _WIDTH, 1)
        colour = _LIMIT if each.rows is None else _OURS if each.contestant == "this plugin" else _OTHERS
        told = f"{each.work_seconds:.1f}"
        if each.rows is not None and each.rows < each.of:
            told += f" ({each.of - each.rows:,} rows lost)"
        parts.append(
            f'<text x="{_LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(each.contestant)}</text>'
            f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="20" rx="2" fill="{colour}"/>'
            + _label(width, top, told)
        )
    return "\n".join([*parts, "</svg>", ""])


def _label(width: float, top: int, told: str) -> str:
    # Beside the bar where there is room, else inside its end.
    if width + 8 * len(told) > _WIDTH + 80:
        return f'<text x="{_LEFT + width - 6:.1f}" y="{top + 15}" text-anchor="end" fill="#ffffff">{escape(told)}</text>'
    return f'<text x="{_LEFT + width + 6:.1f}" y="{top + 15}">{escape(told)}</text>'
