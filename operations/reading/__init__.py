"""How people read tables: SQL and exports, named queries and what they scan, external schemas."""
