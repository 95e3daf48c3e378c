"""Measures what an object and a table cost in the local cloud, in time and in calls of AWS."""
