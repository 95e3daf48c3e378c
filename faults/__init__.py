"""Breaks real runs of Spark in the local cloud, and counts what became of every row."""
