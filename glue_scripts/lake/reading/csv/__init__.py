"""CSV: where records end, the dialect, where the table begins, its header."""
