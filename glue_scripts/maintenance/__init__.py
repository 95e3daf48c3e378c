"""Upkeep of tables: few files, few snapshots, nothing for long that nobody can reach."""
