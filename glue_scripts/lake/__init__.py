"""The library that the Glue scripts share: reading, types, planning, writing, catalog.

In Glue it is imported from a zip as the top-level package `lake`, with `wires` beside it.
"""
