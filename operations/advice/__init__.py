"""Advice on the size of each job, from the history of its runs."""
