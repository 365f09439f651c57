"""The host's guide says what is so: its host runs, and every name in it has its real signature."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import thulium_plugin_prestashop.contract
from thulium_plugin_prestashop.admin import problems
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.manifest import Manifest, Permissions, Setting, Task, read_manifest
from thulium_plugin_prestashop.contract.views import Cell
from thulium_plugin_prestashop.hosting import host, integrations
from thulium_plugin_prestashop.sandbox.shop import demo_shop_process
from thulium_plugin_prestashop.testing.suites import HostSuite

CONTRACT = Path(thulium_plugin_prestashop.contract.__file__).parent
TREE = Path(__file__).parents[2]
GUIDE = (CONTRACT / "README.md").read_text(encoding="utf-8")
FLAT = " ".join(GUIDE.split())
PAGES = sorted(
    page for folder in ("thulium_plugin_prestashop", "tests") for page in (TREE / folder).rglob("*.md")
)


def section(title: str) -> str:
    """A chapter of the guide."""
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(text: str, heading: str) -> dict[str, list[str]]:
    """Rows of the table whose first column is called ``heading``: first cell, without code marks, to the others."""
    lines = text[text.index(f"| {heading} |") :].splitlines()
    rows: dict[str, list[str]] = {}
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        first, *others = [
            cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|"))
        ]
        rows[first.replace("`", "")] = others
    return rows


def host_of_the_page() -> str:
    return GUIDE.partition("<!-- host.py -->\n```python\n")[2].partition("```\n<!-- end -->")[0]


async def test_the_host_of_the_page_shows_orders(tmp_path: Path) -> None:
    file = tmp_path / "host.py"
    file.write_text(host_of_the_page(), encoding="utf-8")
    async with demo_shop_process(customers=20, orders=50) as shop:
        done = subprocess.run(  # noqa: ASYNC221 - the shop is a process of its own
            [sys.executable, "-W", "error", str(file), shop.url, shop.key],
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        wrong = subprocess.run(  # noqa: ASYNC221 - as above
            [sys.executable, str(file), shop.url, "short"],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 0, done.stderr
    _, *orders = done.stdout.splitlines()
    assert len(orders) >= 45
    assert all(re.fullmatch(r".+ \| .+( \| .+){2,4}", order) for order in orders)
    assert sum(re.search(r" \| [A-Z]{9} \| .+ \| PLN.[\d.,]+$", order) is not None for order in orders) >= 40
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("api_key: ")


def test_the_host_of_the_page_is_short() -> None:
    assert 50 < len(host_of_the_page().splitlines()) < 100


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """As the guide writes it: ``async find(lookups: Sequence[Lookup]) -> list[list[Customer]]``."""
    arguments = node.args
    arguments.args = [each for each in arguments.args if each.arg != "self"]
    assert node.returns is not None
    returns = ast.unparse(node.returns)
    if any(ast.unparse(each) == "property" for each in node.decorator_list):
        return f"{node.name}: {returns}"
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{start}{node.name}({ast.unparse(arguments)}) -> {returns}"


def functions(module: str) -> Iterator[ast.FunctionDef]:
    tree = ast.parse((CONTRACT / f"{module}.py").read_text(encoding="utf-8"))
    return (node for node in tree.body if isinstance(node, ast.FunctionDef))


def protocol_members() -> Iterator[tuple[str, str]]:
    for file in sorted(CONTRACT.glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and "Protocol" in {ast.unparse(base) for base in node.bases}:
                for member in node.body:
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield node.name, signature(member)


def test_every_hook_has_a_heading_with_its_signature() -> None:
    headings = re.findall(r"^### `(thulium_.+)`$", GUIDE, re.MULTILINE)
    assert headings == [signature(hook) for hook in functions("hookspecs")]


def test_every_hook_is_in_the_table_with_its_time_limit() -> None:
    rows = table(section("Hooks"), "hook")
    assert list(rows) == [hook.name for hook in functions("hookspecs")]
    limits = {
        "thulium_startup": host.STARTUP_SECONDS,
        "thulium_shutdown": host.SHUTDOWN_SECONDS,
        "thulium_search_orders": host.VIEW_SECONDS,
        "thulium_find_by_phone": host.VIEW_SECONDS,
        "thulium_customers_merged": host.NOTICE_SECONDS,
        "thulium_customers_erased": host.NOTICE_SECONDS,
    }
    for name, seconds in limits.items():
        assert rows[name][-1] == f"{seconds} s"
    assert f"took more than {integrations.START_SECONDS} s" in FLAT


@pytest.mark.parametrize(("protocol", "member"), list(protocol_members()))
def test_every_member_of_a_protocol_is_documented(protocol: str, member: str) -> None:
    paragraph = FLAT[FLAT.index(f"**`{protocol}`**") + 1 :].partition(" **`")[0]
    assert f"`{member}`" in paragraph


def test_every_member_of_the_context_is_documented() -> None:
    fields = ast.parse((CONTRACT / "host.py").read_text(encoding="utf-8")).body
    (context,) = [node for node in fields if isinstance(node, ast.ClassDef) and node.name == "HostContext"]
    members = [
        f"{node.target.id}: {ast.unparse(node.annotation)}"
        for node in context.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    assert list(table(section("The context: what the plugin gets"), "member")) == members
    assert len(members) == len(attrs.fields(HostContext))


def test_settings_and_manifest_are_documented() -> None:
    manifest = read_manifest(TREE / "plugin.toml")
    settings = table(GUIDE, "key | form")
    assert [
        (key, form.strip("`"), kind.strip("`"), note.startswith("required"))
        for key, (form, kind, note) in settings.items()
    ] == [(each.key, each.form, each.kind, each.required) for each in manifest.settings]
    rows = table(section("The manifest"), "key")
    keys = {key for row in rows for key in row.split(", ")}
    assert keys == {field.name for field in attrs.fields(Manifest)}
    for row, kind in (("permissions", Permissions), ("tasks", Task), ("settings", Setting)):
        named = set(re.findall(r"`(\w+)`", rows[row][0]))
        assert named == {field.name for field in attrs.fields(kind)}


def test_problem_keys_are_documented() -> None:
    documented = table(section("Problems"), "key")
    assert [key for key, (by, _) in documented.items() if by == "the plugin"] == list(problems.ALL)
    assert {key for key, (by, _) in documented.items() if by == "`hosting`"} == {
        host.PLUGIN_FAILED,
        integrations.START_FAILED,
    }


def test_every_cell_can_be_drawn() -> None:
    cells = table(section("Views, and how to draw them"), "cell")
    kinds = {kind.__name__: kind.__name__.removesuffix("Cell").lower() for kind in Cell.__args__}
    assert {name: kind.strip("`") for name, (kind, _) in cells.items()} == kinds


def test_every_suite_is_named() -> None:
    suites = {base.__name__ for base in HostSuite.__mro__} - {"object", "Suite"}
    assert {name for name in suites if f"`{name}`" in GUIDE} == suites


@pytest.mark.parametrize("page", [TREE / "README.md", *PAGES], ids=lambda page: str(page.relative_to(TREE)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            assert (page.parent / target.partition("#")[0]).exists(), target
