"""One synchronisation run: what to fetch next, whose order it is, what to write."""
