"""A stand-in of Thulium's REST API, over a real socket, for tests and for trying the bridge without an account.

Built from the documented facts; what they leave open is a value of :class:`.switches.Switches`.
"""

from thulium_plugin_prestashop.thulium.standin.faults import Fault, FaultKind
from thulium_plugin_prestashop.thulium.standin.server import StandIn
from thulium_plugin_prestashop.thulium.standin.store import Store
from thulium_plugin_prestashop.thulium.standin.switches import Switches

__all__ = ["Fault", "FaultKind", "StandIn", "Store", "Switches"]
