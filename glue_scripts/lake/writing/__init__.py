"""Writing of Parquet to folders of this attempt, counted against what was read."""
