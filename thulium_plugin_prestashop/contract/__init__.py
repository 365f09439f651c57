"""What a host and a plugin agree on, and nothing else.

A host reads the manifest (:mod:`.manifest`), loads the plugin by its entry point, and calls the hooks of
:mod:`.hookspecs`. A plugin asks its host through the protocols of :mod:`.host` and answers with the data of
:mod:`.forms`, :mod:`.integration`, :mod:`.tasks`, :mod:`.problems` and :mod:`.views`. This package imports no
other part of the plugin, so a host may depend on it alone.
"""

CONTRACT_VERSION = "0.1.0"
"""SemVer of the contract, apart from the plugin's own version. Before 1.0 a minor step may break."""
