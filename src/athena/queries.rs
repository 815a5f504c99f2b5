//! The ready queries: `queries/*.sql`, embedded and checked.
//!
//! In: the name of a query, a table, days, parameters. Out: one statement in Athena's SQL. A file opens with lines of
//! comment that say what it answers, which columns it needs and what can be set; then comes the statement, with
//! `{{placeholders}}`. What is put in their place is checked by its [`Kind`], so that nothing typed can leave it.
//!
//! ```text
//! -- title: a few words
//! -- answers: the question it answers
//! -- aws: AWS's name of the question, if it has one
//! -- columns: the columns it reads, in AWS's order
//! -- parameter: NAME KIND, default VALUE: what it is
//! -- parameter: NAME KIND, such as VALUE: what it is, and that it must be given
//! -- note: what one should know before believing the answer
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

use serde::Serialize;

use crate::days::zone_name;
use crate::error::{Error, Result};
use crate::options::{LOCAL_DAY, SET, TZ};
use crate::record::schema::{Field, LogType};

use super::name::{TableName, literal};
use super::predicate::{Selection, When};

/// Embeds the files of these names.
macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("queries/", $name, ".sql")))),*] };
}

/// Every query, in the order in which they are listed: volume, security, NAT, cost, coverage, time.
const FILES: &[(&str, &str)] = files![
    "top-talkers" "top-talkers-packet-level" "top-pairs" "top-pairs-packet-level" "top-instances" "top-subnets"
    "ipv4-bytes" "ipv6-bytes" "from-address" "to-address" "tcp-from-address"
    "accepted-tcp" "rejected" "rejected-tcp" "port-scans" "ssh-rdp" "ssh-rdp-exposure" "admin-ports"
    "tutorial-instance" "tutorial-nat" "nat-trace" "nat-trace-regional" "nat-trace-v2"
    "egress-by-path" "egress-cost" "cross-az"
    "coverage-by-hour" "coverage-gaps" "flows-once"
    "local-day" "local-time-view"
];

/// A ready query.
#[derive(Debug, Serialize)]
pub struct Query {
    /// Name of its file.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// The question that it answers.
    pub answers: &'static str,
    /// AWS's name of the question, if it is one of the predefined
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-run-athena-query.html>).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<&'static str>,
    /// Flow log version that has all columns it needs.
    pub version: u8,
    /// Columns that it needs, in AWS's order.
    pub columns: Vec<&'static str>,
    /// What can or must be set.
    pub parameters: Vec<Parameter>,
    /// What one should know before believing the answer; may be empty.
    pub note: String,
    /// The statement with its placeholders.
    #[serde(skip)]
    body: &'static str,
}

/// A placeholder of a query that a person can fill.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// Name in `--set` and in the statement.
    pub name: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// What is taken if it is not set; without it, it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<&'static str>,
    /// A value that it can have.
    pub example: &'static str,
    /// What it is.
    pub description: &'static str,
}

/// What a parameter can be, and so how it is checked and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// IPv4 or IPv6 addresses, separated by commas; becomes a list of texts.
    Addresses,
    /// Networks such as `10.0.0.0/8`, separated by commas; becomes a list of texts.
    Networks,
    /// A port.
    Port,
    /// Ports, separated by commas.
    Ports,
    /// A whole number from 1 on.
    Count,
    /// Dollars by `traffic_path`, such as `2:0.09,8:0.09`; becomes branches of a CASE.
    Prices,
    /// A time zone.
    Zone,
    /// A table or view, with or without its database.
    Table,
}

impl Kind {
    const ALL: [Self; 8] =
        [Self::Addresses, Self::Networks, Self::Port, Self::Ports, Self::Count, Self::Prices, Self::Zone, Self::Table];

    /// Returns the word for it in the files, in JSON and in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Networks => "networks",
            Self::Port => "port",
            Self::Ports => "ports",
            Self::Count => "count",
            Self::Prices => "prices",
            Self::Zone => "zone",
            Self::Table => "table",
        }
    }

    /// Returns a value as it stands in the statement, or `None` if it is none of this kind.
    ///
    /// Nothing is copied: addresses, numbers and names are parsed and written anew.
    fn sql(self, value: &str) -> Option<String> {
        match self {
            Self::Addresses => {
                let spellings: Option<Vec<Vec<String>>> = value.split(',').map(spellings).collect();
                quoted(&spellings?.concat())
            }
            Self::Networks => {
                let networks: Option<Vec<String>> = value.split(',').map(network).collect();
                quoted(&networks?)
            }
            Self::Port => value.parse::<u16>().ok().map(|port| port.to_string()),
            Self::Ports => {
                let ports: Option<Vec<String>> = value.split(',').map(|port| Self::Port.sql(port.trim())).collect();
                Some(ports?.join(", "))
            }
            Self::Count => value.parse::<u32>().ok().filter(|count| *count > 0).map(|count| count.to_string()),
            Self::Prices => {
                let branches: Option<Vec<String>> = value.split(',').map(price).collect();
                Some(branches?.join(" "))
            }
            Self::Zone => literal(&zone_name(value).ok()?).ok(),
            Self::Table => TableName::parse(value).ok().map(|table| table.for_select()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Returns the texts in single quotes, separated by commas.
fn quoted(texts: &[String]) -> Option<String> {
    let quoted: Option<Vec<String>> = texts.iter().map(|text| literal(text).ok()).collect();
    Some(quoted?.join(", "))
}

/// Returns how logs may write an address: IPv6 with and without `::`, since AWS does not say which it is.
fn spellings(address: &str) -> Option<Vec<String>> {
    let address: IpAddr = address.trim().parse().ok()?;
    let short = address.to_string();
    let long = match address {
        IpAddr::V6(v6) => v6.segments().map(|group| format!("{group:x}")).join(":"),
        IpAddr::V4(_) => short.clone(),
    };
    Some(if short == long { vec![short] } else { vec![short, long] })
}

/// Returns a network in CIDR form; Trino refuses one whose address goes on behind its prefix.
fn network(text: &str) -> Option<String> {
    let (address, prefix) = text.trim().split_once('/')?;
    let (address, prefix): (IpAddr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
    let (bits, width) = match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    // As many bits from the right as the prefix leaves.
    let host_bits = u128::MAX.checked_shr(128 - (width - u32::from(prefix).min(width))).unwrap_or(0);
    let is_network = u32::from(prefix) <= width && bits & host_bits == 0;
    is_network.then(|| format!("{address}/{prefix}"))
}

/// Returns the CASE branch of `PATH:DOLLARS`.
fn price(text: &str) -> Option<String> {
    let (path, dollars) = text.trim().split_once(':')?;
    let path: u8 = path.parse().ok()?;
    let is_number = !dollars.is_empty() && dollars.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let dollars: f64 = dollars.parse().ok().filter(|_| is_number)?;
    Some(format!("WHEN {path} THEN {dollars:?}"))
}

static QUERIES: LazyLock<Vec<Query>> =
    LazyLock::new(|| FILES.iter().map(|(name, text)| embedded(name, text)).collect());

#[expect(clippy::panic, reason = "the text is part of the binary and a test reads it: this cannot depend on input")]
fn embedded(name: &'static str, text: &'static str) -> Query {
    Query::parse(name, text).unwrap_or_else(|e| panic!("embedded query {name}: {e}"))
}

/// Returns every query.
pub fn all() -> &'static [Query] {
    &QUERIES
}

/// Returns the query of this name, which may be AWS's.
pub fn find(name: &str) -> Option<&'static Query> {
    all().iter().find(|query| query.name == name || query.aws == Some(name))
}

impl Query {
    fn parse(name: &'static str, text: &'static str) -> Result<Self, String> {
        let mut rest = text;
        let mut header: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        while let Some(comment) = rest.strip_prefix("-- ") {
            let (line, after) = comment.split_once('\n').unwrap_or((comment, ""));
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("{line:?} is not `key: value`"))?;
            header.entry(key).or_default().push(value);
            rest = after;
        }
        if rest.is_empty() {
            return Err("there is no statement".to_owned());
        }
        let mut one = |key: &str| match header.remove(key).as_deref() {
            Some([value]) => Ok(*value),
            _ => Err(format!("there must be one line `-- {key}: ...`")),
        };
        let (title, answers) = (one("title")?, one("answers")?);
        let columns: Vec<&str> = one("columns")?.split(' ').collect();
        let aws = one("aws").ok();
        let parameters: Result<Vec<Parameter>, String> =
            header.remove("parameter").unwrap_or_default().into_iter().map(Parameter::parse).collect();
        let note = header.remove("note").unwrap_or_default().join(" ");
        if let Some(key) = header.keys().next() {
            return Err(format!("a line `-- {key}: ...` means nothing"));
        }
        let schema = LogType::Vpc.schema();
        let fields: Option<Vec<&Field>> = columns.iter().map(|column| field(column)).collect();
        let fields = fields.ok_or("it needs a column that no flow log has")?;
        if !fields.is_sorted_by_key(|field| schema.position(&field.name)) {
            return Err("the columns must stand in AWS's order".to_owned());
        }
        let version = fields.iter().map(|field| field.version).max().ok_or("it needs no column")?;
        Ok(Self { name, title, answers, aws, version, columns, parameters: parameters?, note, body: rest })
    }

    /// Returns the columns that it needs of which a table with the columns `have` has none.
    ///
    /// With a selection of a local day, `start` is needed too.
    pub fn missing(&self, when: Option<&When>, have: &[String]) -> Vec<&'static Field> {
        let start = matches!(when, Some(When::Local(_))).then_some("start");
        let needed = self.columns.iter().copied().chain(start.filter(|start| !self.columns.contains(start)));
        needed.filter(|column| !have.iter().any(|name| name == column)).filter_map(field).collect()
    }

    /// Returns the statement for a table, rows of it, and what was set.
    ///
    /// # Errors
    /// A usage error for a parameter that is missing, unknown or none of its kind, for days where there can be none,
    /// and for a query about a local day without one.
    pub fn sql(&self, table: &TableName, rows: Option<&Selection>, set: &BTreeMap<String, String>) -> Result<String> {
        let name = self.name;
        if let Some(unknown) = set.keys().find(|key| !self.parameters.iter().any(|parameter| parameter.name == *key)) {
            let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name).collect();
            return Err(Error::usage(format!("query {name} has no parameter {unknown:?}")).help(match names.len() {
                0 => "it has none".to_owned(),
                _ => format!("it has {}", names.join(", ")),
            }));
        }
        if !self.is_of_days() && rows.is_some() {
            return Err(Error::usage(format!("query {name} is not about days, accounts or Regions"))
                .help("give them to the queries that use what it makes"));
        }
        let missing: Vec<&Parameter> =
            self.parameters.iter().filter(|p| p.default.is_none() && !set.contains_key(p.name)).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|parameter| parameter.name).collect();
            let examples: Vec<String> = missing.iter().map(|p| format!("{SET} {}={}", p.name, p.example)).collect();
            let meanings: Vec<String> = missing.iter().map(|p| format!("{}: {}", p.name, p.description)).collect();
            return Err(Error::usage(format!("query {name} needs {}", names.join(" and "))).help(format!(
                "such as {} ({})",
                examples.join(" "),
                meanings.join("; ")
            )));
        }
        let mut values: BTreeMap<&str, String> = [("table", table.for_select())].into();
        for parameter in &self.parameters {
            values.insert(parameter.name, parameter.sql(set)?);
        }
        if let Some(rows) = rows {
            values.insert("days", rows.conditions()?.join("\nAND "));
            if let When::Local(local) = &rows.when {
                values.insert("tz", literal(&local.zone)?);
            }
        }
        self.fill(&values)
    }

    /// Returns whether it is about some days of a table.
    pub fn is_of_days(&self) -> bool {
        self.body.contains("{{days}}")
    }

    fn fill(&self, values: &BTreeMap<&str, String>) -> Result<String> {
        let mut sql = String::new();
        for (place, name) in Placeholders(self.body) {
            sql.push_str(place);
            let Some(name) = name else { break };
            let value = values.get(name).ok_or_else(|| match name {
                "tz" => Error::usage(format!("query {} is about a day of a time zone of your own", self.name))
                    .help(format!("name both: {LOCAL_DAY} 2026-01-15 {TZ} Asia/Tokyo")),
                _ => Error::usage(format!("query {} needs {name}", self.name)),
            })?;
            // Further lines of a condition stand below the first: ORs within, ANDs beside it.
            let column = sql.len() - sql.rfind('\n').map_or(0, |at| at + 1);
            let or = format!("\n{:1$}OR ", "", column.saturating_sub(2));
            let and = format!("\n{:1$}AND ", "", column.saturating_sub(4));
            sql.push_str(&value.replace("\nOR ", &or).replace("\nAND ", &and));
        }
        Ok(sql)
    }
}

/// Cuts a statement at its placeholders: the text before one, and its name.
struct Placeholders(&'static str);

impl Iterator for Placeholders {
    type Item = (&'static str, Option<&'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let found = self.0.split_once("{{").and_then(|(before, rest)| {
            let (name, after) = rest.split_once("}}")?;
            Some((before, name, after))
        });
        match found {
            Some((before, name, after)) => {
                self.0 = after;
                Some((before, Some(name)))
            }
            None => Some((std::mem::take(&mut self.0), None)),
        }
    }
}

impl Parameter {
    fn parse(line: &'static str) -> Result<Self, String> {
        let wrong = || format!("{line:?} is not `name kind, default value: what it is`");
        let (left, description) = line.split_once(": ").ok_or_else(wrong)?;
        let (left, value) = left.split_once(", ").ok_or_else(wrong)?;
        let (name, kind) = left.split_once(' ').ok_or_else(wrong)?;
        let kind = Kind::ALL.into_iter().find(|known| known.word() == kind).ok_or_else(wrong)?;
        let (default, example) = match (value.strip_prefix("default "), value.strip_prefix("such as ")) {
            (Some(value), _) => (Some(value), value),
            (None, Some(value)) => (None, value),
            (None, None) => return Err(wrong()),
        };
        // Every start of the program reads the queries, for the names that may be typed. To look up a time zone all zones of the
        // system are listed: of those a test asks whether they are some.
        match kind {
            Kind::Zone => {}
            _ if kind.sql(example).is_some() => {}
            _ => return Err(format!("{example:?} is no {kind}")),
        }
        Ok(Self { name, kind, default, example, description })
    }

    /// Returns what was set, or the default, as it stands in the statement.
    fn sql(&self, set: &BTreeMap<String, String>) -> Result<String> {
        let value = set.get(self.name).map_or(self.example, String::as_str);
        self.kind.sql(value).ok_or_else(|| {
            let what = match self.kind {
                Kind::Addresses => "an IPv4 or IPv6 address, or several separated by commas",
                Kind::Networks => "a network in CIDR form, or several separated by commas",
                Kind::Port => "a port",
                Kind::Ports => "a port, or several separated by commas",
                Kind::Count => "a number from 1 on",
                Kind::Prices => "dollars by traffic_path",
                Kind::Zone => "a time zone",
                Kind::Table => {
                    "a table's name: lower-case letters, digits and underscores, after a database's and a dot"
                }
            };
            Error::usage(format!("{SET} {}={value:?} is not {what}", self.name))
                .help(format!("such as {SET} {}={} ({})", self.name, self.example, self.description))
        })
    }
}

/// Returns the field of a column of VPC Flow Logs.
fn field(column: &str) -> Option<&'static Field> {
    LogType::Vpc.schema().fields.iter().find(|field| field.column == column)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;
    use crate::days::{Days, LocalDay};

    fn one_day() -> Selection {
        let when = When::Days(Days::These([date(2026, 1, 15)].into()));
        Selection { when, accounts: Vec::new(), regions: Vec::new() }
    }

    #[test]
    fn examples_and_defaults_are_of_their_kinds() {
        for query in all() {
            for Parameter { name, kind, default, example, .. } in &query.parameters {
                assert!(kind.sql(example).is_some(), "{}: {name}: {example:?} is no {kind}", query.name);
                assert!(
                    default.is_none_or(|default| kind.sql(default).is_some()),
                    "{}: {name}: {default:?}",
                    query.name
                );
            }
        }
    }

    #[test]
    fn every_file_is_listed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/athena/queries");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = names.collect();
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.sql")).collect();
        assert_eq!(files, listed);
        assert_eq!(FILES.len(), listed.len());
    }

    #[test]
    fn every_file_is_sound() {
        for query in all() {
            let name = query.name;
            assert!(query.answers.ends_with('?') && !query.title.ends_with('.'), "{name}");
            assert!(query.parameters.iter().all(|p| !p.description.ends_with('.')), "{name}");
            let body = query.body;
            assert!(body.ends_with(";\n") && body.matches(';').count() == 1, "{name} must be one statement");
            assert!(!body.contains("--") && !body.contains("/*"), "{name}: no comment inside the statement");
            assert_eq!(body.matches("{{table}}").count(), 1, "{name}");
            assert!(query.is_of_days() || body.starts_with("CREATE OR REPLACE VIEW"), "{name} must name its days");
            let used: BTreeSet<&str> = Placeholders(body).filter_map(|(_, name)| name).collect();
            let known = ["table", "days", "tz"].into_iter().chain(query.parameters.iter().map(|p| p.name));
            let unknown: Vec<&&str> = used.iter().filter(|name| !known.clone().any(|known| known == **name)).collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
            assert!(
                query.parameters.iter().all(|p| used.contains(p.name)),
                "{name} has a parameter that it does not use"
            );
        }
    }

    #[test]
    fn has_the_16_questions_of_aws() {
        let names: BTreeSet<&str> = all().iter().filter_map(|query| query.aws).collect();
        assert_eq!(names.len(), 16);
        assert!(names.iter().all(|name| name.starts_with("VpcFlowLogs") && find(name).is_some()));
    }

    #[test]
    fn refuses_a_file_that_is_not_sound() {
        let head = "-- title: t\n-- answers: a?\n-- columns: srcaddr end\n";
        let body = "SELECT 1 FROM {{table}};\n";
        assert_eq!(Query::parse("q", head).unwrap_err(), "there is no statement");
        let parsed = |lines: &str| Query::parse("q", format!("{head}{lines}{body}").leak());
        assert_eq!(parsed("").unwrap().version, 2);
        for bad in
            ["-- typo: x\n", "-- title: again\n", "-- parameter: a port: x\n", "-- parameter: a port, default x: y\n"]
        {
            assert!(parsed(bad).is_err(), "{bad}");
        }
        for bad in ["srcaddr shoe_size", "end srcaddr", ""] {
            assert!(Query::parse("q", format!("{}{body}", head.replace("srcaddr end", bad)).leak()).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_written_anew() {
        let good = [
            (Kind::Addresses, "10.0.1.5, 10.0.1.6", "'10.0.1.5', '10.0.1.6'"),
            (Kind::Addresses, "2001:DB8::1", "'2001:db8::1', '2001:db8:0:0:0:0:0:1'"),
            (Kind::Addresses, "2001:db8:1:2:3:4:5:6", "'2001:db8:1:2:3:4:5:6'"),
            (Kind::Networks, "10.0.0.0/8,fc00::/7,0.0.0.0/0,::/0", "'10.0.0.0/8', 'fc00::/7', '0.0.0.0/0', '::/0'"),
            (Kind::Networks, "10.1.2.3/32,::1/128", "'10.1.2.3/32', '::1/128'"),
            (Kind::Port, "0443", "443"),
            (Kind::Ports, "22, 3389", "22, 3389"),
            (Kind::Count, "50", "50"),
            (Kind::Prices, "2:0.09,8:1", "WHEN 2 THEN 0.09 WHEN 8 THEN 1.0"),
            (Kind::Zone, "asia/tokyo", "'Asia/Tokyo'"),
            (Kind::Table, "logs.flow", "\"logs\".\"flow\""),
        ];
        for (kind, value, sql) in good {
            assert_eq!(kind.sql(value).as_deref(), Some(sql), "{kind} {value}");
        }
        let bad = [
            (
                Kind::Addresses,
                &["", "10.0.1", "10.0.1.5'", "10.0.1.5,", "a.example", "1.2.3.4 OR 1=1", "fe80::1%eth0"][..],
            ),
            (Kind::Networks, &["10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "::1/127", "::/129", "10.0.0.0/-1", "/8"]),
            (Kind::Port, &["", "65536", "-1", "22;", "ssh"]),
            (Kind::Ports, &["22,,23", "22)", ""]),
            (Kind::Count, &["0", "-1", "1e9", "all", ""]),
            (Kind::Prices, &["0.09", "2:", "2:nan", "2:-1", "2:1e3", "2:inf", "x:1", "2:.", ""]),
            (Kind::Zone, &["Mars/Olympus", "Asia/Tokyo'", "", "../etc/passwd"]),
            (Kind::Table, &["A", "a.b.c", "a\"b", "", "a\n", "a*/"]),
        ];
        for (kind, values) in bad {
            for value in values {
                assert_eq!(kind.sql(value), None, "{kind} {value:?}");
            }
        }
    }

    #[test]
    fn conditions_line_up() {
        let query = Query::parse(
            "q",
            "-- title: t\n-- answers: a?\n-- columns: srcaddr\nSELECT 1\nFROM {{table}}\nWHERE {{days}}\n  AND srcaddr = '-';\n",
        )
        .unwrap();
        let days = Days::range(date(2025, 12, 31), date(2026, 1, 31)).unwrap();
        let rows = Selection { when: When::Days(days), accounts: Vec::new(), regions: vec!["us-east-1".into()] };
        let sql = query.sql(&TableName::parse("t").unwrap(), Some(&rows), &BTreeMap::new()).unwrap();
        let expected = "SELECT 1\nFROM \"t\"\nWHERE ((year = '2025' AND month = '12' AND day = '31')\n    \
                        OR (year = '2026' AND month = '01'))\n  AND aws_region = 'us-east-1'\n  AND srcaddr = '-';\n";
        assert_eq!(sql, expected);
    }

    #[test]
    fn says_what_is_missing_or_too_much() {
        let table = TableName::parse("t").unwrap();
        let said = |name: &str, rows: Option<&Selection>, set: &[(&str, &str)]| {
            let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            find(name).unwrap().sql(&table, rows, &set).unwrap_err().to_string()
        };
        let day = one_day();
        assert!(said("nat-trace", Some(&day), &[]).starts_with("query nat-trace needs address and server\n"));
        assert!(
            said("nat-trace", Some(&day), &[("address", "10.0.0.1")]).starts_with("query nat-trace needs server\n")
        );
        assert!(
            said("rejected", Some(&day), &[("ports", "1")]).contains("no parameter \"ports\"\n  help: it has limit")
        );
        assert!(said("local-day", Some(&day), &[]).contains("local_day 2026-01-15 tz Asia/Tokyo"));
        assert!(said("local-time-view", Some(&day), &[("zone", "UTC")]).contains("is not about days"));
    }

    #[test]
    fn knows_which_columns_a_table_lacks() {
        let have: Vec<String> = ["bytes", "flow_direction"].map(str::to_owned).into();
        let query = find("egress-by-path").unwrap();
        let names =
            |when: &When| -> Vec<&str> { query.missing(Some(when), &have).iter().map(|f| f.name.as_str()).collect() };
        assert_eq!(names(&one_day().when), ["packets", "traffic-path"]);
        let local = When::Local(LocalDay::new(date(2026, 1, 15), "Asia/Tokyo").unwrap());
        assert_eq!(names(&local), ["packets", "traffic-path", "start"]);
    }
}
