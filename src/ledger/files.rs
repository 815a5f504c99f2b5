//! The files of a table: where they lie, what their footers say, and what a stopped run left of one.

use std::collections::BTreeMap;
use std::io::Read;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::info;

use super::claim::{Claim, OutputOptions};
use super::entry::{LeftOut, OWN_FOLDER, Outcome, OutputFile};
use super::partition::{Partition, PartitionBy};
use super::rejects::{Reject, RejectKind};
use super::stages::{Claimed, Written};
use super::state::{Output, PartitionState};
use super::table::{Table, tool_name};
use crate::days::Days;
use crate::encode::footer::FOOTER_KEY;
use crate::encode::misread::misread;
use crate::encode::pieces::is_placed;
use crate::error::{Error, Result};
use crate::record::header::Column;
use crate::record::schema::ColumnType;
use crate::store::upload::hex;
use crate::store::{Listed, name_of};

/// Bytes that are hashed at once.
const PIECE_BYTES: usize = 1 << 20;

/// What a footer says of the claim that a file came from: counts, never lists of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FooterNote {
    /// The program that wrote the file.
    pub tool: String,
    /// Name of the claim's output: this file's name when it was written.
    pub output: String,
    /// Objects that were claimed.
    pub objects: u64,
    /// Rows in the file.
    pub rows: u64,
    /// Rows rejected.
    #[serde(alias = "rows_rejected")]
    pub rejected_rows: u64,
    /// Bytes of text, unpacked.
    pub text_bytes: u64,
    /// Objects rejected, of another log type, or no flow logs.
    pub left_out_objects: u64,
    /// Lines of objects in the file that are of another log type, left alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other_type_rows: u64,
    /// Options the file was written with.
    pub options: OutputOptions,
    /// Header names that no log type knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<String>,
    /// Rows whose `log_status` is NODATA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata_rows: Option<u64>,
    /// Rows whose `log_status` is SKIPDATA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipdata_rows: Option<u64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl FooterNote {
    /// Returns the note of a claim's file.
    pub fn new(claim: &Claim, objects: u64, outcome: &Outcome) -> Self {
        Self {
            tool: tool_name(),
            output: claim.output.clone(),
            objects,
            rows: outcome.rows,
            rejected_rows: outcome.rejected_rows,
            text_bytes: outcome.text_bytes,
            left_out_objects: outcome.left_out_objects(),
            other_type_rows: outcome.other_type_rows,
            options: claim.options.clone(),
            unknown_fields: outcome.unknown_fields.clone(),
            nodata_rows: outcome.nodata_rows,
            skipdata_rows: outcome.skipdata_rows,
        }
    }

    /// Returns the note as it stands in the footer, under [`FOOTER_KEY`].
    ///
    /// # Errors
    /// Never for notes this program makes.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::stopped("cannot make the footer").because(e))
    }
}

/// Rejects that are handed on of what a stopped run left: as many as a report names.
pub const FIRST_REJECTS: usize = 100;

/// How often a file is read anew that others put again while it is read: each of them does so once.
const MAX_READS: u32 = 5;

/// What a stopped run left of a claim.
#[derive(Debug)]
pub enum LeftBehind {
    /// Its file, complete, and the first of the lines and objects that were rejected.
    File(Written, Vec<Reject>),
    /// Nothing that a reader sees: the file is to be made.
    Nothing(Claimed),
    /// It may be gone: another run ended the claim while it was looked for.
    EndedMeanwhile,
}

impl Table {
    /// Returns the key of a claim's file.
    pub(crate) fn output_key(&self, partition: &Partition, claim: &Claim) -> String {
        self.store().location().key(&format!("{partition}/{}", claim.output))
    }

    /// Returns where a claim's file is made before it is put in its place, on the local disk.
    pub(super) fn staging_key(&self, claim: &Claim) -> String {
        self.store().location().key(&format!("{OWN_FOLDER}/staging/{}-{}", claim.output, self.run()))
    }

    /// Returns the key of a claim's rejects.
    pub(crate) fn rejects_key(&self, partition: &Partition, claim: &Claim) -> String {
        let stem = claim.output.trim_end_matches(".parquet");
        self.store().location().key(&format!("{OWN_FOLDER}/rejects/{partition}/{stem}.jsonl.gz"))
    }

    /// Looks at the files of partitions, one listing each, and notes which are not those that were recorded.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn look_at_files(&self, states: &mut BTreeMap<Partition, PartitionState>) -> Result<()> {
        let with_files = |state: &PartitionState| {
            state.outputs().any(|output| output.done.file.is_some()) || state.unfinished().next().is_some()
        };
        let mut states: Vec<_> = states.iter_mut().filter(|(_, state)| with_files(state)).collect();
        let location = self.store().location();
        let prefixes: Vec<String> = states.iter().map(|(partition, _)| location.key(&partition.path())).collect();
        for ((_, state), level) in states.iter_mut().zip(self.store().list_levels(&prefixes)?) {
            state.look_at(level.objects.iter().map(|object| (name_of(&object.key), object.size)));
        }
        Ok(())
    }

    /// Looks for what a stopped writer left of a claim.
    ///
    /// A file is visible only when complete, so that its footer can be believed.
    ///
    /// # Errors
    /// When the store fails, or the file is not one of ours.
    pub(super) fn find_written(&self, partition: &Partition, claimed: Claimed) -> Result<LeftBehind> {
        let claim = claimed.claim();
        let key = self.output_key(partition, claim);
        // Others may work at the same claim, and put their file there: what is recorded is of one and the same.
        let mut read = None;
        for _ in 0..MAX_READS {
            let Some(found) = self.store().head(&key)? else { return Ok(LeftBehind::Nothing(claimed)) };
            read = self.hash(&found)?.map(|(_, sha256)| (found, sha256));
            if read.is_some() {
                break;
            }
        }
        let Some((found, sha256)) = read else {
            return Err(Error::stopped("the file of a claim changed each time it was read")
                .at(self.store().location().url_of(&key))
                .help("other runs are at work on it; it is safe to run again"));
        };
        let (number, output) = (claimed.number(), &claim.output);
        info!(%partition, claim = number, output, bytes = found.size, "a stopped run left the file complete");
        let (note, metadata) = self.read_footer(&key, found.size, claim)?;
        let mut outcome = Outcome {
            rows: note.rows,
            rejected_rows: note.rejected_rows,
            text_bytes: note.text_bytes,
            other_type_rows: note.other_type_rows,
            unknown_fields: note.unknown_fields,
            nodata_rows: note.nodata_rows,
            skipdata_rows: note.skipdata_rows,
            ..Outcome::default()
        };
        let mut first = Vec::new();
        // What a merge takes over was counted where it came from.
        if note.left_out_objects + note.rejected_rows > 0 && !claim.work.is_merge() {
            self.read_rejects(partition, claim, &mut |reject| {
                let left = || LeftOut { key: reject.object.as_str().into(), reason: reject.reason.clone() };
                match reject.kind {
                    RejectKind::Row => {}
                    RejectKind::Object => outcome.rejected_objects.push(left()),
                    RejectKind::OtherType => outcome.other_type.push(left()),
                    RejectKind::NoFlowLog => outcome.no_flow_logs.push(left()),
                }
                if matches!(reject.kind, RejectKind::Row | RejectKind::Object) && first.len() < FIRST_REJECTS {
                    first.push(reject);
                }
                if outcome.left_out_objects() <= claim.work.inputs().len() as u64 {
                    return Ok(());
                }
                Err(Error::usage("its rejects name more objects than were claimed")
                    .at(self.store().location().url_of(&self.rejects_key(partition, claim)))
                    .help("somebody else wrote them: restore them from a version or backup"))
            })?;
        }
        let file = OutputFile {
            bytes: found.size,
            row_groups: metadata.num_row_groups() as u64,
            sha256: Some(sha256),
            columns: Self::columns_of(&metadata),
            sound: misread(&metadata, found.size).is_none(),
        };
        Ok(LeftBehind::File(claimed.with(outcome, Some(file)), first))
    }

    /// Reads an object to its end, as it was listed; returns its size and SHA-256, or `None` if it is gone or another one now.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn hash(&self, listed: &Listed) -> Result<Option<(u64, String)>> {
        let Some(mut reader) = self.store().read_own_in_pieces(listed)? else { return Ok(None) };
        let failed = |e| Error::stopped("cannot read").at(self.store().location().url_of(&listed.key)).because(e);
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; PIECE_BYTES]);
        loop {
            match reader.read(&mut piece).map_err(failed)? {
                0 => return Ok(Some((size, hex(&hash.finalize())))),
                read => {
                    hash.update(&piece[..read]);
                    size += read as u64;
                }
            }
        }
    }

    fn read_footer(&self, key: &str, size: u64, claim: &Claim) -> Result<(FooterNote, ParquetMetaData)> {
        let foreign = || {
            Error::usage("an object that flowparquet did not write has the name of an output")
                .at(self.store().location().url_of(key))
                .help("move it away; it is not touched")
        };
        let metadata = self.metadata(key, size)?.ok_or_else(foreign)?;
        let keys = metadata.file_metadata().key_value_metadata();
        let note = keys.and_then(|keys| keys.iter().find(|kv| kv.key == FOOTER_KEY)?.value.clone());
        let note: FooterNote = serde_json::from_str(&note.ok_or_else(foreign)?).map_err(|_| foreign())?;
        if note.output != claim.output {
            return Err(foreign());
        }
        Ok((note, metadata))
    }

    /// Returns the claims of a partition whose files some engine does not read whole. Reads the footers of those that the
    /// ledger does not know to be sound, none in a table that this version wrote. Files that are gone or none are passed
    /// over: that is not what is asked here.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn misread(&self, partition: &Partition, state: &PartitionState) -> Result<Vec<u64>> {
        let mut found = Vec::new();
        for output in state.outputs() {
            if output.done.file.as_ref().is_none_or(|file| file.sound) {
                continue;
            }
            let key = self.output_key(partition, &output.claim);
            let Some(listed) = self.store().head(&key)? else { continue };
            let metadata = self.metadata(&key, listed.size)?;
            if metadata.is_some_and(|metadata| misread(&metadata, listed.size).is_some()) {
                info!(%partition, claim = output.number, object = %self.store().location().url_of(&key), "some engines misread this file");
                found.push(output.number);
            }
        }
        Ok(found)
    }

    /// Returns the columns that a footer describes.
    pub(crate) fn columns_of(metadata: &ParquetMetaData) -> Vec<Column> {
        let columns = metadata.file_metadata().schema_descr().columns().iter().map(|column| Column {
            name: column.name().to_owned(),
            column_type: match column.physical_type() {
                parquet::basic::Type::INT32 => ColumnType::Int,
                parquet::basic::Type::INT64 => ColumnType::Bigint,
                _ => ColumnType::String,
            },
        });
        columns.collect()
    }

    /// Reads the metadata of a Parquet file of this size, or returns `None` if it is none.
    pub(crate) fn metadata(&self, key: &str, size: u64) -> Result<Option<ParquetMetaData>> {
        /// What stands behind the metadata: its length and the magic bytes.
        const TAIL_BYTES: u64 = 8;
        if size < TAIL_BYTES {
            return Ok(None);
        }
        let tail = self.store().get_range(key, size - TAIL_BYTES..size)?;
        let Some([a, b, c, d, b'P', b'A', b'R', b'1']) = tail.first_chunk() else { return Ok(None) };
        let bytes = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if bytes == 0 || bytes + TAIL_BYTES > size {
            return Ok(None);
        }
        let text = self.store().get_range(key, size - TAIL_BYTES - bytes..size - TAIL_BYTES)?;
        Ok(ParquetMetaDataReader::decode_metadata(&text).ok().filter(is_placed))
    }

    /// Returns the bytes that a query over these days reads of these columns: their chunks in every file.
    ///
    /// # Errors
    /// When the ledger or a footer cannot be read.
    pub(crate) fn scan_bytes(&self, days: &Days, by: PartitionBy, columns: &[&str]) -> Result<u64> {
        let mut bytes = 0;
        for (partition, state) in self.load(days, by)? {
            for Output { claim, done, .. } in state.outputs() {
                let Some(file) = &done.file else { continue };
                let metadata = self.metadata(&self.output_key(&partition, claim), file.bytes)?;
                let chunks = metadata.iter().flat_map(ParquetMetaData::row_groups).flat_map(RowGroupMetaData::columns);
                let wanted = chunks.filter(|chunk| columns.contains(&chunk.column_descr().name()));
                bytes += wanted.map(|chunk| chunk.compressed_size() as u64).sum::<u64>();
            }
        }
        Ok(bytes)
    }
}
