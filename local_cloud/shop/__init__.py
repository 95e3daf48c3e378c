"""A small shop's four days of uploads, dirt included, and what must come of them."""
