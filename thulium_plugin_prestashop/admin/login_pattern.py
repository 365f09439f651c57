"""The administrator's own pattern for a marketplace login, kept to what can be matched in a straight line.

A regular expression typed by a person can take years to say no. So only a subset is accepted: single characters
and classes, each perhaps repeated, one group around the login, and after every repetition of varying length
something that the repetition itself can't match. Such a pattern never backtracks by more than one step, which a
property test holds. Alternatives, look-arounds, back-references, nested groups and repeated groups are refused.
"""

import re
from collections.abc import Iterator

import attrs

MAX_LENGTH = 200
"""Characters of a pattern."""

_TOKEN = re.compile(
    r"""
    (?P<atom> \[\^?\]?(?:\\.|(?!--|&&|\|\||~~)[^\]\\\[])*\] | \\[wWdDsS] | \\[^a-zA-Z0-9] | \\[tnr] | [^\\()\[\]{}*+?|^$.] | \. | [\]}] )
        (?P<repeat> (?: [*+?] | \{\d{0,3}(?:,\d{0,3})?\} )? (?P<mode> [?+]? ) )
    | (?P<open> \((?!\?) ) | (?P<close> \)(?![*+?{]) ) | (?P<anchor> \^ | \$ | \\b )
    """,
    re.VERBOSE | re.DOTALL,
)
_PROBES = "".join(map(chr, range(0x180))) + "ȘșȚț–—„”’…€№\u200b"
"""Characters that atoms are told apart by: Latin with its extensions, and what people paste."""


class PatternError(ValueError):
    """The pattern can't be taken: ``key`` names the reason, ``params`` fill its sentence."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


@attrs.frozen
class _Atom:
    text: str
    repeat: str

    @property
    def varies(self) -> bool:
        return self.repeat != "" and not re.fullmatch(r"\{(\d+)(?:,\1)?\}", self.repeat)

    @property
    def may_be_empty(self) -> bool:
        return self.repeat[:1] in {"*", "?"} or re.match(r"\{0*[,}]", self.repeat) is not None

    def characters(self) -> frozenset[str]:
        """The probes that the atom matches, upper and lower case alike, as the pattern is used."""
        return frozenset(re.findall(self.text, _PROBES, re.IGNORECASE | re.DOTALL))


def _atoms(pattern: str) -> Iterator[_Atom]:
    position = groups = depth = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None or token["mode"]:
            raise PatternError("pattern_unsupported", part=pattern[position : position + 12])
        if token["open"]:
            groups, depth = groups + 1, depth + 1
        elif token["close"]:
            depth -= 1
        elif token["atom"]:
            yield _Atom(token["atom"], token["repeat"])
        position = token.end()
    if groups != 1 or depth:
        raise PatternError("pattern_groups")


def compile_login_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, ready to search with, upper and lower case alike. Raises :class:`PatternError`."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError("too_long", limit=str(MAX_LENGTH))
    atoms = list(_atoms(pattern))
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise PatternError("pattern_invalid", reason=error.msg) from error
    for index, atom in enumerate(atoms):
        if not atom.varies:
            continue
        for follower in atoms[index + 1 :]:
            if atom.characters() & follower.characters():
                raise PatternError("pattern_ambiguous", part=atom.text + atom.repeat)
            if not follower.may_be_empty:
                break
    return compiled
