//! A converted table: the Parquet files that the ledger names, read through our own store.
//!
//! Files come from the ledger and not from a listing: what it does not name is not part of the table.

use std::ops::Range;

use bytes::Bytes;
use flowparquet_sql::{Failure, Files};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::store::Store;
use crate::store::ranges::near;
use crate::store::upload::hex;

/// Bytes that are hashed at once.
const PIECE_BYTES: usize = 8 << 20;

/// A file of the table.
#[derive(Debug, Clone)]
pub struct QueryFile {
    /// Place of its partition among those of the table.
    pub partition: usize,
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 by the ledger, if that is known.
    pub sha256: Option<String>,
}

/// Returns the URLs of those files whose bytes are not those of the ledger.
///
/// # Errors
/// When the store fails.
pub fn damaged<'a>(store: &Store, files: impl Iterator<Item = &'a QueryFile>) -> Result<Vec<String>> {
    let mut damaged = Vec::new();
    for file in files {
        let Some(recorded) = &file.sha256 else { continue };
        let mut hash = Sha256::new();
        for begin in (0..file.bytes).step_by(PIECE_BYTES) {
            let end = file.bytes.min(begin + PIECE_BYTES as u64);
            hash.update(store.get_range(&file.key, begin..end)?);
        }
        if *recorded != hex(&hash.finalize()) {
            damaged.push(store.location().url_of(&file.key));
        }
    }
    Ok(damaged)
}

/// Reads files of a store.
#[derive(Debug)]
pub struct StoreFiles(pub Store);

impl Files for StoreFiles {
    fn read(&self, key: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, Failure> {
        self.0.get_ranges(key, ranges).map_err(Failure::from)
    }

    fn requests(&self, ranges: &[Range<u64>]) -> u64 {
        near(ranges).len() as u64
    }

    fn url(&self, key: &str) -> String {
        self.0.location().url_of(key)
    }
}
