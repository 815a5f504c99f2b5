//! Functions of Athena that are called otherwise here, or are not there: what to write instead.

/// Returns the name here of a function of Athena's with the same arguments and meaning.
pub fn same_as(name: &str) -> Option<&'static str> {
    Some(match name {
        "approx_percentile" => "approx_percentile_cont",
        "arbitrary" | "any_value" => "first_value",
        "array_average" => "array_avg",
        "array_remove" => "array_remove_all",
        "ceiling" => "ceil",
        "date" => "date_of",
        "element_at" => "array_element",
        "every" => "bool_and",
        "filter" => "array_filter",
        "is_subnet_of" => "contains",
        "length" => "character_length",
        "sequence" => "generate_series",
        "sign" => "signum",
        "split" => "string_to_array",
        "transform" => "array_transform",
        "truncate" => "trunc",
        "typeof" => "arrow_typeof",
        _ => return None,
    })
}

/// Returns what to write instead of a function of Athena's that is not there.
pub fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "format_datetime" => "write date_format(time, '%Y-%m-%d %H:%i:%s') instead: it is there in Athena too",
        "parse_datetime" => "write date_parse(text, '%Y-%m-%d %H:%i:%s') instead: it is there in Athena too",
        "try" => "write TRY_CAST, NULLIF or CASE for what may fail: they are there in Athena too",
        "with_timezone" => "write at_timezone(time, zone), which changes the zone of a time, not the time",
        "map_agg" | "multimap_agg" | "histogram" | "map" | "map_union" => {
            "write a GROUP BY of the key instead, or array_agg"
        }
        "reduce" | "reduce_agg" | "none_match" | "all_match" => {
            "write NOT any_match(array, x -> NOT ...) or UNNEST instead"
        }
        "row" => "select the columns one by one",
        "json_extract" | "json_extract_scalar" | "json_parse" | "json_format" => {
            "flow logs hold no JSON; use split_part"
        }
        "from_iso8601_timestamp" => "write CAST(text AS timestamp) instead",
        "from_iso8601_date" => "write CAST(text AS date) instead",
        "ip_prefix" | "ip_subnet_min" | "ip_subnet_max" | "ip_subnet_range" => {
            "write contains('10.0.0.0/8', CAST(srcaddr AS ipaddress)) to ask for a network"
        }
        "zip" | "zip_with" | "ngrams" | "combinations" => "this needs Athena",
        "numeric_histogram" | "approx_most_frequent" | "checksum" | "approx_set" | "merge" => "this needs Athena",
        _ => return None,
    })
}
