-- What was sold on each day, by the customer's country and the product's category.
--
-- Cancelled orders do not count, nor what came back of them. A return counts for the day of the
-- order, so a row depends on orders of its own day alone. Sales whose customer or product nobody
-- has told are sales: they count as 'unknown' until somebody does.
WITH returned AS (
  SELECT order_id, line, CAST(sum(quantity) AS bigint) AS quantity
  FROM shop_returns
  GROUP BY order_id, line
),
sold AS (
  SELECT
    orders.ordered_on,
    orders.order_id,
    coalesce(customers.country, 'unknown') AS country,
    coalesce(products.category, 'unknown') AS category,
    lines.quantity,
    lines.price,
    coalesce(returned.quantity, 0) AS returned
  FROM shop_orders AS orders
  JOIN shop_order_lines AS lines ON lines.order_id = orders.order_id
  LEFT JOIN shop_customers AS customers ON customers.customer_id = orders.customer_id
  LEFT JOIN shop_products AS products ON products.product_id = lines.product_id
  LEFT JOIN returned ON returned.order_id = lines.order_id AND returned.line = lines.line
  WHERE orders.status IS DISTINCT FROM 'cancelled'
)
SELECT
  ordered_on,
  country,
  category,
  count(DISTINCT order_id) AS orders,
  CAST(sum(quantity) AS bigint) AS units,
  CAST(sum(quantity * price) AS decimal(18, 2)) AS gross,
  CAST(sum(returned) AS bigint) AS units_returned,
  CAST(sum((quantity - returned) * price) AS decimal(18, 2)) AS net
FROM sold
GROUP BY ordered_on, country, category
