"""Errors of policies."""


class PolicyError(ValueError):
    """A policy that AWS would not accept."""
