"""Upkeep of tables: few files, few snapshots, and no unreachable objects for long."""
