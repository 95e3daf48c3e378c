"""What readers of tables ask for: queries with what they scan, schemas for Redshift."""
