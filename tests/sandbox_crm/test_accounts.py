"""Accounts, sign-in and sessions."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from thulium_plugin_prestashop.hosting import ManualClock
from thulium_plugin_prestashop.sandbox.crm import (
    CrmError,
    NotFound,
    Role,
    SandboxCrm,
    SignInRefused,
    seed_accounts,
)

PASSWORD = "long enough to be a password"
OpenCrm = Callable[..., AbstractAsyncContextManager[SandboxCrm]]

HERE = "127.0.0.1"


async def test_signing_in_and_out(crm: SandboxCrm) -> None:
    assert await crm.accounts.create("Ewa", "Ewa Nowak", Role.AGENT, password=PASSWORD) == PASSWORD
    signed_in = await crm.accounts.sign_in(" eWA ", PASSWORD, HERE)
    session = await crm.accounts.session(signed_in.token)
    assert session is not None
    assert (session.user.login, session.user.role, session.user.name) == ("Ewa", Role.AGENT, "Ewa Nowak")
    assert session.csrf == signed_in.session.csrf
    assert signed_in.token not in session.csrf
    assert signed_in.token not in repr(signed_in)
    await crm.accounts.sign_out(signed_in.token)
    assert await crm.accounts.session(signed_in.token) is None
    assert await crm.accounts.session("") is None


async def test_every_session_has_a_token_of_its_own(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    tokens = {(await crm.accounts.sign_in("ewa", PASSWORD, HERE)).token for _ in range(3)}
    sessions = [await crm.accounts.session(token) for token in tokens]
    assert len({session.csrf for session in sessions if session}) == 3


async def test_a_wrong_password_and_an_unknown_login_look_the_same(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    await crm.accounts.create("gone", "", Role.AGENT, password=PASSWORD)
    await crm.accounts.set_active("gone", active=False)
    refusals = []
    for login, password in (("ewa", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")):
        with pytest.raises(SignInRefused) as refusal:
            await crm.accounts.sign_in(login, password, HERE)
        refusals.append((refusal.value.key, str(refusal.value), refusal.value.retry_after))
    assert refusals == [("sign_in.refused", "Login or password is wrong.", None)] * 4


async def test_guessing_is_slowed_down_and_a_restart_forgives_nothing(
    open_crm: OpenCrm, clock: ManualClock
) -> None:
    async with open_crm() as crm:
        await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
        for _ in range(5):
            with pytest.raises(SignInRefused, match="wrong"):
                await crm.accounts.sign_in("ewa", "guess", HERE)
            await clock.advance(timedelta(minutes=1))
    async with open_crm() as crm:
        with pytest.raises(SignInRefused) as refusal:
            await crm.accounts.sign_in("ewa", PASSWORD, HERE)
        assert (refusal.value.key, refusal.value.retry_after) == ("sign_in.too_many", 10 * 60)
        assert refusal.value.message.pl == "Zbyt wiele prób. Spróbuj ponownie za 10 minut."
        await crm.accounts.sign_in("ewa", PASSWORD, "10.0.0.2")
        await clock.advance(timedelta(minutes=11))
        await crm.accounts.sign_in("ewa", PASSWORD, HERE)


async def test_guesses_at_the_same_moment_are_counted_too(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    attempts = await asyncio.gather(
        *(crm.accounts.sign_in("ewa", f"guess {number}", HERE) for number in range(12)),
        return_exceptions=True,
    )
    keys = [attempt.key for attempt in attempts if isinstance(attempt, SignInRefused)]
    assert sorted(keys) == ["sign_in.refused"] * 5 + ["sign_in.too_many"] * 7


async def test_one_address_may_not_try_many_logins(crm: SandboxCrm) -> None:
    keys = []
    for number in range(31):
        with pytest.raises(SignInRefused) as refusal:
            await crm.accounts.sign_in(f"login {number}", "guess", HERE)
        keys.append(refusal.value.key)
    assert keys == ["sign_in.refused"] * 30 + ["sign_in.too_many"]


async def test_signing_in_often_is_no_guessing(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    for _ in range(7):
        await crm.accounts.sign_in("ewa", PASSWORD, HERE)


async def test_a_session_lasts_while_it_is_used_and_not_longer_than_a_week(
    crm: SandboxCrm, clock: ManualClock
) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    idle, busy = [(await crm.accounts.sign_in("ewa", PASSWORD, HERE)).token for _ in range(2)]
    hours = 0
    while await crm.accounts.session(busy) is not None:
        await clock.advance(timedelta(hours=5))
        hours += 5
    assert hours == 170, "seven days, seen every five hours"
    assert await crm.accounts.session(idle) is None


async def test_a_new_password_ends_all_sessions(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    token = (await crm.accounts.sign_in("ewa", PASSWORD, HERE)).token
    new = await crm.accounts.set_password("EWA")
    assert await crm.accounts.session(token) is None
    with pytest.raises(SignInRefused):
        await crm.accounts.sign_in("ewa", PASSWORD, HERE)
    token = (await crm.accounts.sign_in("ewa", new, HERE)).token
    await crm.accounts.set_active("ewa", active=False)
    assert await crm.accounts.session(token) is None
    with pytest.raises(NotFound):
        await crm.accounts.set_password("nobody")


async def test_preferences_are_each_persons_own(crm: SandboxCrm) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    await crm.accounts.create("jan", "", Role.ADMIN, password=PASSWORD)
    await crm.accounts.set_preferences(1, locale="en", theme="dark")
    await crm.accounts.set_preferences(1, time_zone="Europe/London")
    assert [(user.locale, user.theme, user.time_zone) for user in await crm.accounts.users()] == [
        ("en", "dark", "Europe/London"),
        ("pl", "auto", "Europe/Warsaw"),
    ]


@pytest.mark.parametrize(
    ("login", "password", "field"),
    [("EWA", PASSWORD, "login"), (" ", PASSWORD, "login"), ("jan", "short", "password")],
)
async def test_an_account_that_does_not_do(crm: SandboxCrm, login: str, password: str, field: str) -> None:
    await crm.accounts.create("ewa", "", Role.AGENT, password=PASSWORD)
    with pytest.raises(CrmError) as refusal:
        await crm.accounts.create(login, "", Role.AGENT, password=password)
    assert refusal.value.field == field


async def test_passwords_and_tokens_are_in_no_file(
    crm: SandboxCrm, files: Callable[[], dict[str, bytes]]
) -> None:
    accounts = await seed_accounts(crm, admin_password=PASSWORD)
    assert accounts[Role.ADMIN].password == PASSWORD
    again = await seed_accounts(crm)
    assert again[Role.AGENT].password != accounts[Role.AGENT].password
    tokens = [(await crm.accounts.sign_in(made.login, made.password, HERE)).token for made in again.values()]
    needles = [*tokens, PASSWORD, *(made.password for made in again.values())]
    content = b"".join(files().values())
    assert all(needle.encode() not in content for needle in needles)
    assert not any(made.password in repr(made) for made in again.values())
