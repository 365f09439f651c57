"""Whose turn it is, asked of one integration among many, is found by its key alone."""

import pytest
from sqlalchemy import insert, text

from tests.performance.recording import recorded
from tests.performance.test_postgresql_plans import looks, of_others, told
from thulium_plugin_prestashop.mirror.claims import Claim, Claims
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.tables import claims

pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)


async def test_a_claim_reads_no_other_integration(mirror: Mirror) -> None:
    async with mirror.writing() as connection:
        await connection.execute(insert(claims), [{"integration": f"shop-{number}"} for number in range(500)])
        await connection.execute(text("ANALYZE prestashop_claims"))
    process = Claims(mirror, holder="a")
    with recorded(mirror) as statements:
        claim = await process.claim("shop-7")
        assert isinstance(claim, Claim)
        await process.renew(claim, "[]")
        async with process.fenced(claim).writing("shop-7"):
            pass
        await process.cancel("shop-7")
        await process.release(claim, 60.0)
        await process.request("shop-7")
        await process.look("shop-7")
    found = await looks(mirror, statements)
    assert len(found) >= 6
    wrong = of_others(found)
    assert not wrong, told(wrong)


async def test_who_listens_for_requests_reads_the_requests_alone(mirror: Mirror) -> None:
    async with mirror.writing() as connection:
        await connection.execute(insert(claims), [{"integration": f"shop-{number}"} for number in range(500)])
        await connection.execute(text("ANALYZE prestashop_claims"))
    process = Claims(mirror, holder="a")
    await process.request("shop-7")
    with recorded(mirror) as statements:
        assert await process.requested() == ["shop-7"]
    (made,) = (await looks(mirror, statements)).values()
    assert [look.split(" by ")[1].split()[0] for look in made] == ["ix_prestashop_claims_requested_at"]
