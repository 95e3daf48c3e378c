"""From an uploaded object to rows: formats, encodings, pieces, findings."""
