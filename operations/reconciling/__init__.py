"""Reconciliation: uploads, ledgers, tables and files compared with each other, both ways.

`operations.reconciling.reconcile.reconcile(environment, session)` needs nothing else, and returns a
report: a command line or a function can call it.
"""
