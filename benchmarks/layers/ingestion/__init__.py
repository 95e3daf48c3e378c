"""The same records in six formats: the engine beside a plain Spark job."""

LAYER = "ingestion"
CONTENDERS = {"plain_spark": "plain Spark job", "lake_reader": "this reader"}
"""Module and name of each contender."""
OURS = "lake_reader"
PHASE = "convert"
