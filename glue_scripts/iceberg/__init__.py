"""Published tables as Apache Iceberg tables, version 2, in the Glue Data Catalog.

Nothing here knows what the tables are about. Files are written elsewhere; one commit adds them to a
table, replacing others or not, all at once or not at all.
"""
