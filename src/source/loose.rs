//! Objects that lie above all folders of days, under names that say nothing: whether they are flow logs their content decides.
//!
//! In: those of each folder that was looked into on the way to the logs. Out: those of folders that hold flow logs. Three objects of
//! a folder are looked at, for others have the bucket too, and a folder is mostly of one kind.

use crate::error::Result;
use crate::record::header::Header;
use crate::store::{Listed, Store};

use super::gunzip;
use super::layout::Place;

/// Bytes of an object that are read: a header line of all fields has 700, and gzip makes them fewer.
const HEAD_BYTES: u64 = 4 << 10;

/// Names of fields that the first line must have; a text may begin with one such word by chance.
const MIN_FIELDS: usize = 3;

/// Fields of a record of the default format, of which the third is the interface
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
const RECORD_FIELDS: usize = 14;

/// Objects of a folder whose names say nothing.
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

/// Returns those of folders that hold flow logs.
///
/// # Errors
/// When the store fails.
pub(super) fn by_content(store: &Store, loose: Vec<LooseObjects>) -> Result<Vec<LooseObjects>> {
    let heads = store.get_heads(&loose.iter().flat_map(LooseObjects::samples).collect::<Vec<_>>(), HEAD_BYTES)?;
    // What may not be read is said where it is known to be a log.
    let mut is_log = heads.into_iter().map(|head| head.is_ok_and(|head| is_flow_log(&gunzip::first_line(&head))));
    // All of a folder are taken, whatever the first of them are.
    let mut holds =
        |loose: &LooseObjects| is_log.by_ref().take(loose.samples().len()).filter(|is_log| *is_log).count() > 0;
    Ok(loose.into_iter().filter(|loose| holds(loose)).collect())
}

/// Returns whether a line is a header line of flow logs, or a record of the default format.
fn is_flow_log(line: &[u8]) -> bool {
    let is_header =
        Header::parse(line).is_ok_and(|header| header.columns.len() - header.unknown().count() >= MIN_FIELDS);
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
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
        ] {
            assert!(is_flow_log(line.as_bytes()), "{line}");
        }
        for line in ["", "start", "version of the end", "{\"start\": 1}", "2 3 4", "id,name", "\u{0}\u{1}"] {
            assert!(!is_flow_log(line.as_bytes()), "{line}");
        }
    }
}
