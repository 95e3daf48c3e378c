"""Glue: jobs whose runs are Spark processes, with states that are true."""
