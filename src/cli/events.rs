//! Events on standard error: `-v`, `-vv`, `FLOWPARQUET_LOG` and `--log-output`.
//!
//! In: the events of the library ([`tracing`]). Out: a line each, as text or JSON, above the progress bar if there is one.
//! Nothing is printed, and nothing is installed, unless somebody asks for it. Here stand the two promises that hold for
//! every event, whoever wrote it: characters that a terminal obeys are escaped, and secrets are masked.

use std::borrow::Cow;
use std::fmt;

use crate::error::{masked, masked_urls, printable};
use crate::{Error, Result};
use jiff::Timestamp;
use serde_json::Value as Json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::args::LogOutput;
use super::screen::{harmless_json, tell};

/// The variable that chooses events.
const FILTER: &str = "FLOWPARQUET_LOG";

/// The variable that many programs of this kind read; [`FILTER`] wins.
const COMMON_FILTER: &str = "RUST_LOG";

/// What our own events are named after, and all that a level without a name is about.
const OURS: &str = "flowparquet";

/// Variables whose values are secrets: they are masked wherever they turn up.
const SECRETS: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
];

/// Shortest value that is taken for a secret: a shorter one protects nothing, and masking it would garble every line.
const MIN_SECRET_BYTES: usize = 4;

/// Has events written as asked for on the command line and by the environment.
///
/// # Errors
/// A usage error if [`FILTER`] is none.
pub fn start(verbose: u8, output: LogOutput) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    let (own, common) = (variable(FILTER), variable(COMMON_FILTER));
    let Some(filter) = filter(verbose, own.as_deref(), common.as_deref())? else { return Ok(()) };
    let secrets = SECRETS.iter().filter_map(|name| variable(name)).filter(|value| value.len() >= MIN_SECRET_BYTES);
    let events = Events { filter, json: output == LogOutput::Json, secrets: secrets.collect() };
    tracing::subscriber::set_global_default(events).map_err(|e| Error::stopped("cannot write events").because(e))
}

/// Returns which events are written, or `None` if none are.
fn filter(verbose: u8, own: Option<&str>, common: Option<&str>) -> Result<Option<Targets>> {
    let asked = match verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let parsed = match (own, common) {
        (Some(text), _) => text.parse::<Targets>().map_err(|e| {
            Error::usage(format!("{FILTER} is no filter of events: {text:?}"))
                .because(e)
                .help("write it as `debug`, or as `flowparquet=info,flowparquet::store=trace`")
        })?,
        // It was set for other programs too, some of which understand more: not a reason to convert nothing.
        (None, Some(text)) => text.parse().unwrap_or_default(),
        (None, None) => Targets::new(),
    };
    let level = parsed.default_level().unwrap_or(LevelFilter::OFF).max(asked);
    let named: Vec<(String, LevelFilter)> = parsed
        .iter()
        .map(|(target, level)| (target.to_owned(), level))
        .filter(|(target, _)| !target.is_empty())
        .collect();
    if level == LevelFilter::OFF && named.iter().all(|(_, level)| *level == LevelFilter::OFF) {
        return Ok(None);
    }
    let targets = Targets::new().with_target(OURS, level);
    // `-v` is not taken back by what the environment says of the whole program.
    let named = named.into_iter().map(|(target, level)| match target.as_str() {
        OURS => (target, level.max(asked)),
        _ => (target, level),
    });
    Ok(Some(targets.with_targets(named)))
}

/// Writes events.
struct Events {
    filter: Targets,
    json: bool,
    /// Values that are masked.
    secrets: Vec<String>,
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Others have spans; without them their events can be read too.
        // What brings credentials tells whole answers at its lowest level, secrets and all.
        let tells_secrets = metadata.target().starts_with("aws_") && *metadata.level() == tracing::Level::TRACE;
        metadata.is_event() && !tells_secrets && self.filter.would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.filter.iter().map(|(_, level)| level).max()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        let mut fields = EventFields { secrets: &self.secrets, foreign: !target.starts_with(OURS), all: Vec::new() };
        event.record(&mut fields);
        let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let line = if self.json { fields.json(&time, level, target) } else { fields.text(&time, level, target) };
        tell(&line);
    }
}

/// The fields of an event, with secrets masked; the first is its message.
struct EventFields<'a> {
    secrets: &'a [String],
    /// Whether another crate wrote the event.
    foreign: bool,
    all: Vec<(&'static str, Json)>,
}

impl EventFields<'_> {
    fn add(&mut self, field: &Field, value: impl Into<Json>) {
        let at = if field.name() == "message" { 0 } else { self.all.len() };
        self.all.insert(at, (field.name(), value.into()));
    }

    fn masked(&self, text: &str) -> String {
        let mut text = if self.foreign { Cow::Owned(without_users(&masked(text))) } else { masked_urls(text) };
        for secret in self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), "***"));
            }
        }
        text.into_owned()
    }

    /// Returns `2026-01-16T00:30:00.000000Z  INFO flowparquet::convert: message field=value`.
    fn text(&self, time: &str, level: &str, target: &str) -> String {
        let mut line = format!("{time} {level:>5} {target}:");
        for (name, value) in &self.all {
            let shown = match value {
                Json::String(text) if *name == "message" => printable(text).into_owned(),
                Json::String(text) => quoted(text),
                value => value.to_string(),
            };
            line.push(' ');
            if *name != "message" {
                line.push_str(name);
                line.push('=');
            }
            line.push_str(&shown);
        }
        line.push('\n');
        line
    }

    /// Returns `{"timestamp":...,"level":...,"target":...,"fields":{"message":...}}`.
    fn json(&self, time: &str, level: &str, target: &str) -> String {
        let text = |text: &str| Json::from(text).to_string();
        let fields: Vec<String> = self.all.iter().map(|(name, value)| format!("{}:{value}", text(name))).collect();
        let (time, level, target) = (text(time), text(level), text(target));
        let line =
            format!(r#"{{"timestamp":{time},"level":{level},"target":{target},"fields":{{{}}}}}"#, fields.join(","));
        harmless_json(&line).into_owned() + "\n"
    }
}

/// Returns a text without `user:password@`, which other crates write where no URL is, too. Not for our own events: a key may
/// have that form, and nobody could find its object.
fn without_users(text: &str) -> String {
    let ends_a_word = |c: char| c.is_whitespace() || "/\"'(,<>[{".contains(c);
    let mut parts: Vec<&str> = text.split('@').collect();
    let behind = parts.pop().unwrap_or_default();
    let mut shown = String::with_capacity(text.len());
    for part in parts {
        let word = part.rsplit(ends_a_word).next().unwrap_or_default();
        let kept = if word.contains(':') { &part[..part.len() - word.len()] } else { part };
        shown.push_str(kept);
        shown.push_str(if kept.len() < part.len() { "***@" } else { "@" });
    }
    shown + behind
}

/// Returns a value of a field so that nothing in it can be taken for another field.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\');
    if plain {
        return printable(text).into_owned();
    }
    format!("\"{}\"", printable(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}

impl Visit for EventFields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // Seconds, mostly: nobody reads more than milliseconds of them.
        self.add(field, (value * 1e3).round() / 1e3);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let value = self.masked(value);
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = self.masked(&format!("{value:?}"));
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use crate::error::is_obeyed;

    use super::*;

    #[test]
    fn what_is_asked_for() {
        let chosen = |verbose, own, common| filter(verbose, own, common).unwrap();
        assert!(chosen(0, None, None).is_none());
        assert!(chosen(0, Some("off"), Some("trace")).is_none());
        assert!(chosen(0, None, Some("[span{x=1}]=debug,/regex")).is_none());
        let would = |filter: &Option<Targets>, target, level| filter.as_ref().unwrap().would_enable(target, &level);
        let verbose = chosen(1, None, None);
        assert!(would(&verbose, "flowparquet::store", Level::INFO));
        assert!(!would(&verbose, "flowparquet::store", Level::DEBUG));
        assert!(!would(&verbose, "hyper", Level::ERROR));
        assert!(would(&chosen(2, None, None), "flowparquet", Level::DEBUG));
        let bare = chosen(0, None, Some("trace"));
        assert!(would(&bare, "flowparquet", Level::TRACE) && !would(&bare, "hyper::client", Level::ERROR));
        let named = chosen(1, Some("flowparquet::store=off,hyper=debug,flowparquet=warn"), Some("trace"));
        assert!(would(&named, "hyper::client", Level::DEBUG) && !would(&named, "object_store", Level::ERROR));
        assert!(would(&named, "flowparquet::plan", Level::INFO) && !would(&named, "flowparquet::store", Level::ERROR));
        let wrong = filter(1, Some("a=b=c"), None).unwrap_err().to_string();
        assert!(wrong.starts_with("FLOWPARQUET_LOG is no filter of events: \"a=b=c\"\n"), "{wrong}");
    }

    #[test]
    fn lines_hold_what_they_are_given() {
        let all = vec![
            ("message", Json::from("object\u{1b} rejected")),
            ("object", Json::from("s3://b/a=b")),
            ("reason", Json::from("a \"b\"\n\u{202e} rows=9")),
            ("rows", Json::from(7)),
        ];
        let fields = EventFields { secrets: &[], foreign: false, all };
        assert_eq!(
            fields.text("T", "INFO", "flowparquet"),
            "T  INFO flowparquet: object\\u{1b} rejected object=s3://b/a=b reason=\"a \\\"b\\\"\\n\\u{202e} rows=9\" rows=7\n"
        );
        let line = fields.json("T", "INFO", "flowparquet");
        assert!(!line.trim_end().contains(is_obeyed), "{line}");
        let parsed: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed["fields"]["reason"], "a \"b\"\n\u{202e} rows=9");
        assert_eq!(fields.masked("x"), "x");
        let secrets = ["hush".to_owned()];
        let fields = EventFields { secrets: &secrets, foreign: false, all: Vec::new() };
        assert_eq!(fields.masked("a hush, http://u:p@h/"), "a ***, http://***@h/");
        assert_eq!(without_users("(\"http\", me:pass@h:1) a@b x:y"), "(\"http\", ***@h:1) a@b x:y");
        assert_eq!(without_users("me:p@h\u{2003}m:n@"), "***@h\u{2003}***@");
    }
}
