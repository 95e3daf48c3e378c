"""Rules about the data of a table, judged on plain Spark.

In Glue it is imported from a zip as the top-level package `quality`, with `dqdl`, the language
of the rules, beside it. docs/dqdl.md says what each rule means.
"""

from quality.anomalies import Judgement, Usual, judge_value
from quality.evaluation import evaluate
from quality.history import History, PastMetrics, Point
from quality.outcomes import Evaluation, Measurement, Outcome
from quality.verdicts import Composites, Verdict

__all__ = [
    "Composites",
    "Evaluation",
    "History",
    "Judgement",
    "Measurement",
    "Outcome",
    "PastMetrics",
    "Point",
    "Usual",
    "Verdict",
    "evaluate",
    "judge_value",
]
