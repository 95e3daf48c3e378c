"""Functions that SQL of contracts and rules may call, and those that it may not, with reasons.

They are Spark's own: https://spark.apache.org/docs/latest/api/sql/. A table that is made twice of
the same rows must be the same, and SQL reads its inputs and nothing else. One list serves both the
check without Spark and the one in the jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_CHANCE = "is drawn by chance, and a table made twice must be the same: derive it from the rows"
_CLOCK = (
    "is the time of the run, and a table made twice must be the same: compare with a date of the "
    "rows, or write it out"
)
_RUN = "says where the run is and not what the rows are: leave it out"
_FILES = "may be told by its arguments to read a file: SQL reads its tables and nothing else"
_PROGRAM = "runs a program: SQL reads tables and nothing else"
_ARRIVAL = "depends on the order in which rows arrive, and a table made twice must be the same"
_LIBRARY = "needs a library that is not there"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(reason: str, names: str) -> Iterator[tuple[str, str]]:
    return ((name, reason) for name in names.split())


REFUSED: Mapping[str, str] = dict(
    [
        *_names(_CHANCE, "rand randn random randstr uniform shuffle uuid"),
        ("aes_encrypt", "begins with bytes drawn by chance: no two results are the same"),
        *_names(
            _CLOCK,
            "now curdate current_date current_time current_timestamp localtimestamp "
            "current_timezone",
        ),
        *_names(
            _RUN,
            "current_user session_user user current_catalog current_database current_schema "
            "version input_file_name input_file_block_start input_file_block_length "
            "spark_partition_id monotonically_increasing_id sql_keywords collations "
            "python_worker_logs",
        ),
        *_names(_PROGRAM, "java_method reflect try_reflect"),
        *_names(
            _FILES,
            "from_xml schema_of_xml xpath xpath_boolean xpath_double xpath_float xpath_int "
            "xpath_long xpath_number xpath_short xpath_string from_protobuf to_protobuf",
        ),
        *_names(_LIBRARY, "from_avro to_avro schema_of_avro"),
        *_names(
            _ARRIVAL,
            "histogram_numeric approx_top_k approx_top_k_accumulate approx_top_k_combine "
            "approx_top_k_estimate kll_sketch_agg_bigint kll_sketch_agg_double "
            "kll_sketch_agg_float kll_sketch_get_n_bigint kll_sketch_get_n_double "
            "kll_sketch_get_n_float kll_sketch_get_quantile_bigint "
            "kll_sketch_get_quantile_double kll_sketch_get_quantile_float "
            "kll_sketch_get_rank_bigint kll_sketch_get_rank_double kll_sketch_get_rank_float "
            "kll_sketch_merge_bigint kll_sketch_merge_double kll_sketch_merge_float "
            "kll_sketch_to_string_bigint kll_sketch_to_string_double "
            "kll_sketch_to_string_float",
        ),
    ]
)
"""Why each of Spark's functions that is not called is not."""

BARE = frozenset({"current_date", "current_time", "current_timestamp", "current_user"}) | {
    "localtimestamp",
    "session_user",
    "user",
}
"""Names that Spark takes for calls without brackets where no column is called so."""

POSITIONAL = frozenset({"any_value", "first", "first_value", "last", "last_value"})
"""Take the value of one row, and need an order to know of which."""
COLLECTING = frozenset({"array_agg", "collect_list", "collect_set"})
JOINING = frozenset({"listagg", "string_agg"})
_ORDER_FREE = frozenset(
    {"array_contains", "array_max", "array_min", "array_size", "array_sort", "cardinality"}
    | {"size", "sort_array"}
)
"""Of which the result is the same in whatever order an array is."""

AGGREGATES = (
    POSITIONAL
    | COLLECTING
    | JOINING
    | _words("""
    any approx_count_distinct approx_percentile avg bit_and bit_or bit_xor bitmap_and_agg
    bitmap_construct_agg bitmap_or_agg bool_and bool_or corr count count_if count_min_sketch
    covar_pop covar_samp every grouping grouping_id hll_sketch_agg hll_union_agg kurtosis max max_by
    mean median min min_by mode percentile percentile_approx percentile_cont percentile_disc
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    schema_of_variant_agg skewness some std stddev stddev_pop stddev_samp sum theta_intersection_agg
    theta_sketch_agg theta_union_agg try_avg try_sum var_pop var_samp variance
""")
)

ALLOWED = AGGREGATES | _words("""
    abs acos acosh add_months aes_decrypt aggregate and array array_append array_compact
    array_contains array_distinct array_except array_insert array_intersect array_join array_max
    array_min array_position array_prepend array_remove array_repeat array_size array_sort
    array_union arrays_overlap arrays_zip ascii asin asinh assert_true atan atan2 atanh base64
    between bigint bin binary bit_count bit_get bit_length bitmap_bit_position bitmap_bucket_number
    bitmap_count boolean bround btrim cardinality case cast cbrt ceil ceiling char char_length
    character_length chr coalesce collate collation concat concat_ws contains conv convert_timezone
    cos cosh cot crc32 csc cube cume_dist date date_add date_diff date_format date_from_unix_date
    date_part date_sub date_trunc dateadd datediff datepart day dayname dayofmonth dayofweek
    dayofyear decimal decode degrees dense_rank div double e element_at elt encode endswith
    equal_null exists exp explode explode_outer expm1 extract factorial filter find_in_set flatten
    float floor forall format_number format_string from_csv from_json from_unixtime
    from_utc_timestamp get get_json_object getbit greatest hash hex hll_sketch_estimate hll_union
    hour hypot if ifnull ilike in initcap inline inline_outer instr int is_valid_utf8
    is_variant_null isnan isnotnull isnull json_array_length json_object_keys json_tuple lag
    last_day lcase lead least left len length levenshtein like ln locate log log10 log1p log2 lower
    lpad ltrim luhn_check make_date make_dt_interval make_interval make_time make_timestamp
    make_timestamp_ltz make_timestamp_ntz make_valid_utf8 make_ym_interval map map_concat
    map_contains_key map_entries map_filter map_from_arrays map_from_entries map_keys map_values
    map_zip_with mask md5 minute mod month monthname months_between named_struct nanvl negative
    next_day not nth_value ntile nullif nullifzero nvl nvl2 octet_length or overlay parse_json
    parse_url percent_rank pi pmod posexplode posexplode_outer position positive pow power printf
    quarter quote radians raise_error range rank reduce regexp regexp_count regexp_extract
    regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse
    right rint rlike rollup round row_number rpad rtrim schema_of_csv schema_of_json
    schema_of_variant sec second sentences sequence session_window sha sha1 sha2 shiftleft
    shiftright shiftrightunsigned sign signum sin sinh size slice smallint sort_array soundex space
    split split_part sqrt st_asbinary st_geogfromwkb st_geomfromwkb st_setsrid st_srid stack
    startswith str_to_map string struct substr substring substring_index tan tanh theta_difference
    theta_intersection theta_sketch_estimate theta_union time time_diff time_trunc timestamp
    timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff tinyint to_binary
    to_char to_csv to_date to_json to_number to_time to_timestamp to_timestamp_ltz to_timestamp_ntz
    to_unix_timestamp to_utc_timestamp to_varchar to_variant_object to_xml transform transform_keys
    transform_values translate trim trunc try_add try_aes_decrypt try_divide try_element_at
    try_make_interval try_make_timestamp try_make_timestamp_ltz try_make_timestamp_ntz try_mod
    try_multiply try_parse_json try_parse_url try_subtract try_to_binary try_to_date try_to_number
    try_to_time try_to_timestamp try_url_decode try_validate_utf8 try_variant_get typeof ucase
    unbase64 unhex unix_date unix_micros unix_millis unix_seconds unix_timestamp upper url_decode
    url_encode validate_utf8 variant_explode variant_explode_outer variant_get weekday weekofyear
    when width_bucket window window_time xxhash64 year zeroifnull zip_with
""")

MOMENTS = frozenset({"date", "timestamp", "to_date", "to_timestamp"}) | {
    *("to_timestamp_ltz", "to_timestamp_ntz", "try_to_date", "try_to_timestamp"),
}
"""Make a day or moment of a text."""
TEXT_MAKING = _words("""
    concat concat_ws format_string initcap lower printf repeat replace reverse substr substring
    translate trim ltrim rtrim btrim upper lcase ucase
""")
PUT_TOGETHER = "put a day or moment together of texts, which hides what it is: write it as one"
_OF_THE_RUN = re.compile(r"\s*(now|today|tomorrow|yesterday)(?![a-z])", re.IGNORECASE)


def wrong_call(name: str, *, arguments: int, ordered: bool = False, within: str = "") -> str | None:
    """Return what is not done, and why: `call rand, which …`. None if the call may be made.

    `ordered` says whether the call has an order of its own: that of its window, or WITHIN GROUP;
    `within` is the function whose argument it is, if it is one directly.
    """
    name = name.lower()
    if name in REFUSED:
        return f"call {name}, which {REFUSED[name]}"
    if name not in ALLOWED:
        return f"call {name}, which is none of the functions that SQL has here"
    if name == "unix_timestamp" and not arguments:
        return f"call {name} of nothing, which {_CLOCK}"
    if name in POSITIONAL and not ordered:
        return (
            f"call {name} of rows in no order, which {_ARRIVAL}: write min, max or max_by, or "
            "give it a window with ORDER BY"
        )
    if name in COLLECTING and within.lower() not in _ORDER_FREE:
        return f"call {name} of rows in no order, which {_ARRIVAL}: write sort_array({name}(…))"
    if name in JOINING and not ordered:
        return f"call {name} of rows in no order, which {_ARRIVAL}: add WITHIN GROUP (ORDER BY …)"
    return None


def is_of_the_run(text: str) -> bool:
    """Whether Spark makes the time of the run of a text, where it makes a day or moment of it.

    https://spark.apache.org/docs/latest/sql-ref-datatypes.html
    """
    return bool(_OF_THE_RUN.match(text))


def moment_of_the_run(text: str) -> str:
    """Return what is not done with a text, and why."""
    return f"make a day or moment of {text!r}, which {_CLOCK}"


def bare_name(name: str) -> str:
    """Return what is not done where no column is called so, and why."""
    return f"name {name.lower()}, which {REFUSED[name.lower()]}"
