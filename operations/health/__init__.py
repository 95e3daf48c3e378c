"""Health check: stub data through the front door of each route, compared, and removed again.

`operations.health.check.check_health(site, session)` is the same after a deployment, by the clock
and on a laptop.
"""
