"""What plain Spark and this reader make of files that are hard to read, as it is observed."""
