"""Detection of the encoding of text that is not UTF-8."""
