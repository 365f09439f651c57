"""A second host of the contract: Thulium's own CRM, over its public REST API.

:mod:`.api` talks to the API, :mod:`.customers` is the contract's ``Customers`` on it, :mod:`.orders` copies orders
to rows of a field group on the card, :mod:`.bridge` is the service that joins them, and :mod:`.standin` is a
stand-in of the API for tests. What the API leaves undocumented is a value of :class:`.behaviour.Behaviour`,
learned or unknown, never assumed. Stands on ``contract``, ``hosting`` and ``transport`` alone.
"""
