"""25 rules over one table: one evaluation beside one action per rule, and beside a count."""

LAYER = "quality"
CONTENDERS = {
    "row_count": "the row count alone",
    "one_by_one": "an action per rule",
    "one_evaluation": "this platform",
}
"""Module and name of each contender."""
OURS = "one_evaluation"
FLOOR = "row_count"
PHASE = "judge"
TABLE = "judged"
"""Name of the table's folder, by which plans show scans of it."""
REFERENCE = "customers"
