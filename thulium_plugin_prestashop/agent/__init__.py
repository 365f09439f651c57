"""What agents see: the tab of the customer card, the ORDERS section of the contact history, order search.

Everything here reads the mirror only, so it works, and is as fast, while the shop is down.
"""
