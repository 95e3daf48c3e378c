"""Types of columns and values, and how those of a file join those of a table."""
