"""SQL as contracts may have it, and as they must not: held against both of the checks.

The tables are `orders` and `customers`, with the columns of `ORDERS` and `CUSTOMERS`.
"""

# ruff: noqa: E501 - a query in one line is easier to find
from __future__ import annotations

import random
from collections.abc import Callable, Iterator

ORDERS = (
    "id bigint, customer_id bigint, amount double, price decimal(10,2), status string, "
    "ordered_on date, ordered_at timestamp, items array<int>, tags array<string>, "
    "address struct<city:string,zip:string>, prices map<string,double>, returned boolean, "
    "`Größe (cm)` bigint, `имя` string, `user` string, note string"
)
CUSTOMERS = "customer_id bigint, name string, country string, since date"

FILES = [
    "SELECT * FROM text.`/etc/hostname`",
    "SELECT * FROM parquet.`s3://bucket/key`",
    "SELECT * FROM csv.`/etc/passwd`",
    "SELECT * FROM json.`/data`",
    "SELECT * FROM orc.`/data`",
    "SELECT * FROM avro.`/data`",
    "SELECT * FROM binaryFile.`/etc`",
    "SELECT * FROM delta.`/data`",
    "SELECT * FROM `text`.`/etc/hostname`",
    "SELECT * FROM orders JOIN parquet.`/x` USING (id)",
    "SELECT * FROM orders WHERE id IN (SELECT id FROM csv.`/x`)",
    "SELECT (SELECT max(value) FROM text.`/etc/hostname`) AS a FROM orders",
    "WITH x AS (SELECT * FROM text.`/etc/hostname`) SELECT * FROM x",
    "SELECT * FROM orders UNION ALL SELECT * FROM parquet.`/x`",
    "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM text.`/x`)",
    "SELECT * FROM orders, LATERAL (SELECT * FROM text.`/x`)",
    "SELECT * FROM read_files('/etc')",
    "SELECT * FROM IDENTIFIER('text.`/etc/hostname`')",
    "SELECT * FROM sql_keywords()",
    "SELECT * FROM collations()",
    "SELECT * FROM python_worker_logs()",
    "SELECT xpath(note, '/a/b') FROM orders",
    "SELECT from_xml(note, 'a int', map('rowValidationXSDPath', '/etc/x.xsd')) FROM orders",
    "SELECT from_protobuf(note, 'm', '/etc/descriptor') FROM orders",
]
TABLES = [
    "SELECT * FROM invoices",
    "SELECT * FROM default.orders",
    "SELECT * FROM spark_catalog.default.orders",
    "SELECT * FROM global_temp.orders",
    "SELECT * FROM system.information_schema.tables",
    "SELECT * FROM orders VERSION AS OF 1",
    "SELECT * FROM orders TIMESTAMP AS OF '2026-01-01'",
    "SELECT * FROM orders JOIN m0 ON true",
    "WITH x AS (SELECT * FROM x) SELECT * FROM x",
    "SELECT * FROM (WITH y AS (SELECT 1) SELECT * FROM y) JOIN y",
    "SELECT * FROM STREAM orders",
    "SELECT * FROM orders TABLESAMPLE (10 PERCENT)",
    "SELECT * FROM orders TABLESAMPLE (BUCKET 1 OUT OF 10)",
]
COMMANDS = [
    "DROP TABLE m0",
    "DROP TABLE IF EXISTS orders",
    "CREATE TEMP VIEW leak AS SELECT * FROM orders",
    "CREATE OR REPLACE TEMPORARY VIEW orders AS SELECT 1",
    "CREATE TABLE x AS SELECT * FROM orders",
    "CREATE TEMPORARY FUNCTION f AS 'com.example.F'",
    "CREATE FUNCTION f AS 'com.example.F' USING JAR 's3://bucket/f.jar'",
    "SET TIME ZONE 'Asia/Tokyo'",
    "SET spark.sql.ansi.enabled=false",
    "SET",
    "RESET",
    "SET x = 1",
    "SET VAR x = 1",
    "DECLARE VARIABLE x INT DEFAULT 1",
    "USE other",
    "USE CATALOG other",
    "CACHE TABLE orders",
    "UNCACHE TABLE orders",
    "CLEAR CACHE",
    "REFRESH TABLE orders",
    "ADD JAR 's3://bucket/x.jar'",
    "ADD FILE '/etc/passwd'",
    "LIST JARS",
    "EXPLAIN SELECT * FROM orders",
    "DESCRIBE orders",
    "DESCRIBE QUERY SELECT 1",
    "SHOW TABLES",
    "SHOW CREATE TABLE orders",
    "ANALYZE TABLE orders COMPUTE STATISTICS",
    "MSCK REPAIR TABLE orders",
    "TRUNCATE TABLE orders",
    "ALTER TABLE orders RENAME TO x",
    "INSERT INTO orders SELECT * FROM customers",
    "INSERT OVERWRITE DIRECTORY '/tmp/x' USING csv SELECT * FROM orders",
    "INSERT OVERWRITE TABLE orders SELECT * FROM orders",
    "FROM orders INSERT INTO customers SELECT id, note, note, ordered_on",
    "WITH x AS (SELECT 1) INSERT INTO orders SELECT * FROM x",
    "DELETE FROM orders",
    "UPDATE orders SET id = 1",
    "MERGE INTO orders USING customers ON true WHEN MATCHED THEN DELETE",
    "LOAD DATA INPATH '/x' INTO TABLE orders",
    "CALL system.rollback('x')",
    "COMMENT ON TABLE orders IS 'x'",
    "BEGIN SELECT 1; END",
    "BEGIN DROP TABLE orders; SELECT 1; END",
    "EXECUTE IMMEDIATE 'DROP TABLE orders'",
    "SELECT 1; DROP TABLE orders",
    "SELECT 1;",
    "IF true THEN SELECT 1; END IF",
]
PROGRAMS = [
    "SELECT TRANSFORM (id) USING 'cat' AS (a) FROM orders",
    "SELECT TRANSFORM (*) USING 'python3 x.py' FROM orders",
    "FROM orders MAP id USING 'cat' AS a",
    "FROM orders REDUCE id USING 'cat' AS a",
    "SELECT '${env:HOME}' AS a",
    "SELECT '${spark.app.name}' AS a FROM orders",
    "SELECT :x FROM orders",
    "SELECT ? FROM orders",
    "SELECT id FROM orders WHERE id = :x",
    "SELECT IDENTIFIER('id') FROM orders",
    "SELECT builtin.abs(id) FROM orders",
    "SELECT system.builtin.rand() FROM orders",
    "SELECT other.f(id) FROM orders",
    "SELECT f(id) FROM orders",
    "SELECT id FROM orders QUALIFY row_number() OVER (ORDER BY id) = 1",
    "SELECT id FROM orders ORDER BY rand()",
    "SELECT id FROM orders GROUP BY id HAVING max(uuid()) > ''",
    "SELECT sum(id) FILTER (WHERE rand() > 0.5) AS a FROM orders",
    "SELECT row_number() OVER (ORDER BY uuid()) AS a FROM orders",
    "SELECT id, sum(id) OVER w AS a FROM orders WINDOW w AS (PARTITION BY spark_partition_id())",
    "SELECT id FROM orders JOIN customers ON now() > ordered_at",
    "SELECT id, e FROM orders LATERAL VIEW explode(shuffle(items)) t AS e",
    "SELECT id FROM orders LATERAL VIEW reflect('java.lang.System', 'exit') t AS e",
    "SELECT * FROM range(rand())",
    "SELECT id FROM orders LIMIT 1 + current_user()",
    "SELECT a FROM VALUES (now()) AS v(a)",
    "SELECT id FROM orders |> LIMIT 1",
]
CALLS = [
    "reflect('java.lang.System', 'getenv', 'HOME')",
    "java_method('java.lang.System', 'exit', 1)",
    "try_reflect('java.lang.System', 'getenv', 'HOME')",
    "rand()",
    "rand(1)",
    "randn()",
    "random()",
    "randstr(5)",
    "uniform(1, 10)",
    "uuid()",
    "shuffle(items)",
    "aes_encrypt(note, 'abcdefghijklmnop')",
    "now()",
    "current_date",
    "current_date()",
    "current_timestamp",
    "current_timestamp()",
    "curdate()",
    "localtimestamp()",
    "current_time()",
    "current_timezone()",
    "unix_timestamp()",
    "current_user",
    "current_user()",
    "session_user",
    "session_user()",
    "user()",
    "current_catalog()",
    "current_database()",
    "current_schema()",
    "version()",
    "input_file_name()",
    "input_file_block_start()",
    "input_file_block_length()",
    "spark_partition_id()",
    "monotonically_increasing_id()",
    "date 'now'",
    "DATE 'today'",
    "TIMESTAMP ' now'",
    "timestamp_ntz 'yesterday'",
    "timestamp_ltz 'tomorrow'",
    "cast('now' AS timestamp)",
    "try_cast('today' AS date)",
    "'now'::timestamp",
    "date('today')",
    "timestamp('now')",
    "to_date('yesterday')",
    "to_timestamp('now UTC')",
    "cast('n' || 'ow' AS timestamp)",
    "cast(concat('no', 'w') AS timestamp)",
    "from_avro(note, '{}')",
    "`rand`()",
    "`Now` ()",
    "`current_date`",
    "`current_user`",
    "date 'to\\u0064ay'",
    "timestamp 'n\\157w'",
    "timestamp r'now'",
    'date "today"',
    "cast('n\\u006fw' AS timestamp)",
    "cast(cast('now' AS string) AS timestamp)",
    "transform(items, x -> rand())",
    "CASE WHEN returned THEN uuid() ELSE note END",
    "coalesce(note, version())",
]
"""Of one row."""
AGGREGATES = [
    "first(note)",
    "first(note IGNORE NULLS)",
    "last(note)",
    "any_value(note)",
    "first_value(note)",
    "last_value(note)",
    "first_value(note) OVER (PARTITION BY customer_id)",
    "concat_ws(',', collect_list(note))",
    "array_join(collect_set(note), ',')",
    "array_agg(id)[0]",
    "listagg(note, ',')",
    "string_agg(note, ',')",
    "kll_sketch_get_quantile_double(kll_sketch_agg_double(amount), 0.5)",
    "size(approx_top_k(note))",
]
NO_QUERIES = [
    *(FILES + TABLES + COMMANDS + PROGRAMS),
    *(f"SELECT {call} AS a FROM orders" for call in CALLS + AGGREGATES),  # noqa: S608
]

QUERIES = [
    "SELECT * FROM orders",
    "SELECT id, amount FROM ORDERS AS o WHERE o.amount > 0 ORDER BY id DESC NULLS LAST LIMIT 10",
    "WITH a AS (SELECT id FROM orders), b AS (SELECT * FROM a) SELECT count(*) AS n FROM b",
    "WITH orders AS (SELECT * FROM orders) SELECT o.id FROM orders AS o",
    "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer_id = c.customer_id",
    "SELECT id FROM orders JOIN customers USING (customer_id) WHERE country = 'DE'",
    "SELECT id FROM orders LEFT ANTI JOIN customers USING (customer_id)",
    "SELECT id FROM orders o LEFT SEMI JOIN customers c ON o.customer_id = c.customer_id",
    "SELECT id FROM orders CROSS JOIN (SELECT max(since) AS m FROM customers)",
    "SELECT a.id, b.id AS other FROM orders a FULL OUTER JOIN orders b ON a.id = b.id + 1",
    "SELECT status, sum(amount) AS total FROM orders GROUP BY status HAVING sum(amount) > 10",
    (
        "SELECT status, year(ordered_on) AS y, sum(amount) AS s FROM orders "
        "GROUP BY GROUPING SETS ((status), (year(ordered_on)), ())"
    ),
    (
        "SELECT status, returned, count(*) AS n, grouping_id() AS g FROM orders "
        "GROUP BY CUBE (status, returned)"
    ),
    "SELECT status, returned, count(*) AS n FROM orders GROUP BY ROLLUP (status, returned)",
    (
        "SELECT status, returned, grouping(status) AS g FROM orders GROUP BY status, returned "
        "WITH ROLLUP"
    ),
    "SELECT status, count(*) AS n FROM orders GROUP BY ALL",
    "SELECT count(DISTINCT customer_id) AS n, count(DISTINCT status, returned) AS m FROM orders",
    (
        "SELECT count(*) FILTER (WHERE amount > 0) AS n, sum(amount) FILTER (WHERE returned) AS s "
        "FROM orders"
    ),
    (
        "SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC) AS rn "
        "FROM orders"
    ),
    (
        "SELECT id, sum(amount) OVER (PARTITION BY customer_id ORDER BY ordered_on ROWS BETWEEN "
        "UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM orders"
    ),
    (
        "SELECT id, avg(amount) OVER (ORDER BY ordered_on RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND "
        "CURRENT ROW) AS week FROM orders"
    ),
    (
        "SELECT id, lag(amount, 1, 0) OVER w AS before, lead(amount) OVER w AS after FROM orders "
        "WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at)"
    ),
    (
        "SELECT id, first_value(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS f, "
        "last_value(amount) IGNORE NULLS OVER (PARTITION BY customer_id ORDER BY ordered_at) AS l "
        "FROM orders"
    ),
    (
        "SELECT id, rank() OVER (ORDER BY amount), dense_rank() OVER (ORDER BY amount) AS d, "
        "ntile(4) OVER (ORDER BY amount) AS q, percent_rank() OVER (ORDER BY amount) AS p, "
        "nth_value(amount, 2) OVER (ORDER BY amount) AS n FROM orders"
    ),
    (
        "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY status ORDER BY id) AS rn "
        "FROM orders) WHERE rn = 1"
    ),
    "SELECT id, item FROM orders LATERAL VIEW explode(items) e AS item",
    "SELECT id, place, item FROM orders LATERAL VIEW OUTER posexplode(items) e AS place, item",
    "SELECT id, explode(tags) AS tag FROM orders",
    "SELECT id, t.item FROM orders, LATERAL explode(items) AS t(item)",
    "SELECT o.id, x.n FROM orders o, LATERAL (SELECT o.id + 1 AS n) AS x",
    "SELECT n.id FROM range(10) AS n LEFT JOIN orders USING (id)",
    (
        "SELECT * FROM (SELECT status, year(ordered_on) AS y, amount FROM orders) "
        "PIVOT (sum(amount) FOR y IN (2025, 2026))"
    ),
    (
        "SELECT * FROM (SELECT id, amount, CAST(price AS double) AS price FROM orders) "
        "UNPIVOT (value FOR measure IN (amount, price))"
    ),
    "SELECT id FROM orders UNION ALL SELECT customer_id FROM customers",
    "SELECT id FROM orders UNION SELECT customer_id FROM customers",
    "SELECT id FROM orders EXCEPT SELECT customer_id FROM customers",
    "(SELECT id FROM orders) INTERSECT (SELECT customer_id FROM customers)",
    "SELECT DISTINCT status FROM orders",
    (
        "SELECT id, transform(items, x -> x + 1) AS more, filter(items, (x, i) -> i > 0) AS rest, "
        "aggregate(items, 0, (sum, x) -> sum + x) AS total, exists(items, x -> x > 3) AS any_high, "
        "forall(items, x -> x > 0) AS all_high FROM orders"
    ),
    (
        "SELECT zip_with(items, items, (x, y) -> x * y) AS z, array_sort(items) AS s, "
        "map_filter(prices, (k, v) -> v > 1) AS m, transform_values(prices, (k, v) -> v * 2) AS t "
        "FROM orders"
    ),
    (
        "SELECT CAST(amount AS decimal(12,2)) AS a, try_cast(note AS int) AS n, amount::string AS s, "
        "int(amount) AS i, double(price) AS d, string(id) AS t FROM orders"
    ),
    (
        "SELECT regexp_extract(note, '(\\\\d+)', 1) AS digits, regexp_replace(note, '[^a-z]', '') AS r, "
        "note RLIKE '^a.*' AS m, note LIKE 'a\\\\_%' AS l, note LIKE ANY ('a%', 'b%') AS y FROM orders"
    ),
    (
        "SELECT date_trunc('month', ordered_at) AS month, trunc(ordered_on, 'YEAR') AS year, "
        "date_add(ordered_on, 7) AS next, datediff(ordered_on, DATE '2026-01-01') AS days, "
        "add_months(ordered_on, 1) AS m, last_day(ordered_on) AS l, dayofweek(ordered_on) AS d "
        "FROM orders"
    ),
    (
        "SELECT ordered_at + INTERVAL 3 HOURS AS later, ordered_on - INTERVAL '1' YEAR AS before, "
        "extract(HOUR FROM ordered_at) AS h, timestampdiff(DAY, ordered_at, ordered_at) AS n, "
        "dateadd(MONTH, 1, ordered_on) AS m FROM orders"
    ),
    (
        "SELECT TIMESTAMP '2026-01-15 10:30:00' AS t, DATE '2026-01-15' AS d, date('2026-01-15') AS e, "
        "to_date('15.01.2026', 'dd.MM.yyyy') AS f, to_timestamp(note, 'yyyy-MM-dd') AS g, "
        "unix_timestamp(ordered_at) AS u, from_unixtime(0) AS v, CAST('2026-01-15' AS date) AS c "
        "FROM orders"
    ),
    (
        "SELECT date_format(ordered_at, 'yyyy-MM') AS m, from_utc_timestamp(ordered_at, 'Asia/Tokyo') "
        "AS t, convert_timezone('UTC', 'Europe/Berlin', ordered_at) AS b FROM orders"
    ),
    (
        "SELECT address.city AS city, address.zip, prices['eur'] AS eur, items[0] AS first, "
        "element_at(items, 1) AS e, try_element_at(prices, 'x') AS p, get(items, 2) AS g FROM orders"
    ),
    (
        "SELECT try_divide(amount, id) AS a, try_add(id, 1) AS b, try_to_number(note, '999') AS c, "
        "try_to_timestamp(note) AS d, try_sum(id) OVER (PARTITION BY status) AS s FROM orders"
    ),
    "SELECT `Größe (cm)` AS `Höhe`, `имя` AS имя, `user` FROM orders",
    "SELECT имя, user FROM orders",
    "SELECT id AS now, amount AS rand, note AS current_date, status AS uuid FROM orders",
    (
        "SELECT t.current_date, t.now FROM (SELECT ordered_on AS current_date, id AS now FROM orders) "
        "t"
    ),
    "SELECT id AS `select`, amount AS `from`, note AS `drop table` FROM orders",
    "SELECT rand.id FROM orders AS rand JOIN customers AS now ON rand.customer_id = now.customer_id",
    "WITH uuid AS (SELECT id FROM orders) SELECT uuid.id FROM uuid",
    "SELECT /* rand() ; DROP TABLE x */ id -- now()\nFROM orders -- SET x = 1",
    "SELECT 'DROP TABLE m0; SELECT rand()' AS a, \"it's now() -- no\" AS b FROM orders",
    "SELECT id FROM orders WHERE note = 'text.`/etc/hostname`' OR note = 'now'",
    "SELECT id FROM orders WHERE note IN ('today', 'current_date()', 'uuid()')",
    "SELECT 'it''s' AS a, 'a\\'b' AS b, r'\\d' AS c, X'1F' AS d, 'a' 'b' AS e FROM orders",
    (
        "SELECT CASE WHEN amount > 10 THEN 'high' WHEN amount > 5 THEN 'mid' ELSE 'low' END AS c, "
        "CASE status WHEN 'a' THEN 1 END AS d, if(returned, 1, 0) AS e, nullif(note, '') AS f, "
        "coalesce(note, status, 'none') AS g, nvl(note, '') AS h, decode(status, 'a', 1, 2) AS i "
        "FROM orders"
    ),
    (
        "SELECT percentile(amount, 0.5) AS p, percentile_approx(amount, 0.9) AS q, "
        "approx_count_distinct(id) AS n, stddev(amount) AS s, corr(amount, id) AS c, "
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS m, max_by(note, ordered_at) AS l, "
        "bool_and(returned) AS b, count_if(amount > 0) AS k, mode(status) AS o FROM orders"
    ),
    (
        "SELECT array_join(sort_array(collect_set(note)), ',') AS notes, "
        "size(collect_list(id)) AS n, array_contains(collect_set(status), 'a') AS has_a, "
        "listagg(note, ',') WITHIN GROUP (ORDER BY note) AS l FROM orders GROUP BY status"
    ),
    (
        "SELECT sha2(concat_ws('|', id, note), 256) AS h, md5(note) AS m, xxhash64(id, note) AS x, "
        "crc32(note) AS c, base64(encode(note, 'UTF-8')) AS b FROM orders"
    ),
    (
        "SELECT get_json_object(note, '$.a') AS a, from_json(note, 'b int').b AS b, "
        "to_json(named_struct('c', id)) AS c, json_array_length(note) AS n FROM orders"
    ),
    (
        "SELECT trim(BOTH ' ' FROM note) AS t, substring(note FROM 1 FOR 2) AS s, "
        "position('a' IN note) AS p, overlay(note PLACING 'x' FROM 1) AS o, upper(note) AS u, "
        "lpad(note, 5, '0') AS l, split(note, ',')[0] AS f, initcap(note) AS i, note || '!' AS e "
        "FROM orders"
    ),
    (
        "SELECT id, (SELECT count(*) FROM customers c WHERE c.customer_id = o.customer_id) AS n "
        "FROM orders o"
    ),
    (
        "SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = "
        "o.customer_id) AND id NOT IN (SELECT customer_id FROM customers)"
    ),
    "SELECT * EXCEPT (note), amount * 1.19 AS gross FROM orders",
    "SELECT /*+ BROADCAST(c) */ o.id FROM orders o JOIN customers c USING (customer_id)",
    (
        "SELECT v.code, o.id FROM orders o JOIN (VALUES ('a', 1), ('b', 2)) AS v(code, n) ON "
        "o.status = v.code"
    ),
    "SELECT window.start AS start, count(*) AS n FROM orders GROUP BY window(ordered_at, '1 hour')",
    (
        "SELECT sequence(1, 3) AS s, array(1, 2) AS a, map('k', 1) AS m, struct(id AS a, note) AS t "
        "FROM orders"
    ),
    "SELECT id, stack(2, 'a', amount, 'b', double(price)) AS (k, v) FROM orders",
    "SELECT id FROM orders WHERE ordered_on BETWEEN '2026-01-01' AND '2026-12-31' AND amount <=> 1",
    "SELECT id FROM orders WHERE ordered_at >= '2026-01-01 00:00:00' AND NOT returned",
    (
        "SELECT ceil(amount) AS c, floor(price) AS f, round(amount, 2) AS r, pmod(id, 7) AS p, "
        "id DIV 2 AS d, id % 2 AS m, -id AS n, id & 1 AS b, greatest(id, 1) AS g, 1e3 AS e FROM orders"
    ),
    "SELECT o.* FROM orders o DISTRIBUTE BY id SORT BY id",
    "FROM orders SELECT id, amount WHERE amount > 0",
    "SELECT id FROM orders WHERE returned IS TRUE AND returned IS NOT FALSE AND returned IS NOT UNKNOWN",
    "SELECT id FROM orders WHERE id NOT BETWEEN 1 AND 2 AND note LIKE 'a!%' ESCAPE '!' AND note ILIKE ANY ('a%','b%') AND note NOT LIKE ALL ('x','y') AND note IS DISTINCT FROM status",
    "SELECT ordered_on + INTERVAL 1 YEAR 2 MONTHS AS a, ordered_at - ordered_at AS b, ordered_on - ordered_on AS c FROM orders",
    "SELECT id FROM orders ORDER BY id LIMIT ALL",
    "SELECT id FROM orders ORDER BY id LIMIT 5 OFFSET 2",
    "SELECT * FROM orders NATURAL JOIN customers",
    "SELECT id, amount FROM orders ORDER BY ALL",
    "SELECT id FROM orders CLUSTER BY id",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
    "WITH t(a, b) AS (SELECT id, amount FROM orders) SELECT a, b FROM t",
    "SELECT status, count(*) c FROM orders GROUP BY 1 ORDER BY 2 DESC",
    "SELECT ALL id FROM orders",
    "SELECT mask(note, upperChar => 'Q') m, note COLLATE UTF8_LCASE AS c FROM orders",
    "SELECT ceil(price, 1) c, floor(price, -1) f, id::int i FROM orders",
    "WITH v AS (VALUES (1, 'a'), (2, 'b')) SELECT * FROM v",
    "SELECT s.* FROM (SELECT named_struct('a', 1, 'b', 2) AS s FROM orders)",
    "SELECT address.* FROM orders",
    "SELECT inline(array(struct(1 AS a, 2 AS b))) FROM orders",
    "SELECT json_tuple(note, 'a', 'b') AS (x, y) FROM orders",
    "SELECT id FROM orders WHERE (id, customer_id) IN (SELECT customer_id, customer_id FROM customers)",
    "SELECT * FROM orders FULL JOIN customers USING (customer_id)",
    "SELECT max(amount) OVER () AS m, sum(amount) OVER (PARTITION BY status) / sum(amount) OVER () AS share FROM orders",
    "SELECT nth_value(note, 2) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) v, cume_dist() OVER (ORDER BY id) c FROM orders",
    "SELECT * FROM (SELECT status, amount FROM orders) PIVOT (sum(amount) AS s, count(*) AS c FOR status IN ('a' AS x, 'b' AS y))",
    "SELECT grouping_id(status, returned) g, status, returned, sum(amount) s FROM orders GROUP BY status, returned GROUPING SETS ((status, returned), (status), ())",
    "SELECT date_part('year', ordered_on) y, extract(week FROM ordered_on) w, make_date(2026, 1, 2) d, months_between(ordered_on, DATE'2026-01-01') m, next_day(ordered_on, 'MON') n, weekday(ordered_on) wd, quarter(ordered_on) q FROM orders",
    "SELECT split_part(note, ',', 1) a, regexp_count(note, 'a') b, translate(note, 'a', 'b') c, soundex(note) d, levenshtein(note, status) e, format_number(amount, 2) f, printf('%d', id) g, to_char(price, '999.99') h, reverse(note) i, repeat('a', 3) j, left(note, 2) k, right(note, 2) l, char_length(note) m, bit_length(note) n, ascii(note) o, chr(65) p FROM orders",
    "SELECT array_distinct(items) a, flatten(array(items)) b, arrays_zip(items, items) c, slice(items, 1, 2) d, array_union(items, items) e, map_keys(prices) f, map_values(prices) g, map_concat(prices, map('a', 1D)) h, sort_array(items, false) i, cardinality(items) j, array_position(items, 1) k, array_remove(items, 1) l, array_repeat(1, 2) m, reduce(items, 0, (a, x) -> a + x) n, map_from_entries(array(struct('a', 1))) o FROM orders",
    "SELECT skewness(amount) a, kurtosis(amount) b, var_pop(amount) c, covar_samp(amount, id) d, regr_slope(amount, id) e, bit_or(id) f, every(returned) g, some(returned) h, min_by(id, amount) i, median(amount) j, count_min_sketch(id, 0.5D, 0.5D, 1) k FROM orders",
    "SELECT CASE WHEN id IN (1, 2) THEN ordered_on ELSE DATE '1970-01-01' END d, ifnull(note, 'x') n, nvl2(note, 1, 2) v, nanvl(amount, 0) w, zeroifnull(id) z FROM orders",
    "SELECT CAST(note AS DECIMAL(38, 10)) a, CAST(id AS BOOLEAN) b, CAST(array(1) AS array<string>) c, CAST(named_struct('a', 1) AS struct<a: string>) d FROM orders",
    "SELECT o.id FROM orders AS o INNER JOIN customers AS c ON o.customer_id = c.customer_id AND c.since <= o.ordered_on AND coalesce(c.name, '') <> '' RIGHT JOIN customers AS d ON d.customer_id = o.customer_id",
    "SELECT from_unixtime(unix_timestamp(ordered_at)) a, timestamp_seconds(id) b, unix_millis(ordered_at) c, to_unix_timestamp(note, 'yyyy') d, date_from_unix_date(1) e, to_utc_timestamp(ordered_at, 'UTC') f, hour(ordered_at) h FROM orders",
    "SELECT try_variant_get(try_parse_json(note), '$.a', 'int') AS a FROM orders",
    "SELECT listagg(DISTINCT note, ',') WITHIN GROUP (ORDER BY note) AS l, mode() WITHIN GROUP (ORDER BY status) AS m, percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS p FROM orders",
    "SELECT session_window.start AS s, count(*) AS n FROM orders GROUP BY session_window(ordered_at, '5 minutes')",
    "SELECT first_value(note) OVER (PARTITION BY status ORDER BY ordered_at, id) AS f, any_value(note) OVER (PARTITION BY status ORDER BY id) AS a FROM orders",
    "SELECT if(size(filter(items, x -> x IS NOT NULL)) > 0, 1, 0) AS a, element_at(map('a', 1), 'a') AS b FROM orders",
    "SELECT count(*) AS `count`, sum(amount) AS sum, max(id) AS max FROM orders",
    "SELECT date_diff(ordered_on, '2026-01-01') AS d, datediff(DAY, ordered_on, DATE '2026-01-01') e, timestampadd(HOUR, 1, ordered_at) f, date_sub(ordered_on, 1) g FROM orders",
    "SELECT overlay(note PLACING 'a' FROM 1 FOR 2) a, trim(LEADING 'x' FROM note) b, substr(note, 2) c, substring(note, 1, 2) d, btrim(note) e, position('a', note) f FROM orders",
    "SELECT NULL AS nothing, TRUE AS yes, 1L AS l, 2.5BD AS d, interval '2' day AS i FROM orders",
]

CONDITIONS = [
    "amount > 0 AND amount < 1e6",
    "`Größe (cm)` > 0 AND имя <> ''",
    "status IN ('now', 'rand()') OR status IS NULL",
    "ordered_on BETWEEN DATE '2020-01-01' AND DATE '2030-01-01'",
    "exists(items, x -> x > 1) AND size(tags) > 0",
    "address.city RLIKE '^[A-Z]' AND prices['eur'] >= 0",
    "try_cast(note AS int) IS NOT NULL",
    "CASE WHEN returned THEN amount < 0 ELSE amount >= 0 END",
    "user <> '' AND length(user) < 10",
    "year(ordered_at) >= 2020 -- now()",
]
NO_CONDITIONS = [
    "SELECT 1",
    "DROP TABLE orders",
    "id IN (SELECT id FROM orders)",
    "EXISTS (SELECT 1 FROM text.`/etc/hostname`)",
    "amount > 0; SET x = 1",
    "max(amount) > 1",
    "row_number() OVER (ORDER BY id) = 1",
    "amount > :x",
    "amount > ?",
    "note = '${env:HOME}'",
    "IDENTIFIER('amount') > 0",
    *(f"({call}) IS NOT NULL" for call in CALLS),
]


ONLY_WITH_COLUMNS = [
    "SELECT user FROM customers",
    "SELECT id FROM orders WHERE ordered_at > 'yesterday'",
    "SELECT id FROM orders WHERE ordered_on IN ('2026-01-01', 'today')",
    "SELECT coalesce(ordered_on, 'now') AS d FROM orders",
    "SELECT year('today') AS y, date_trunc('day', 'now') AS d FROM orders",
]
"""Hostile for what the tables' columns are, which nobody knows without Spark."""


def disguised(seed: int) -> Iterator[str]:
    """Yield hostile SQL within good SQL, spelled in some of the ways in which it could hide."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for call in CALLS:
        yield _framed(f"SELECT {_spelled(call, chance)} AS a FROM orders", chance)  # noqa: S608
    for sql in FILES[:14] + TABLES[:3]:
        yield _framed(_spelled(sql, chance), chance)
    for call in AGGREGATES:
        yield _framed(f"SELECT {_spelled(call, chance)} AS a FROM orders", chance)  # noqa: S608
    for sql in COMMANDS:
        yield chance.choice(["{}", "/* */ {}", "-- a\n{}", "\n\t{}", "{} -- b"]).format(
            _spelled(sql, chance)
        )


_FRAMES = (
    "SELECT * FROM ({}) AS t",
    "WITH c AS ({}) SELECT * FROM c",
    "WITH good AS (SELECT 1 AS a), bad AS ({}) SELECT * FROM good, bad",
    "SELECT 1 AS a UNION ALL (SELECT count(*) FROM ({}))",
    "(SELECT count(*) FROM ({})) EXCEPT SELECT 1",
    "SELECT * FROM orders JOIN ({}) AS t ON true",
    "SELECT * FROM orders WHERE EXISTS ({})",
    "SELECT id FROM orders WHERE 1 IN (SELECT 1 FROM ({}))",
    "SELECT * FROM orders, LATERAL ({}) AS t",
    "SELECT CASE WHEN EXISTS ({}) THEN 1 ELSE 2 END AS b FROM orders",
    "SELECT sum(n) OVER (PARTITION BY n ORDER BY n) AS s FROM (SELECT count(*) AS n FROM ({}))",
    "SELECT count(*) AS n FROM orders GROUP BY status HAVING 1 < (SELECT count(*) FROM ({}))",
    "SELECT id FROM orders ORDER BY (SELECT count(*) FROM ({}))",
)


def _framed(sql: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 3)):
        sql = chance.choice(_FRAMES).format(sql)
    return sql


def _spelled(sql: str, chance: random.Random) -> str:
    """Return the same SQL in another case, with other spaces and comments between its words."""
    spaces = (" ", "  ", "\n", "\t", " /* harmless */ ", " -- a comment\n ", " /* /* */ */ ")
    cases: list[Callable[[str], str]] = [str.upper, str.lower, str.swapcase, str]
    case = chance.choice(cases)
    parts, quote = [], ""
    for char in sql:
        if char in "'`\"" and quote in ("", char):
            quote = "" if quote else char
        if quote or char in "'`\"$":
            parts.append(char)
        else:
            parts.append(chance.choice(spaces) if char == " " else case(char))
    return "".join(parts)
