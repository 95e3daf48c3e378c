"""Side-by-side measurements: CSV to Parquet, the layers, and what hazardous files come to."""
