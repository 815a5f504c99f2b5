//! Objects of which neither folder nor name says that they are flow logs: whether they are, their content decides.
//!
//! In: those that lie above all folders of days, and those that are called like something else, by folder and ending. Out: those of which one holds a flow log. Three of each are looked at: others have the bucket too, and what
//! lies together under such names is mostly of one kind.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::record::header::Header;
use crate::store::fetch::Body;
use crate::store::{Listed, Store, Unread};

use super::gunzip;
use super::layout::{Place, Suffix};

/// Bytes of an object that are read: a header line of all fields has 700, and gzip makes them fewer.
const HEAD_BYTES: u64 = 4 << 10;

/// Names of fields that the first line must have; a text may begin with one such word by chance.
const MIN_FIELDS: usize = 3;

/// Fields of a record of the default format, of which the third is the interface
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
const RECORD_FIELDS: usize = 14;

/// Objects that lie together.
#[derive(Debug)]
pub(super) struct LooseObjects {
    /// What the folder is.
    pub place: Place,
    /// The objects, by key.
    pub objects: Vec<Listed>,
}

impl LooseObjects {
    /// Returns the objects that are looked at.
    fn samples(&self) -> Vec<&Listed> {
        let last = self.objects.len().saturating_sub(1);
        let mut places = vec![0, last / 2, last];
        places.dedup();
        places.into_iter().filter_map(|at| self.objects.get(at)).collect()
    }
}

/// Objects by folder and ending.
#[derive(Debug, Default)]
pub(super) struct ByFolder(BTreeMap<(String, String), LooseObjects>);

impl ByFolder {
    /// Adds an object that may be a log: hidden ones, AWS's Parquet and what has no bytes are none.
    pub(super) fn add(&mut self, object: Listed, place: &Place) {
        let (folder, name) = object.key.rsplit_once('/').unwrap_or(("", &object.key));
        let may_be = matches!(Suffix::of(name), Suffix::Log | Suffix::Other) && !name.is_empty();
        if may_be && object.size > 0 && Store::is_key(&object.key) {
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            let of = self.0.entry((folder.to_owned(), ending.to_owned()));
            of.or_insert_with(|| LooseObjects { place: place.clone(), objects: Vec::new() }).objects.push(object);
        }
    }
}

/// What the contents of objects say.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those that hold flow logs: all of a folder and ending, whatever the first of them are.
    pub logs: Vec<LooseObjects>,
    /// Those that hold something else.
    pub others: Vec<LooseObjects>,
    /// Those that may be such as could not be read when they were looked at, and the store's code.
    pub unseen: Vec<(LooseObjects, &'static str)>,
}

/// Looks into some of the objects.
///
/// # Errors
/// When the store fails.
pub(super) fn by_content(store: &Store, loose: ByFolder) -> Result<Told> {
    let loose: Vec<LooseObjects> = loose.0.into_values().collect();
    let heads = store.get_heads(&loose.iter().flat_map(LooseObjects::samples).collect::<Vec<_>>(), HEAD_BYTES)?;
    let (mut heads, mut told) = (heads.into_iter(), Told::default());
    for loose in loose {
        let heads: Vec<_> = heads.by_ref().take(loose.samples().len()).collect();
        let is_log = |head: &Body| head.as_ref().is_ok_and(|head| is_flow_log(&gunzip::first_line(head)));
        let unread = heads.iter().find_map(|head| head.as_ref().err()).map(Unread::code);
        match unread {
            _ if heads.iter().any(is_log) => told.logs.push(loose),
            None => told.others.push(loose),
            // What can be read beside it says nothing of it: those that are archived, or all.
            Some(code) => {
                let LooseObjects { place, objects } = loose;
                let none_read = heads.iter().all(Result::is_err) || objects.iter().all(|object| !object.archived);
                let (unseen, others) = objects.into_iter().partition(|object| none_read || object.archived);
                told.unseen.push((LooseObjects { place: place.clone(), objects: unseen }, code));
                told.others.push(LooseObjects { place, objects: others });
            }
        }
    }
    Ok(told)
}

/// Returns whether a line is a header line of flow logs, or a record of the default format.
fn is_flow_log(line: &[u8]) -> bool {
    let is_header =
        Header::parse(line).is_ok_and(|header| header.columns.len() - header.unknown().count() >= MIN_FIELDS);
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).peekable();
    // CloudWatch Logs puts the time of an event before each record that it exports.
    fields.next_if(|field| field.ends_with(b"Z") && field.contains(&b'T'));
    let is_number = |field: Option<&[u8]>| field.is_some_and(|field| field.iter().all(u8::is_ascii_digit));
    let is_record = || {
        is_number(fields.next())
            && is_number(fields.next())
            && fields.next().is_some_and(|interface| interface.starts_with(b"eni-"))
            && fields.count() == RECORD_FIELDS - 3
    };
    is_header || is_record()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_logs_are_told_from_other_texts() {
        for line in [
            "version account-id interface-id srcaddr\n",
            "resource-type tgw-id srcaddr",
            "2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n",
            "2026-01-15T00:00:00.000Z 2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n",
        ] {
            assert!(is_flow_log(line.as_bytes()), "{line}");
        }
        for line in ["", "start", "version of the end", "{\"start\": 1}", "2 3 4", "id,name", "\u{0}\u{1}"] {
            assert!(!is_flow_log(line.as_bytes()), "{line}");
        }
    }
}
