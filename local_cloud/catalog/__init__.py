"""Tables as a reader of the catalog sees them, Athena for one."""
