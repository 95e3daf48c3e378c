"""Rules about the data of a table, judged on plain Spark.

In Glue it is imported from a zip as the top-level package `quality`, with `dqdl`, the language
of the rules, beside it. docs/dqdl.md says what each rule means.
"""

from quality.anomalies import Judgement, Usual, judge_value
from quality.errors import CannotJudge, SqlRefused, in_words
from quality.evaluation import evaluate
from quality.history import History, PastMetrics, Point
from quality.outcomes import Evaluation, Measurement, Outcome
from quality.spellings import SPELLINGS
from quality.verdicts import Composites, Verdict
from quality.vetting import condition, query

__all__ = [
    "SPELLINGS",
    "CannotJudge",
    "Composites",
    "Evaluation",
    "History",
    "Judgement",
    "Measurement",
    "Outcome",
    "PastMetrics",
    "Point",
    "SqlRefused",
    "Usual",
    "Verdict",
    "condition",
    "evaluate",
    "in_words",
    "judge_value",
    "query",
]
