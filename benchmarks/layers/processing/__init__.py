"""A curated table by days, first made and then kept up: the product beside a plain Spark job."""

LAYER = "processing"
CONTENDERS = {"recompute": "plain Spark job", "product": "this platform"}
"""Module and name of each contender."""
OURS = "product"
PHASES = ("first build", "one more day", "changed customers")
"""The phases, in order."""
SUBJECT = "orders"
TABLE = "daily_sales"
SQL = """
SELECT o.ordered_on, c.country, o.channel,
       count(*) AS orders, sum(o.quantity) AS quantity, sum(o.amount) AS amount
FROM orders o JOIN customers c ON o.customer_id = c.customer_id
GROUP BY o.ordered_on, c.country, o.channel
"""
