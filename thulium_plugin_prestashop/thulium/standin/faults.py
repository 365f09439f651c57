"""Things that go wrong on purpose."""

from enum import Enum

import attrs


class FaultKind(Enum):
    """What happens to a request."""

    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    """429 with ``Retry-After: 0``."""
    SERVER = "server"
    """500, nothing done."""
    SERVER_AFTER = "server_after"
    """500, and yet it was done."""
    RESET = "reset"
    """The connection breaks, nothing done."""
    RESET_AFTER = "reset_after"
    """The connection breaks after it was done."""
    NOT_JSON = "not_json"
    """200 with a page of HTML, and it was done."""


@attrs.define
class Fault:
    """Strikes requests of one method whose path begins so: after ``skip`` of them, ``times`` in a row."""

    kind: FaultKind
    method: str = "*"
    path: str = ""
    skip: int = 0
    times: int = 1

    def strikes(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts it if it fits."""
        if self.method not in {"*", method} or not path.startswith(self.path) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True
