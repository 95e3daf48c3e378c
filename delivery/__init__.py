"""Deployment of both apps to an account. Knows nothing of either app."""
