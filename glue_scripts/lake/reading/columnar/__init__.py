"""Formats that bring types with them: Parquet, ORC, Avro."""
