-- Orders that wait to be shipped, the oldest first, and who waits for them.
SELECT
  orders.order_id,
  orders.ordered_on,
  customers.name,
  customers.city
FROM shop_orders AS orders
LEFT JOIN shop_customers AS customers ON customers.customer_id = orders.customer_id
WHERE orders.status = 'placed'
ORDER BY orders.ordered_on, orders.order_id
