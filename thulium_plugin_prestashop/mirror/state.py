"""What is known of each shop as a whole: what its client learned, when it was last read, and by which settings."""

import attrs
import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.store import upsert
from thulium_plugin_prestashop.mirror.tables import shops_state


@attrs.frozen
class ShopState:
    """One row per integration; all times are UTC epoch seconds, ``None`` is never."""

    facts: dict[str, object] = attrs.field(factory=dict)
    """What the webservice client learned (version, format, refused fields)."""
    settings: dict[str, object] = attrs.field(factory=dict)
    """The settings that the mirror was filled with."""
    last_success: int | None = None
    last_lookups: int | None = None
    last_sweep: int | None = None
    shop_clock: int | None = None
    host_clock: int | None = None


async def load_state(connection: AsyncConnection, integration: str) -> ShopState:
    """The state, or an empty one."""
    answer = await connection.execute(select(shops_state).where(shops_state.c.integration == integration))
    row = answer.mappings().first()
    if row is None:
        return ShopState()
    values = {key: value for key, value in row.items() if key != "integration"}
    return ShopState(
        **{
            **values,
            "facts": orjson.loads(row["facts"] or b"{}"),
            "settings": orjson.loads(row["settings"] or b"{}"),
        }
    )


async def save_state(connection: AsyncConnection, integration: str, state: ShopState) -> None:
    """Keep the state."""
    await connection.execute(
        upsert(connection.dialect.name, shops_state),
        {
            **attrs.asdict(state),
            "integration": integration,
            "facts": orjson.dumps(state.facts, option=orjson.OPT_SORT_KEYS).decode(),
            "settings": orjson.dumps(state.settings, option=orjson.OPT_SORT_KEYS).decode(),
        },
    )
