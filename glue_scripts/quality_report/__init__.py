"""Reports on the quality of a table: for people, for machines, and for later.

In Glue it is imported from a zip as the top-level package `quality_report`. Pages and histories
are made without Spark; only `quality_report.profile` needs it. docs/quality-reports.md says what
the figures mean.
"""
