"""Rules about the data of a table, judged on plain Spark.

In Glue it is imported from a zip as the top-level package `quality`, with `dqdl`, the language
of the rules, beside it. What comes out (`outcomes`, `verdicts`, `anomalies`, `history`) is plain
Python, so that reports are made and read without Spark. docs/dqdl.md says what each rule means.
"""
