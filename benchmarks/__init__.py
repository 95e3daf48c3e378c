"""Side-by-side measurements of CSV to Parquet, and what each tool makes of hazardous files."""
