"""People who use the sandbox CRM, each with a browser without its scripts, and the CRM they use."""

import re

import aiohttp
import attrs

from tests.sandbox_web.corner_shop import CornerShop
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm
from thulium_plugin_prestashop.sandbox.web import Server

PASSWORD = "a long enough password"
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@attrs.frozen
class Answer:
    status: int
    text: str
    headers: dict[str, str]


@attrs.define
class Person:
    """Somebody with a browser, without its scripts."""

    url: str
    http: aiohttp.ClientSession
    token: str = ""

    async def get(self, path: str, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.url + path, headers=sent, allow_redirects=False) as answer:
            text = await answer.text()
            if found := TOKEN.search(text):
                self.token = found[1]
            return Answer(answer.status, text, dict(answer.headers))

    async def post(self, path: str, **fields: str | list[str]) -> Answer:
        data = [("csrf", self.token)]
        for name, value in fields.items():
            data += [(name, one) for one in (value if isinstance(value, list) else [value])]
        async with self.http.post(self.url + path, data=data, allow_redirects=False) as answer:
            return Answer(answer.status, await answer.text(), dict(answer.headers))

    async def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        await self.get("/sign-in")
        answer = await self.post("/sign-in", login=login, password=password)
        if answer.status == 303:
            await self.get("/customers/new")
        return answer


@attrs.frozen
class Site:
    """The CRM, its pages, its plugin, and a customer."""

    crm: SandboxCrm
    server: Server
    shop: CornerShop
    customer: str
