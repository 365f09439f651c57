"""No spelling of a secret survives redaction."""

import base64
import io
import logging
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.transport import RedactingFilter, Redactor, RemoteError

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=40)


@given(SECRETS, st.text(max_size=20))
def test_every_spelling_is_masked(secret: str, around: str) -> None:
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    redact = Redactor([secret])
    for spelling in (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        basic,
        quote(basic, safe=""),
        basic.rstrip("="),
    ):
        masked = redact(f"{around} {spelling} {around}")
        assert spelling not in masked or spelling in around * 2


def test_the_longest_secret_goes_first_and_unknown_keys_in_addresses_go_too() -> None:
    redact = Redactor(["ABCDEFGH", "ABCDEFGHIJKL"])
    assert redact("ABCDEFGHIJKL ABCDEFGH") == "*** ***"
    assert redact("GET /api/?limit=1&ws_key=SOMETHING&x=1") == "GET /api/?limit=1&ws_key=***&x=1"
    assert redact("Location: /?ws_key%3DSOMETHING") == "Location: /?ws_key%3D***"
    assert redact("Authorization: Basic QUFBQUFBQUFBQQ==") == "Authorization: Basic ***"


def test_the_logging_filter_masks_messages_arguments_and_tracebacks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(Redactor(["SECRETSECRET"])))
    logger = logging.Logger("test")  # noqa: LOG001 - one that nobody else sees
    logger.addHandler(handler)
    try:
        int("SECRETSECRET")
    except ValueError:
        logger.exception(
            "asked %s with %r", "http://shop/?ws_key=SECRETSECRET", {"key": "SECRETSECRET"}, stack_info=True
        )
    text = stream.getvalue()
    assert "SECRETSECRET" not in text
    assert "ValueError" in text
    assert "***" in text


def test_an_error_shows_its_key_and_parameters_only() -> None:
    error = RemoteError("auth.permission", resource="orders", status=401)
    error.detail = "words of the shop"
    assert str(error) == "auth.permission (resource=orders, status=401)"
    assert repr(error) == "RemoteError(auth.permission (resource=orders, status=401))"
    assert repr(Redactor(["SECRETSECRET"])) == "Redactor(6 spellings)"
