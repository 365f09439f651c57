"""Places for mirrors, for tests that hold on both databases."""

from pathlib import Path

import attrs

from tests import postgresql


@attrs.define
class Databases:
    """Places for mirrors in one kind of database."""

    kind: str
    folder: Path
    server: postgresql.Server | None
    _made: list[str] = attrs.field(factory=list, init=False)

    async def new(self) -> str | Path:
        """A place without any table yet."""
        if self.server is None:
            self._made.append("")
            return self.folder / f"new{len(self._made)}.db"
        self._made.append(await self.server.create())
        return self.server.address(self._made[-1])

    async def drop(self) -> None:
        """Remove them all."""
        if self.server is not None:
            for name in self._made:
                await self.server.drop(name)
