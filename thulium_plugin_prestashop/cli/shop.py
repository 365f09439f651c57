"""``demo-shop``: PrestaShop's webservice with made-up data, alone."""

from thulium_plugin_prestashop.cli.console import CommandError, Console, Exit, trouble, until_stopped
from thulium_plugin_prestashop.sandbox.shop import DemoShop

PORT = 8742


async def demo_shop(console: Console, port: int | None, customers: int, orders: int) -> Exit:
    """Run until Ctrl-C or SIGTERM."""
    async with until_stopped() as stopped:
        shop = await _started(port, customers, orders)
        try:
            if console.json:
                console.answer({"url": shop.url, "key": shop.key, "customers": customers, "orders": orders})
            else:
                console.out.print(
                    console.word("demo_shop.ready", url=shop.url, api_key=shop.key), markup=False
                )
                console.tell(console.word("stop_hint"))
            await stopped.wait()
        finally:
            await shop.stop()
    console.tell(console.word("stopped"))
    return Exit.DONE


async def _started(port: int | None, customers: int, orders: int) -> DemoShop:
    """A shop on ``port``; without one, on the usual port or, where that is taken, on a free one."""
    for chosen in (PORT, 0) if port is None else (port,):
        shop = DemoShop(port=chosen, customers=customers, orders=orders)
        try:
            await shop.start()
        except OSError:
            await shop.stop()
        else:
            return shop
    raise CommandError(trouble("port_taken", place="--port", port=port))
