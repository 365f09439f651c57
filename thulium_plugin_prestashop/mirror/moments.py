"""The database's own clock: what processes on several machines agree on."""

from typing import Final

from sqlalchemy import ColumnElement, Float, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

_EPOCH: Final = 2_440_587.5
"""1970-01-01 as a Julian day, which is what SQLite counts in."""


def now_of(connection: AsyncConnection) -> ColumnElement[float]:
    """This very moment (not the transaction's beginning), epoch seconds with fractions, as part of a statement."""
    if connection.dialect.name == "postgresql":
        return extract("epoch", func.clock_timestamp()).cast(Float())
    return (func.julianday("now", type_=Float()) - _EPOCH) * 86_400.0


async def database_now(connection: AsyncConnection) -> float:
    """The same, asked for."""
    return float((await connection.execute(select(now_of(connection)))).scalar_one())
