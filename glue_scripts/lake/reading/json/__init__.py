"""JSON as lines, a list or documents, read exactly and without losing a spelling."""
