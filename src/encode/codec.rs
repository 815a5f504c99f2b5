//! Compression of Parquet pages, with a context kept per thread.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::format::codec;

/// Default zstd level: most of what is left to compress are numbers without repeated strings, of which level 1 makes 2 % less
/// than level 3, in a tenth less of the whole job's time; readers unpack all levels alike (docs/layout.md).
pub const DEFAULT_ZSTD_LEVEL: i32 = 1;

/// How pages are compressed (`--compression`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Compression {
    /// Zstandard of a level from 1 to 19; smallest, read by every current engine.
    Zstd(i32),
    /// Snappy, for old Redshift clusters and old Hive.
    Snappy,
    /// Gzip, what AWS's own Parquet delivery uses.
    Gzip,
    /// None at all.
    None,
}

impl Default for Compression {
    fn default() -> Self {
        Self::Zstd(DEFAULT_ZSTD_LEVEL)
    }
}

impl Compression {
    /// Returns the number that Parquet metadata has for it.
    pub fn parquet(self) -> i32 {
        match self {
            Self::Zstd(_) => codec::ZSTD,
            Self::Snappy => codec::SNAPPY,
            Self::Gzip => codec::GZIP,
            Self::None => codec::UNCOMPRESSED,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zstd(level) => write!(f, "zstd:{level}"),
            Self::Snappy => f.write_str("snappy"),
            Self::Gzip => f.write_str("gzip"),
            Self::None => f.write_str("none"),
        }
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, level) = text.split_once(':').map_or((text, None), |(name, level)| (name, Some(level)));
        match (name, level) {
            ("zstd", None) => Ok(Self::default()),
            ("zstd", Some(level)) => match level.parse() {
                Ok(level) if (1..=19).contains(&level) => Ok(Self::Zstd(level)),
                _ => Err("zstd has levels 1 to 19".to_owned()),
            },
            ("snappy", None) => Ok(Self::Snappy),
            ("gzip", None) => Ok(Self::Gzip),
            ("none", None) => Ok(Self::None),
            _ => Err("write zstd, zstd:LEVEL, snappy, gzip or none".to_owned()),
        }
    }
}

impl TryFrom<String> for Compression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Compression> for String {
    fn from(compression: Compression) -> Self {
        compression.to_string()
    }
}

/// A compressor of one thread.
pub struct Codec {
    compression: Compression,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("compression", &self.compression).finish_non_exhaustive()
    }
}

impl Codec {
    /// Makes a compressor.
    ///
    /// # Errors
    /// When zstd gets no memory.
    pub fn new(compression: Compression) -> std::io::Result<Self> {
        let zstd = match compression {
            Compression::Zstd(level) => Some(zstd::bulk::Compressor::new(level)?),
            Compression::Snappy | Compression::Gzip | Compression::None => None,
        };
        Ok(Self { compression, zstd })
    }

    /// Compresses a page.
    ///
    /// # Errors
    /// When the compressor fails, which no content can cause.
    pub fn compress(&mut self, page: &[u8]) -> std::io::Result<Vec<u8>> {
        match (self.compression, &mut self.zstd) {
            (_, Some(zstd)) => zstd.compress(page),
            (Compression::Snappy, _) => snap::raw::Encoder::new().compress_vec(page).map_err(std::io::Error::other),
            (Compression::Gzip, _) => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(page)?;
                encoder.finish()
            }
            (Compression::Zstd(_) | Compression::None, None) => Ok(page.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for name in ["zstd:1", "zstd:19", "snappy", "gzip", "none"] {
            assert_eq!(name.parse::<Compression>().unwrap().to_string(), name);
        }
        assert_eq!("zstd".parse(), Ok(Compression::Zstd(DEFAULT_ZSTD_LEVEL)));
        for bad in ["zstd:0", "zstd:20", "zstd:x", "lz4", "gzip:9", ""] {
            assert!(bad.parse::<Compression>().is_err(), "{bad}");
        }
    }
}
