"""Published tables as Apache Iceberg tables, version 2, in the Glue Data Catalog.

Nothing here knows what the tables are about. Files are written elsewhere; a commit makes them part
of a table, in place of others or beside them, all at once or not at all.
"""
