"""How people read tables: SQL over the catalog, by Athena or on a laptop, and exports to files."""
