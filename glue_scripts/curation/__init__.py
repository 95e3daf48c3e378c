"""From the processed zone to business-ready tables: current rows, SQL, staged and published."""
