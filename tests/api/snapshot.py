"""What hosts may rely on, as text: one line a name, with its signature, read by griffe without importing anything.

``python -m tests.api.snapshot`` writes ``public.txt`` anew; what changed there belongs into the changelog.
"""

from collections.abc import Iterator
from pathlib import Path

import griffe

PACKAGE = "thulium_plugin_prestashop"
ROOMS = ("contract", "hosting", "testing")
MARKS = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**", None: ""}
FILE = Path(__file__).with_name("public.txt")


def public_api() -> str:
    """Every public name of the rooms that a host may import from."""
    loaded = griffe.load(PACKAGE, search_paths=[Path(__file__).parents[2]])
    lines = [line for room in ROOMS for line in _members(loaded[room])]
    return "".join(f"{line}\n" for line in lines)


def _members(owner: griffe.Object) -> Iterator[str]:
    # Members of a class in their own order: it is the order of arguments of a record.
    members = owner.members.items() if owner.is_class else sorted(owner.members.items())
    for name, member in members:
        if name.startswith("_"):
            continue
        path = member.path.removeprefix(f"{PACKAGE}.")
        match member:
            case griffe.Function():
                yield f"{path}{_signature(member)}"
            case griffe.Attribute():
                yield f"{path}{_annotation(member)}"
            case griffe.Class():
                yield f"class {path}({', '.join(str(base) for base in member.bases)})"
                yield from _members(member)
            case griffe.Module():
                yield from _members(member)
            case _:
                pass  # What is imported from elsewhere is public where it was made.


def _signature(function: griffe.Function) -> str:
    parts = []
    star = False
    for each in function.parameters:
        if each.kind is griffe.ParameterKind.keyword_only and not star:
            star = True
            parts.append("*")
        star = star or each.kind is griffe.ParameterKind.var_positional
        mark = MARKS.get(each.kind, "")
        kind = f": {each.annotation}" if each.annotation is not None else ""
        default = f" = {each.default}" if each.default is not None and not mark else ""
        parts.append(f"{mark}{each.name}{kind}{default}")
    start = " async" if "async" in function.labels else ""
    return f"({', '.join(parts)}) -> {function.returns}{start}"


def _annotation(attribute: griffe.Attribute) -> str:
    kind = f": {attribute.annotation}" if attribute.annotation is not None else ""
    return f"{kind} = {attribute.value}" if attribute.value is not None else kind


if __name__ == "__main__":
    FILE.write_text(public_api(), encoding="utf-8")
