"""A shop's address, in whatever way somebody typed it."""

import re
from typing import Final, Self

import attrs
from yarl import URL

_SCHEME: Final = re.compile(r"^([a-z][a-z0-9+.-]*):/{1,3}", re.IGNORECASE)
_TAIL: Final = re.compile(
    r"/(?:api(?:/.*)?|webservice/dispatcher\.php.*|[^/]*\.(?:php|html?))$", re.IGNORECASE
)
_HOST: Final = re.compile(r"^[a-z0-9_.:-]+$")


class InvalidAddressError(ValueError):
    """Not an address of a shop. ``key`` is the message key: ``address.empty``, ``.scheme``, ``.credentials``,
    ``.invalid``. The typed text is not repeated: people paste keys into it.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@attrs.frozen
class ShopAddress:
    """Where a shop lives, without ``/api``.

    ``path`` is ``""`` for a shop at the root, or the sub-folder with a leading and no trailing slash.
    """

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Read an address typed with or without ``https://``, ``/api``, a sub-folder, a page, a trailing slash.

        https is assumed where no scheme is typed. Query and fragment are dropped.

        Raises:
            InvalidAddressError: Empty, another scheme, user name or password in it, or no address at all.

        """
        text = "".join(typed.split()).replace("\\", "/").strip("/<>\"'")
        if not text:
            raise InvalidAddressError("address.empty")
        if text.lower() in ("http:", "https:"):
            raise InvalidAddressError("address.invalid")
        scheme = _SCHEME.match(text)
        if scheme is None:
            text = f"https://{text}"
        elif scheme[1].lower() not in ("http", "https"):
            raise InvalidAddressError("address.scheme")
        else:
            text = f"{scheme[1].lower()}://{text[scheme.end() :]}"
        try:
            url = URL(text)
            host, port = url.host, url.explicit_port
        except ValueError:
            raise InvalidAddressError("address.invalid") from None
        if url.raw_user is not None or url.raw_password is not None:
            raise InvalidAddressError("address.credentials")
        raw_host = (url.raw_host or "").lower().rstrip(".")
        if not host or not _HOST.match(raw_host) or port == 0:
            raise InvalidAddressError("address.invalid")
        if port == {"http": 80, "https": 443}[url.scheme]:
            port = None
        path = re.sub(r"/{2,}", "/", url.raw_path)
        path = _TAIL.sub("", path.rstrip("/")).rstrip("/")
        return cls(scheme=url.scheme, host=raw_host, port=port, path=path)

    def __str__(self) -> str:
        return self.base_url

    @property
    def origin(self) -> str:
        """Scheme, host and port: ``https://sklep.pl:8443``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port is None else f":{self.port}")

    @property
    def base_url(self) -> str:
        """The shop itself, without a trailing slash: ``https://sklep.pl/shop``."""
        return self.origin + self.path

    def api_url(self, resource: str = "") -> str:
        """The webservice's address of a resource, or of its root; needs URL rewriting in the shop."""
        return f"{self.base_url}/api/{resource}"

    def dispatcher_url(self, resource: str = "") -> str:
        """The same without rewriting; ``&`` joins further parameters."""
        return f"{self.base_url}/webservice/dispatcher.php?url={resource}"
