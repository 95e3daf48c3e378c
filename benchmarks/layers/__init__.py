"""Side-by-side measurements of the layers: ingestion by format, processing, quality."""
