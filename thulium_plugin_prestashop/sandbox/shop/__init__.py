"""The demo shop: PrestaShop's legacy webservice over a real socket, with made-up people and orders.

``DemoShop`` runs it inside a test, ``spawn_demo_shop`` in a process of its own, and
``python -m thulium_plugin_prestashop.sandbox.shop`` from a command line. It answers as real shops of four versions
were seen to answer, oddities included, and listens on the loopback interface only.
"""

from thulium_plugin_prestashop.sandbox.shop.demo import DemoShop
from thulium_plugin_prestashop.sandbox.shop.faults import Fault, Pace, Trouble
from thulium_plugin_prestashop.sandbox.shop.keys import DEMO_KEY, WebserviceKey
from thulium_plugin_prestashop.sandbox.shop.process import SpawnedShop, demo_shop_process, spawn_demo_shop
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES

__all__ = [
    "DEMO_KEY",
    "PROFILES",
    "DemoShop",
    "Fault",
    "Pace",
    "SpawnedShop",
    "Trouble",
    "WebserviceKey",
    "demo_shop_process",
    "spawn_demo_shop",
]
