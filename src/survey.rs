//! A look at SOURCE: which layouts, days and formats its raw objects have, for the definition of a raw table.
//!
//! In: the objects that were found, and the headers of some. Out: a [`Survey`]. A flow log's format cannot change
//! after its creation (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>), so the newest
//! object of each flow log tells the format of all of them; where names do not tell the flow log, each day's newest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use jiff::civil::Date;
use tracing::info;

use crate::athena::definition::RawContents;
use crate::athena::pattern::{Part, Pattern};
use crate::error::{Error, Result};
use crate::ledger::partition::Partition;
use crate::options::{ACCOUNT, LOG_FORMAT, REGION, SOURCE_LAYOUT};
use crate::record::header::{Header, HeaderError};
use crate::record::schema::LogType;
use crate::source::discover::discover;
use crate::source::found::{SourceObject, Wanted};
use crate::source::gunzip;
use crate::source::layout::{FileName, Folder, Level, Place, folders_of};
use crate::source::source_layout::{Piece, SourceLayout, Variable};
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
    found.met.refuse_others(wanted, source.location())?;
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
    let lies = |object: &SourceObject| lies(&object.object.key, source, wanted.source_layout.as_ref());
    let (above, folders) = lies(newest);
    let day = Place::of_prefix(newest.object.key.rsplit_once('/').map_or("", |(folders, _)| folders)).day;
    let layout = wanted.source_layout.as_ref();
    let fits_none = layout.is_some_and(|layout| !layout.has_leading_zeros());
    if fits_none || (day.is_some() || layout.is_some()) && !folders.parts().any(|part| part == Part::Day) {
        return Err(Error::usage("no table can be defined over raw objects whose folders have not AWS's form")
            .at(source.location().url_of(&newest.object.key))
            .help(format!(
                "convert them and define the table over that, or, if months and days have two digits, say {SOURCE_LAYOUT}; \
                 AWS's folders end in 2026/01/05/ or year=2026/month=01/day=05/"
            )));
    }
    let mut partitions = BTreeSet::new();
    let mut others: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for object in &found.objects {
        let (other_above, other) = lies(object);
        if (&other_above, &other) == (&above, &folders) {
            partitions.insert(partition(object, &folders));
        } else {
            let shown = format!("{}{other_above}{other}", source.location().root());
            others.entry(shown).or_default().insert(object.day);
        }
    }
    Ok(Survey {
        raw: RawContents {
            log_type: header.log_type().unwrap_or(LogType::Vpc),
            columns: header.columns,
            location: format!("{}{above}", source.location().root()),
            layout: folders,
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

/// Objects whose heads are looked at at once.
const HEADS_AT_ONCE: usize = 256;

/// Returns the newest of the objects that have a header line, or whose format is `log_format` without one, and the log type that
/// it says, if it says one.
///
/// # Errors
/// When the store fails.
pub fn newest_log_type<'a>(
    source: &Store,
    objects: &'a [SourceObject],
    log_format: Option<&Header>,
) -> Result<Option<(&'a SourceObject, Option<LogType>)>> {
    let mut newest: Vec<&SourceObject> = objects.iter().collect();
    newest.sort_by_key(|object| Reverse(newness(object)));
    let headers = first_of(source, &[newest], |line| header_of(line, log_format))?;
    Ok(headers.into_iter().flatten().next().map(|(object, header)| (object, header.log_type())))
}

/// Returns the first object of each group of which the first line says something, and what it says. Most often that is the
/// first object: it alone is looked at then, and of those behind it ever more at once.
fn first_of<'a, T>(
    source: &Store,
    groups: &[Vec<&'a SourceObject>],
    said: impl Fn(&[u8]) -> Option<T>,
) -> Result<Vec<Option<(&'a SourceObject, T)>>> {
    let mut found: Vec<Option<(&SourceObject, T)>> = groups.iter().map(|_| None).collect();
    let (mut from, mut most) = (0, 1);
    loop {
        let open = groups.iter().enumerate().filter(|(at, group)| found[*at].is_none() && group.len() > from);
        let next: Vec<(usize, &SourceObject)> =
            open.flat_map(|(at, group)| group[from..].iter().take(most).map(move |object| (at, *object))).collect();
        if next.is_empty() {
            return Ok(found);
        }
        for next in next.chunks(HEADS_AT_ONCE) {
            let objects: Vec<&Listed> = next.iter().map(|(_, object)| &object.object).collect();
            for ((at, object), head) in next.iter().zip(heads(source, &objects)?) {
                if found[*at].is_none() {
                    found[*at] = said(&gunzip::first_line(&head)).map(|said| (*object, said));
                }
            }
        }
        (from, most) = (from + most, (most * 2).min(HEADS_AT_ONCE));
    }
}

/// Returns the first line of an object that is not blank, or `None` if it is gone.
///
/// # Errors
/// When its head cannot be read.
pub fn first_line_of(source: &Store, key: &str) -> Result<Option<Vec<u8>>> {
    let Some(object) = source.head(key)? else { return Ok(None) };
    let heads = heads(source, &[&object])?;
    Ok(heads.first().map(|head| gunzip::first_line(head)))
}

/// Reads the heads of objects. One that went since it was listed, or cannot be read, says nothing, and costs the run nothing
/// either.
fn heads(source: &Store, objects: &[&Listed]) -> Result<Vec<Bytes>> {
    let heads = source.get_heads(objects, HEAD_BYTES)?;
    Ok(heads.into_iter().map(Result::unwrap_or_default).collect())
}

/// Returns the format of each flow log, that of the newest object first; `log_format` is that of objects without a header
/// line. A flow log's format is that of its newest object that has one: those that cannot be read say nothing.
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
    let mut groups: Vec<_> = groups.into_iter().map(|((flow_log, _), group)| (flow_log, group)).collect();
    for (_, group) in &mut groups {
        group.sort_by_key(|object| Reverse(newness(object)));
    }
    let by_age: Vec<Vec<&SourceObject>> = groups.iter().map(|(_, group)| group.clone()).collect();
    let mut headers: Vec<_> =
        groups.into_iter().zip(first_of(source, &by_age, |line| header_of(line, log_format))?).collect();
    // Those that tell no format come last: what the others tell is what there is.
    headers.sort_by_key(|((_, group), said)| {
        let newest = said.as_ref().map(|(object, _)| *object).or(group.first().copied());
        Reverse((said.is_some(), newest.map(newness)))
    });
    let mut formats: Vec<Format> = Vec::new();
    for ((flow_log, group), said) in headers {
        let header = match said {
            Some((_, header)) => Ok(header),
            None => log_format.cloned().ok_or(why_none(source, &group)?),
        };
        let known = formats.iter().position(|format| format.header == header);
        let at = known.unwrap_or_else(|| {
            formats.push(Format { header, days: BTreeSet::new(), flow_logs: BTreeSet::new() });
            formats.len() - 1
        });
        formats[at].days.extend(group.iter().map(|object| object.day));
        formats[at].flow_logs.extend(flow_log);
    }
    Ok(formats)
}

/// Returns the header that an object's first line is, or that is said of objects without one.
fn header_of(line: &[u8], log_format: Option<&Header>) -> Option<Header> {
    match Header::parse(line) {
        Err(HeaderError::NotAHeader(_)) if !line.is_empty() => log_format.cloned(),
        parsed => parsed.ok(),
    }
}

/// Returns why the newest of some objects tells no format.
fn why_none(source: &Store, group: &[&SourceObject]) -> Result<HeaderError> {
    let newest: Vec<&Listed> = group.first().map(|object| &object.object).into_iter().collect();
    let heads = heads(source, &newest)?;
    let line = heads.first().map(|head| gunzip::first_line(head)).unwrap_or_default();
    Ok(Header::parse(&line).err().unwrap_or(HeaderError::NotAHeader(String::new())))
}

/// Returns the account and the Region of an object; a layout may tell one of the two alone.
fn names(object: &SourceObject) -> (String, String) {
    let text = |name: &Option<Arc<str>>| name.as_deref().unwrap_or_default().to_owned();
    (text(&object.account), text(&object.region))
}

/// Returns the partition of an object, with what its folders say and nothing else.
fn partition(object: &SourceObject, folders: &Pattern) -> Partition {
    let by_hour = folders.parts().any(|part| part == Part::Hour);
    let account_region = folders.parts().any(|part| matches!(part, Part::Account | Part::Region));
    Partition {
        account_region: account_region.then(|| names(object)),
        day: object.day,
        hour: object.hour.filter(|_| by_hour),
    }
}

/// Returns what lies above the layout of a key, ending in `/` unless empty, and the layout: the one that was given, or the one
/// that its folders show.
fn lies(key: &str, source: &Store, given: Option<&SourceLayout>) -> (String, Pattern) {
    let Some(given) = given else {
        let (above, folders) = folders_of(key);
        return (above, pattern(&folders));
    };
    let prefix = source.location().prefix();
    let below = key.strip_prefix(prefix).unwrap_or(key).trim_start_matches('/');
    let above = &key[..key.len() - below.len()];
    let mut folders = given.read(below).map(|(_, folders)| folders).unwrap_or_default();
    // What is always called the same is no part of a partition.
    let text = |folder: &[Piece]| matches!(folder, [Piece::Text(_)]);
    let fixed = folders.iter().take_while(|folder| text(folder)).count();
    let fixed: String = folders.drain(..fixed).flat_map(|folder| folder_text(&folder)).collect();
    (format!("{above}{fixed}"), folders.iter().fold(Pattern::default(), |layout, folder| told(layout, folder)))
}

fn folder_text(folder: &[Piece]) -> Option<String> {
    match folder {
        [Piece::Text(text)] => Some(format!("{text}/")),
        _ => None,
    }
}

/// Adds a folder of a given layout.
fn told(layout: Pattern, folder: &[Piece]) -> Pattern {
    let layout = folder.iter().fold(layout, |layout, piece| match piece {
        Piece::Text(text) => layout.text(text),
        Piece::Value(variable, _) => match variable {
            Variable::Account => layout.then(Part::Account),
            Variable::Region => layout.then(Part::Region),
            Variable::Year => layout.then(Part::Year),
            Variable::Month => layout.then(Part::Month),
            Variable::Day => layout.then(Part::Day),
            Variable::Hour => layout.then(Part::Hour),
            // Its name stands in its place.
            Variable::Any => layout,
        },
    });
    layout.text("/")
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
