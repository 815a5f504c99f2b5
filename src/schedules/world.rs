//! The raw objects of a schedule: what they hold now, and which object a row of the table is of.

use std::io::Write;
use std::sync::Arc;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::case::{Content, Event, Object};
use crate::store::turn_store::{Memory, write};

/// Where the days lie.
const FOLDER: &str = "raw/AWSLogs/123456789012/vpcflowlogs/us-east-1";

/// A row of the table: of which object, of which version of it, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub object: usize,
    pub version: usize,
    pub row: u32,
}

/// SOURCE as it is now.
#[derive(Debug)]
pub struct World {
    pub memory: Arc<Memory>,
    pub objects: Vec<Object>,
    /// The version that each object has now, if it is there.
    pub now: Vec<Option<usize>>,
}

impl World {
    pub fn new(memory: &Arc<Memory>, objects: &[Object]) -> Self {
        // No log: SOURCE is to be there even if all logs are gone.
        write(memory, &format!("{FOLDER}/2026/01/01/manifest.json"), Some(b"{}".to_vec()));
        Self { memory: Arc::clone(memory), objects: objects.to_vec(), now: vec![None; objects.len()] }
    }

    /// Returns an object's key, whole.
    pub fn key(&self, object: usize) -> String {
        let day = self.objects[object].day;
        let name = format!("123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_202601{day:02}T{object:02}00Z");
        format!("{FOLDER}/2026/01/{day:02}/{name}_{object:08x}.log.gz")
    }

    /// Returns the object of a key, if it is one.
    pub fn object_of(&self, key: &str) -> Option<usize> {
        (0..self.objects.len()).find(|object| self.key(*object) == key)
    }

    /// Returns what an object holds now, if it is there.
    pub fn content(&self, object: usize) -> Option<Content> {
        Some(self.objects[object].versions[self.now[object]?])
    }

    pub fn apply(&mut self, Event { object, to }: Event) {
        let content = to.map(|version| packed(object, version, self.objects[object].versions[version]));
        write(&self.memory, &self.key(object), content);
        self.now[object] = to;
    }
}

fn packed(object: usize, version: usize, content: Content) -> Vec<u8> {
    let mut text = match content.format {
        0 => "version srcaddr dstaddr bytes log-status\n".to_owned(),
        _ => "version srcaddr dstaddr bytes log-status interface-id\n".to_owned(),
    };
    if content.broken {
        text = format!("no header either {object} {version}\n");
    }
    for row in 0..content.rows {
        let more = if content.format == 0 { "" } else { " eni-1" };
        // Different enough that many rows take several parts.
        let bytes = row * 7919 % 65_536;
        text.push_str(&format!("2 10.{object}.{version}.{row} 172.16.{}.1 {bytes} OK{more}\n", bytes >> 8));
    }
    for line in 0..content.rejects {
        text.push_str(&format!("no record {object} {version} {line}\n"));
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Returns the rows of a file, as any reader of Parquet sees them; an error if it cannot be read.
pub fn rows_of(file: Vec<u8>) -> Result<Vec<Row>, String> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).map_err(|e| e.to_string())?;
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).map_err(|e| e.to_string())? {
        let row = row.map_err(|e| e.to_string())?;
        let address = row.get_column_iter().find(|(name, _)| *name == "srcaddr").map(|(_, value)| value.to_string());
        let address = address.unwrap_or_default();
        let numbers: Vec<usize> =
            address.trim_matches('"').split('.').skip(1).filter_map(|part| part.parse().ok()).collect();
        let [object, version, row] = numbers[..] else { return Err(format!("a row of {address:?}")) };
        rows.push(Row { object, version, row: row as u32 });
    }
    Ok(rows)
}
