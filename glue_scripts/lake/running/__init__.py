"""Running of work on many items in tasks, where the failure of one costs no other."""
