//! The options of jobs, as messages name them: `log_format` for a caller of the library, whose fields are called so;
//! `--log-format` once the command line has said that it calls them otherwise. Messages are written as
//! `format!("give {LOG_FORMAT}")`, and know nothing of either.

use std::fmt;
use std::sync::OnceLock;

/// An option's name; shown as whoever runs the library calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionName(&'static str);

/// Returns what somebody calls an option.
type Naming = fn(&str) -> String;

/// How options are called, if not as their fields are. A process has one front end, and messages are made deep below it.
static NAMING: OnceLock<Naming> = OnceLock::new();

/// Has messages call options as this says. What was said first stays.
pub fn call_options(naming: Naming) {
    let _ = NAMING.set(naming);
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMING.get() {
            Some(naming) => f.write_str(&naming(self.0)),
            None => f.write_str(self.0),
        }
    }
}

/// Declares options, and `ALL` of them.
macro_rules! options {
    ($($constant:ident $name:literal)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: OptionName = OptionName($name);)*

        /// Every option that a message may name.
        #[cfg(test)]
        pub const ALL: &[&str] = &[$($name),*];
    };
}

options! {
    ACCEPT_MISSING "accept_missing"
    ACCOUNT "account"
    ACL "acl"
    ALLOW_HTTP "allow_http"
    ANONYMOUS "anonymous"
    ANY_ENDPOINT "any_endpoint"
    ASSUME_DAY "assume_day"
    BUCKET_KEY_ENABLED "bucket_key_enabled"
    CA_BUNDLE "ca_bundle"
    COPY "copy"
    CUTOVER "cutover"
    DASH_AS_NULL "dash_as_null"
    DATABASE "database"
    ENDPOINT_URL "endpoint_url"
    EXPECT "expect"
    FOLLOW_LINKS "follow_links"
    FORMAT "format"
    FROM "from"
    KEY "key"
    LOCAL_DAY "local_day"
    LOCATION "location"
    LOG_FORMAT "log_format"
    LOG_TYPE "log_type"
    LOOKBACK "lookback"
    MAX_OBJECTS "max_objects"
    MAX_OBJECT_BYTES "max_object_bytes"
    MEMORY "memory"
    MERGE "merge"
    PARTITION_BY "partition_by"
    PRINCIPAL "principal"
    PROFILE "profile"
    PROJECTION "projection"
    REGION "region"
    REQUEST_PAYER "request_payer"
    RETRY "retry"
    ROW_GROUP_ROWS "row_group_rows"
    S3_REGION "s3_region"
    SET "set"
    SINCE "since"
    SINGLE_WRITER "single_writer"
    SOURCE "source"
    SOURCE_LAYOUT "source_layout"
    SSE "sse"
    SSE_KMS_KEY_ID "sse_kms_key_id"
    STORAGE_CLASS "storage_class"
    TABLE "table"
    TAGGING "tagging"
    TO "to"
    TZ "tz"
    USE_FIPS_ENDPOINT "use_fips_endpoint"
    VIRTUAL_HOSTED "virtual_hosted"
}

/// Options that only messages of SQL name.
#[cfg(feature = "query")]
pub mod of_queries {
    use super::OptionName;

    /// `all`
    pub const ALL_DAYS: OptionName = OptionName("all");
    /// `bloom_filters`
    pub const BLOOM_FILTERS: OptionName = OptionName("bloom_filters");
    /// `day`
    pub const DAY: OptionName = OptionName("day");
    /// `sort_by`
    pub const SORT_BY: OptionName = OptionName("sort_by");
    /// `with`
    pub const WITH: OptionName = OptionName("with");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_command_line_options_are_called_as_fields() {
        assert_eq!(format!("give {LOG_FORMAT} or {PARTITION_BY} hour"), "give log_format or partition_by hour");
    }
}
