"""The library that the Glue scripts share: reading, types, planning, writing, catalog.

In Glue it is imported from a zip as the top-level package `lake`, with `wires` beside it.
"""

import os

# Nothing here needs the thread pool that numpy's linear algebra starts when it is imported, one
# thread per core in each of Spark's workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
