//! Statements asked of a Trino server: a judge that shares no code with us.
//!
//! In: a statement and where Trino has the table. Out: its rows as [`Value`]s. Trino is the engine behind Athena
//! (<https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html>); its protocol is
//! <https://trino.io/docs/current/develop/client-protocol.html>.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;

use super::Value;
use crate::error::{Error, Result, hold_secret};
use crate::options::of_queries::WITH;
use crate::store::{Io, PlainHttp};

/// Longest that one request may take; Trino itself answers within a second and has the client ask again.
const PATIENCE: Duration = Duration::from_mins(2);

/// Most bytes of one answer of the server; it sends rows by the megabyte.
const MAX_PAGE_BYTES: usize = 256 << 20;

/// Ports on which servers speak TLS.
const TLS_PORTS: [u16; 2] = [443, 8443];

/// The variable with the password of the user.
const PASSWORD: &str = "TRINO_PASSWORD";

/// Where a Trino server has the table: `trino://[USER@]HOST[:PORT]/CATALOG/SCHEMA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrinoPlace {
    base: Url,
    user: String,
    catalog: String,
    schema: String,
}

impl TrinoPlace {
    /// Reads such a URL. Port 8080 is the default; 443 and 8443 are asked over TLS.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = "not a Trino server with catalog and schema: trino://HOST:8080/hive/flow";
        let url = Url::parse(text).map_err(|_| wanted.to_owned())?;
        let (Some(host), "trino") = (url.host_str(), url.scheme()) else { return Err(wanted.to_owned()) };
        if url.password().is_some() {
            return Err(format!("a password on the command line is seen by everybody: set {PASSWORD}"));
        }
        let mut folders = url.path().trim_matches('/').split('/').filter(|folder| !folder.is_empty());
        let (Some(catalog), Some(schema), None) = (folders.next(), folders.next(), folders.next()) else {
            return Err(wanted.to_owned());
        };
        let named = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !named(catalog) || !named(schema) || url.query().is_some() || url.fragment().is_some() {
            return Err(wanted.to_owned());
        }
        let port = url.port().unwrap_or(8080);
        let scheme = if TLS_PORTS.contains(&port) { "https" } else { "http" };
        let base = Url::parse(&format!("{scheme}://{host}:{port}/")).map_err(|_| wanted.to_owned())?;
        let user = if url.username().is_empty() { "flowparquet" } else { url.username() };
        Ok(Self { base, user: user.to_owned(), catalog: catalog.to_owned(), schema: schema.to_owned() })
    }
}

impl fmt::Display for TrinoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().unwrap_or_default();
        write!(f, "trino://{host}:{port}/{}/{}", self.catalog, self.schema)
    }
}

/// What Trino answers to a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct TrinoRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Their types, as Trino names them.
    pub types: Vec<String>,
    /// The rows; those beyond the limit are not there.
    pub rows: Vec<Vec<Value>>,
    /// Whether there are more rows than the limit.
    pub too_many: bool,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
}

/// A server that can be asked.
#[derive(Debug)]
pub struct Trino {
    place: TrinoPlace,
    http: PlainHttp,
    password: Option<String>,
}

/// A page of an answer, as far as it matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    next_uri: Option<String>,
    #[serde(default)]
    columns: Vec<PageColumn>,
    #[serde(default)]
    data: Vec<Vec<serde_json::Value>>,
    error: Option<PageError>,
    stats: Option<PageStats>,
}

#[derive(Debug, Deserialize)]
struct PageStats {
    #[serde(default)]
    state: String,
}

#[derive(Debug, Deserialize)]
struct PageColumn {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_name: String,
}

impl Trino {
    /// Makes a client. Nothing is asked yet.
    ///
    /// # Errors
    /// A usage error for a password that would be sent unencrypted.
    pub fn new(place: TrinoPlace, io: &Io) -> Result<Self> {
        let password = std::env::var(PASSWORD).ok().filter(|password| !password.is_empty());
        if let Some(password) = &password {
            hold_secret(password);
            if place.base.scheme() == "http" {
                return Err(Error::usage(format!("{PASSWORD} is set, and {place} is asked without TLS"))
                    .help("ask a server at port 443 or 8443, or unset the variable"));
            }
        }
        Ok(Self { place, http: PlainHttp::new(io, PATIENCE, MAX_PAGE_BYTES)?, password })
    }

    /// Returns where is asked.
    pub fn place(&self) -> &TrinoPlace {
        &self.place
    }

    /// Runs a statement, and takes so many rows; `Ok(Err(words))` is what Trino says against it.
    ///
    /// # Errors
    /// When the server cannot be reached or does not speak the protocol.
    pub fn ask(&self, sql: &str, max_rows: usize) -> Result<std::result::Result<TrinoRows, String>> {
        self.asked(sql, max_rows).map_err(|error| error.at(&self.place))
    }

    fn asked(&self, sql: &str, max_rows: usize) -> Result<std::result::Result<TrinoRows, String>> {
        let begun = Instant::now();
        let mut answer =
            TrinoRows { columns: Vec::new(), types: Vec::new(), rows: Vec::new(), too_many: false, seconds: 0.0 };
        let first = self.place.base.join("v1/statement").map_err(|e| Error::stopped("cannot ask Trino").because(e))?;
        let mut page = self.page(|client| client.post(first.clone()).body(sql.to_owned()))?;
        loop {
            if let Some(PageError { message, error_name }) = page.error {
                return Ok(Err(format!("{error_name}: {message}")));
            }
            if answer.types.is_empty() {
                answer.types = page.columns.iter().map(|column| column.data_type.clone()).collect();
                answer.columns = page.columns.into_iter().map(|column| column.name).collect();
            }
            answer.too_many |= answer.rows.len() + page.data.len() > max_rows;
            let next = page.next_uri.map(|next| self.next(&next)).transpose()?;
            if answer.too_many {
                if let Some(next) = next {
                    // Nobody waits for the rest of it; whether Trino hears that does not matter.
                    let _ = self.http.send(|client| self.headed(client.delete(next.clone())));
                }
                break;
            }
            for row in page.data {
                if row.len() != answer.types.len() {
                    return Err(Error::stopped("Trino answers a row of other columns than it names"));
                }
                answer.rows.push(answer.types.iter().zip(row).map(|(of, value)| value_of(of, value)).collect());
            }
            let Some(next) = next else {
                if page.stats.is_some_and(|stats| stats.state == "FAILED") {
                    return Err(Error::stopped("Trino says that the statement failed, and not why"));
                }
                break;
            };
            page = self.page(|client| client.get(next.clone()))?;
        }
        answer.seconds = begun.elapsed().as_secs_f64();
        Ok(Ok(answer))
    }

    /// Returns where the answer goes on; on this server only.
    fn next(&self, uri: &str) -> Result<Url> {
        let next = Url::parse(uri).map_err(|e| Error::stopped("Trino names no URL to go on at").because(e))?;
        match next.origin() == self.place.base.origin() {
            true => Ok(next),
            false => Err(Error::stopped("Trino has the answer fetched from another server, which is not asked")
                .help(format!("give {WITH} the server that it names: {}", next.origin().ascii_serialization()))),
        }
    }

    fn page(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<Page> {
        let failed = |error: Error| match error.is_by_signal() {
            true => error,
            false => Error::stopped("cannot ask Trino")
                .because(error.what_happened())
                .help("is it running, and is this its address?"),
        };
        let (status, body) = self.http.send(|client| self.headed(request(client))).map_err(failed)?;
        if status != 200 {
            let words: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            return Err(Error::stopped(format!("Trino answers HTTP status {status}")).because(words));
        }
        serde_json::from_slice(&body).map_err(|e| {
            Error::stopped("this is no answer of Trino").because(e).help("is this the address of a Trino server?")
        })
    }

    /// Adds who asks, and where the table is.
    fn headed(&self, request: RequestBuilder) -> RequestBuilder {
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        let request = request
            .header("X-Trino-User", header(&self.place.user))
            .header("X-Trino-Catalog", header(&self.place.catalog))
            .header("X-Trino-Schema", header(&self.place.schema))
            .header("X-Trino-Time-Zone", "UTC")
            .header("X-Trino-Source", "flowparquet");
        match &self.password {
            Some(password) => request.basic_auth(&self.place.user, Some(password)),
            None => request,
        }
    }
}

/// Returns a value as our own engine gives it.
fn value_of(data_type: &str, value: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let name = data_type.split('(').next().unwrap_or_default();
    match (name, value) {
        (_, Json::Null) => Value::Null,
        (_, Json::Bool(value)) => Value::Bool(value),
        ("real" | "double", Json::Number(number)) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        // `NaN` and `Infinity` are texts in JSON.
        ("real" | "double", Json::String(text)) => text.parse().map_or(Value::Text(text), Value::Float),
        (_, Json::Number(number)) => number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Int),
        ("decimal", Json::String(text)) => Value::Decimal(text),
        ("varbinary", Json::String(text)) => match STANDARD.decode(&text) {
            Ok(bytes) => Value::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
            Err(_) => Value::Text(text),
        },
        ("timestamp", Json::String(text)) => Value::Text(in_milliseconds(&text)),
        ("array", Json::Array(values)) => {
            let inner = data_type.strip_prefix("array(").and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
            Value::List(values.into_iter().map(|value| value_of(inner, value)).collect())
        }
        ("map", Json::Object(entries)) => {
            let inner = data_type.strip_prefix("map(").and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
            let (key, value) = parted(inner);
            let keyed = |text: String| match key {
                "tinyint" | "smallint" | "integer" | "bigint" => text.parse().map_or(Value::Text(text), Value::Int),
                _ => value_of(key, Json::String(text)),
            };
            Value::Map(entries.into_iter().map(|(text, of)| (keyed(text), value_of(value, of))).collect())
        }
        (_, Json::String(text)) => Value::Text(text),
        (_, other) => Value::Text(other.to_string()),
    }
}

/// Returns a value of a column of this type in a form that is compared: digits that the type does not promise are left out, and
/// a number is one whatever our engine writes it as.
pub fn alike(data_type: &str, value: Value) -> Value {
    let name = data_type.split('(').next().unwrap_or_default();
    match (name, value) {
        // Seven digits, of which sums lose the last.
        ("real", Value::Float(value)) => Value::Text(format!("{value:.5e}")),
        ("double", Value::Decimal(text)) => text.parse().map_or(Value::Decimal(text), Value::Float),
        ("decimal", Value::Int(value)) => Value::Decimal(value.to_string()),
        ("time", Value::Text(text)) => Value::Text(in_milliseconds(&format!("time {text}"))),
        (_, other) => other,
    }
}

/// Parts the types of keys and values: `varchar, array(bigint)`.
fn parted(types: &str) -> (&str, &str) {
    let mut depth = 0;
    let comma = types.char_indices().find(|(_, letter)| {
        depth += i32::from(*letter == '(') - i32::from(*letter == ')');
        *letter == ',' && depth == 0
    });
    comma.map_or((types, ""), |(at, _)| (types[..at].trim(), types[at + 1..].trim()))
}

/// Writes a time with milliseconds, as Athena shows it; Trino shows as many digits as the type has.
fn in_milliseconds(text: &str) -> String {
    let (date, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (clock, zone) = rest.split_once(' ').map_or((rest, None), |(clock, zone)| (clock, Some(zone)));
    let (seconds, digits) = clock.split_once('.').unwrap_or((clock, ""));
    let zone = zone.map_or_else(String::new, |zone| format!(" {zone}"));
    format!("{date} {seconds}.{:0<3}{zone}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_has_a_server_a_catalog_and_a_schema() {
        let place = TrinoPlace::parse("trino://me@db.example:443/hive/flow").unwrap();
        assert_eq!((place.base.as_str(), &*place.user), ("https://db.example/", "me"));
        assert_eq!(place.to_string(), "trino://db.example:443/hive/flow");
        assert_eq!(TrinoPlace::parse("trino://localhost/a/b").unwrap().base.as_str(), "http://localhost:8080/");
        for wrong in
            ["localhost:8080", "http://x/a/b", "trino://x/a", "trino://x/a/b/c", "trino://x/a/b?c", "trino:///a/b"]
        {
            assert!(TrinoPlace::parse(wrong).is_err(), "{wrong}");
        }
        assert!(TrinoPlace::parse("trino://me:secret@x/a/b").unwrap_err().contains("TRINO_PASSWORD"));
    }

    #[test]
    fn values_are_those_of_our_engine() {
        for (data_type, value, wanted) in [
            ("bigint", json!(9007199254740993_i64), Value::Int(9007199254740993)),
            ("double", json!("NaN"), Value::Float(f64::NAN)),
            ("double", json!("-Infinity"), Value::Float(f64::NEG_INFINITY)),
            ("double", json!(2), Value::Float(2.0)),
            ("decimal(38,2)", json!("1.50"), Value::Decimal("1.50".into())),
            ("varchar(3)", json!("1.50"), Value::Text("1.50".into())),
            ("varbinary", json!("AP8="), Value::Text("00ff".into())),
            ("timestamp(3)", json!("2026-01-15 05:06:07.000"), Value::Text("2026-01-15 05:06:07.000".into())),
            (
                "timestamp(0) with time zone",
                json!("2026-01-15 05:06:07 UTC"),
                Value::Text("2026-01-15 05:06:07.000 UTC".into()),
            ),
            (
                "array(array(double))",
                json!([[1, null]]),
                Value::List(vec![Value::List(vec![Value::Float(1.0), Value::Null])]),
            ),
            (
                "map(varchar(7), decimal(3,1))",
                json!({"a": "1.5"}),
                Value::Map(vec![(Value::Text("a".into()), Value::Decimal("1.5".into()))]),
            ),
            (
                "map(integer, array(bigint))",
                json!({"1": [2]}),
                Value::Map(vec![(Value::Int(1), Value::List(vec![Value::Int(2)]))]),
            ),
            ("boolean", json!(true), Value::Bool(true)),
            ("date", json!(null), Value::Null),
        ] {
            assert_eq!(
                value_of(data_type, value).comparable().to_string(),
                wanted.comparable().to_string(),
                "{data_type}"
            );
        }
    }
}
