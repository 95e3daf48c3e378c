"""Uploads and loads: what became of them, what needs a person, and second tries."""
