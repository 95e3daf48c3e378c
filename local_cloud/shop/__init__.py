"""A small shop's four days of uploads, dirt included, and their expected results."""
