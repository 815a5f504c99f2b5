//! A look at SOURCE: which layouts, days and formats its raw objects have, for the definition of a raw table.
//!
//! In: the objects that were found, and the headers of some. Out: a [`Survey`]. A flow log's format cannot change
//! after its creation (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>), so the newest
//! object of each flow log tells the format of all of them; where names do not tell the flow log, each day's newest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tracing::info;

use crate::athena::definition::RawContents;
use crate::athena::pattern::{Part, Pattern};
use crate::error::{Error, Result};
use crate::ledger::partition::Partition;
use crate::options::{ACCOUNT, LOG_FORMAT, REGION};
use crate::record::header::{Header, HeaderError};
use crate::record::schema::LogType;
use crate::source::discover::{SourceObject, Wanted, discover};
use crate::source::gunzip;
use crate::source::layout::{FileName, Folder, Level, Place, folders_of};
use crate::store::{Listed, Store, name_of};

/// Bytes of an object that are read for its header line: 54 fields have 700.
pub const HEAD_BYTES: u64 = 64 << 10;

/// What SOURCE looks like.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Format and layout of the newest object, and all folders of that layout.
    pub raw: RawContents,
    /// Every format with its days, that of the newest object first.
    pub formats: Vec<Format>,
    /// Other layouts, which need a table of their own, with their days.
    pub other_layouts: Vec<(String, BTreeSet<Date>)>,
}

/// A format of objects.
#[derive(Debug, Clone)]
pub struct Format {
    /// The fields in order, or why there are none.
    pub header: Result<Header, HeaderError>,
    /// Days with objects of it.
    pub days: BTreeSet<Date>,
    /// Flow logs that write it; empty if names do not tell.
    pub flow_logs: BTreeSet<String>,
}

/// Looks at SOURCE.
///
/// `log_format` is the format of objects without a header line.
///
/// # Errors
/// A usage error if there are no objects or the newest has no header line; otherwise when the store fails.
pub fn survey(source: &Store, wanted: &Wanted, log_format: Option<&Header>) -> Result<Survey> {
    let found = discover(source, wanted)?;
    let newest = newest(&found.objects).ok_or_else(|| {
        Error::usage("there are no flow log objects below SOURCE")
            .at(source.location())
            .help(format!("check SOURCE, {ACCOUNT} and {REGION}"))
    })?;
    let formats = formats(source, &found.objects, log_format)?;
    let first = formats.first().map(|format| format.header.clone());
    let header = first.unwrap_or_else(|| Err(HeaderError::NotAHeader(String::new()))).map_err(|e| {
        Error::usage("the newest object does not tell its columns")
            .at(source.location().url_of(&newest.object.key))
            .because(e)
            .help(format!("give {LOG_FORMAT} '${{version}} ${{account-id}} ...', as DescribeFlowLogs prints it"))
    })?;
    let object = source.location().url_of(&newest.object.key);
    info!(object, columns = header.columns.len(), formats = formats.len(), "columns by the newest object's header");
    let (above, folders) = folders_of(&newest.object.key);
    let day = Place::of_prefix(newest.object.key.rsplit_once('/').map_or("", |(folders, _)| folders)).day;
    if day.is_some() && !folders.iter().any(|folder| folder.level == Level::Day) {
        return Err(Error::usage("no table can be defined over raw objects whose folders have not AWS's form")
            .at(source.location().url_of(&newest.object.key))
            .help("convert them and define the table over that; AWS's folders end in 2026/01/05/ or year=2026/month=01/day=05/"));
    }
    let mut partitions = BTreeSet::new();
    let mut others: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for object in &found.objects {
        let (other_above, other) = folders_of(&object.object.key);
        if (&other_above, &other) == (&above, &folders) {
            partitions.insert(partition(object, &folders));
        } else {
            let shown = format!("{}{other_above}{}", source.location().root(), pattern(&other));
            others.entry(shown).or_default().insert(object.day);
        }
    }
    Ok(Survey {
        raw: RawContents {
            log_type: header.log_type().unwrap_or(LogType::Vpc),
            columns: header.columns,
            location: format!("{}{above}", source.location().root()),
            layout: pattern(&folders),
            partitions: partitions.into_iter().collect(),
        },
        formats,
        other_layouts: others.into_iter().collect(),
    })
}

/// Returns the newest of some objects, by day, hour and name.
pub fn newest<'a>(objects: impl IntoIterator<Item = &'a SourceObject>) -> Option<&'a SourceObject> {
    objects.into_iter().max_by_key(|object| newness(object))
}

fn newness(object: &SourceObject) -> (Date, Option<i8>, &str) {
    (object.day, object.hour, &object.object.key)
}

/// Returns the format of each flow log, that of the newest object first; `log_format` is that of objects without a header
/// line.
///
/// # Errors
/// When the head of an object cannot be read.
pub fn formats(source: &Store, objects: &[SourceObject], log_format: Option<&Header>) -> Result<Vec<Format>> {
    let mut groups: BTreeMap<(Option<String>, Option<Date>), Vec<&SourceObject>> = BTreeMap::new();
    for object in objects {
        let name = name_of(&object.object.key);
        let flow_log = FileName::parse(name).flow_log;
        let day = flow_log.is_none().then_some(object.day);
        groups.entry((flow_log, day)).or_default().push(object);
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .filter_map(|((flow_log, _), group)| newest(group.iter().copied()).map(|newest| (newest, flow_log, group)))
        .collect();
    groups.sort_by_key(|(newest, ..)| Reverse(newness(newest)));
    let heads: Vec<&Listed> = groups.iter().map(|(newest, ..)| &newest.object).collect();
    let mut formats: Vec<Format> = Vec::new();
    for (head, (_, flow_log, group)) in source.get_heads(&heads, HEAD_BYTES)?.iter().zip(&groups) {
        let header = match Header::parse(&gunzip::first_line(head)) {
            Err(HeaderError::NotAHeader(_)) if log_format.is_some() => {
                log_format.cloned().ok_or(HeaderError::NotAHeader(String::new()))
            }
            parsed => parsed,
        };
        let known = formats.iter().position(|format| format.header == header);
        let at = known.unwrap_or_else(|| {
            formats.push(Format { header, days: BTreeSet::new(), flow_logs: BTreeSet::new() });
            formats.len() - 1
        });
        formats[at].days.extend(group.iter().map(|object| object.day));
        formats[at].flow_logs.extend(flow_log.clone());
    }
    Ok(formats)
}

fn names(object: &SourceObject) -> Option<(String, String)> {
    Some((object.account.as_deref()?.to_owned(), object.region.as_deref()?.to_owned()))
}

/// Returns the partition of an object, with what its folders say and nothing else.
fn partition(object: &SourceObject, folders: &[Folder]) -> Partition {
    let by_hour = folders.iter().any(|folder| folder.level == Level::Hour);
    let account_region = folders.iter().any(|folder| folder.level == Level::Region);
    Partition {
        account_region: account_region.then(|| names(object)).flatten(),
        day: object.day,
        hour: object.hour.filter(|_| by_hour),
    }
}

fn pattern(folders: &[Folder]) -> Pattern {
    folders.iter().fold(Pattern::default(), |pattern, folder| {
        let pattern = pattern.text(&folder.text);
        let pattern = match folder.level {
            Level::Opaque | Level::AwsLogs | Level::Service => pattern,
            Level::Account => pattern.then(Part::Account),
            Level::Region => pattern.then(Part::Region),
            Level::Year => pattern.then(Part::Year),
            Level::Month => pattern.then(Part::Month),
            Level::Day => pattern.then(Part::Day),
            Level::Hour => pattern.then(Part::Hour),
        };
        pattern.text("/")
    })
}
