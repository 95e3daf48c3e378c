"""From files that nobody sees to tables, quarantine and lineage that everybody sees."""
