"""What can go wrong with a remote system, sorted by who must act.

An error carries a stable message key and parameters that are safe to show and to log: names of resources,
host names, counts and codes; never keys, query strings, values or bodies. The sentences for people are made
elsewhere from key and parameters, so an error reads the same in a log, a form and a report.
"""

from collections.abc import Mapping
from typing import TypeAlias

Param: TypeAlias = str | int | float


class RemoteError(Exception):
    """A request that did not give what was asked for; catch one of the three subclasses, or this for all.

    ``key`` is the stable message key (``"auth.key_unknown"``), ``params`` fill its sentence, ``retry_after`` is
    how many seconds the remote side (or our own circuit) asks to wait, ``None`` when nobody said. ``detail`` is
    the remote side's own message, scrubbed of paths: for a report an administrator reads, never for a log.
    """

    def __init__(self, key: str, *, retry_after: float | None = None, **params: Param) -> None:
        super().__init__(key)
        self.key = key
        self.params: Mapping[str, Param] = params
        self.retry_after = retry_after
        self.detail = ""

    def __str__(self) -> str:
        """``auth.permission (resource=orders, status=401)``: key and parameters, nothing else."""
        if not self.params:
            return self.key
        return f"{self.key} ({', '.join(f'{name}={value}' for name, value in sorted(self.params.items()))})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class AdministratorMustAct(RemoteError):  # noqa: N818 - named by who must act, as the table of errors reads
    """Somebody must change a setting, a key, an address or a server before asking again makes sense."""


class TimeWillTell(RemoteError):  # noqa: N818 - named by who must act, as the table of errors reads
    """Asking again later, unchanged, may well work: time-outs, overload, restarts, lost connections."""


class OurFault(RemoteError):  # noqa: N818 - named by who must act, as the table of errors reads
    """An answer this package cannot read, or a question the remote side calls wrong: a defect to report."""
