"""Compares what plain Spark and this reader make of files that are hard to read."""
