"""Connectors: what nobody uploads is fetched, and lands like an upload."""
