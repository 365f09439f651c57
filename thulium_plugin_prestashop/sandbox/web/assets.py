"""The pages' stylesheets, scripts and icon, read once and served under an address that changes with their content."""

import hashlib
from importlib.resources import files

import attrs
from aiohttp import web

from thulium_plugin_prestashop.sandbox.web import colours

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_MOST_COLORS = 200


@attrs.frozen
class Assets:
    """File name to content."""

    contents: dict[str, bytes]
    version: str

    @classmethod
    def read(cls) -> "Assets":
        """Read the package's ``static`` folder (some 60 kB)."""
        folder = files("thulium_plugin_prestashop.sandbox.web") / "static"
        contents = {
            file.name: file.read_bytes()
            for file in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if file.name.endswith(tuple(_TYPES))
        }
        digest = hashlib.sha256(b"\0".join(name.encode() + body for name, body in contents.items()))
        return cls(contents, digest.hexdigest()[:12])

    def address(self, name: str) -> str:
        """Where to link to. Raises ``KeyError`` for a file that is not there."""
        if name not in self.contents:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """One file; only the present version has it, so that no browser mixes two."""
        name = request.match_info["name"]
        if request.match_info["version"] != self.version or name not in self.contents:
            raise web.HTTPNotFound
        kind = _TYPES[name[name.rindex(".") :]]
        return web.Response(
            body=self.contents[name],
            content_type=kind,
            charset=None if kind == "image/svg+xml" else "utf-8",
            headers={"Cache-Control": _FOR_EVER},
        )


async def serve_colours(request: web.Request) -> web.Response:
    """``/colours.css?c=32cd32,34209e``: badges in a shop's colours, each with a readable ink."""
    wanted = request.query.get("c", "").split(",")[:_MOST_COLORS]
    return web.Response(
        text=colours.stylesheet(colours.normalise(color) for color in wanted),
        content_type="text/css",
        headers={"Cache-Control": _FOR_EVER},
    )
