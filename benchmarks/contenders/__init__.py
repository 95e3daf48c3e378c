"""The tools that are compared: one module each, with what its users would write.

Engines are imported at the top of their module, so that importing the module is the start-up
that is measured apart.
"""

CONTENDERS = {
    "plain_spark": "plain Spark job",
    "lake_reader": "this reader",
    "duckdb_copy": "DuckDB",
    "polars_sink": "Polars",
}
"""Module and name of each contender."""
OURS = "lake_reader"
