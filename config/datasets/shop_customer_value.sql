-- What each customer has been worth so far: a row for every customer, also without orders.
--
-- Cancelled orders do not count. `share_returned` is of the units, and null where there are none.
WITH returned AS (
  SELECT order_id, line, sum(quantity) AS quantity
  FROM shop_returns
  GROUP BY order_id, line
)
SELECT
  customers.customer_id,
  customers.name,
  customers.country,
  min(orders.ordered_on) AS first_order,
  max(orders.ordered_on) AS last_order,
  count(DISTINCT orders.order_id) AS orders,
  CAST(coalesce(sum(lines.quantity * lines.price), 0) AS decimal(18, 2)) AS gross,
  CAST(
    coalesce(sum(returned.quantity), 0) / nullif(sum(lines.quantity), 0) AS decimal(5, 4)
  ) AS share_returned
FROM shop_customers AS customers
LEFT JOIN shop_orders AS orders
  ON orders.customer_id = customers.customer_id AND orders.status IS DISTINCT FROM 'cancelled'
LEFT JOIN shop_order_lines AS lines ON lines.order_id = orders.order_id
LEFT JOIN returned ON returned.order_id = lines.order_id AND returned.line = lines.line
GROUP BY customers.customer_id, customers.name, customers.country
