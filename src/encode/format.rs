//! The numbers that Parquet's own words have in its files
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

/// What a Parquet file begins and ends with.
pub const MAGIC: &[u8; 4] = b"PAR1";

/// `Type`: how values are stored.
pub mod physical {
    /// 32 bits.
    pub const INT32: i32 = 1;
    /// 64 bits.
    pub const INT64: i32 = 2;
    /// A length and bytes.
    pub const BYTE_ARRAY: i32 = 6;
}

/// `Encoding`: how the values of a page are written.
pub mod encoding {
    /// One behind the other.
    pub const PLAIN: i32 = 0;
    /// What older files call [`RLE_DICTIONARY`], and dictionaries PLAIN.
    pub const PLAIN_DICTIONARY: i32 = 2;
    /// Runs and packed bits; of definition levels.
    pub const RLE: i32 = 3;
    /// Differences in blocks.
    pub const DELTA_BINARY_PACKED: i32 = 5;
    /// Ranks in a dictionary, in runs and packed bits.
    pub const RLE_DICTIONARY: i32 = 8;
}

/// `CompressionCodec`: how pages are compressed.
pub mod codec {
    /// Not at all.
    pub const UNCOMPRESSED: i32 = 0;
    /// Snappy.
    pub const SNAPPY: i32 = 1;
    /// Gzip.
    pub const GZIP: i32 = 2;
    /// Zstandard.
    pub const ZSTD: i32 = 6;
}

/// `PageType`: what a page has.
pub mod page {
    /// Levels and values.
    pub const DATA_PAGE: i32 = 0;
    /// The values that others are ranks of.
    pub const DICTIONARY_PAGE: i32 = 2;
}

/// `BoundaryOrder`: how the bounds of pages follow each other.
pub mod order {
    /// In no order.
    pub const UNORDERED: i32 = 0;
    /// Neither bound falls.
    pub const ASCENDING: i32 = 1;
    /// Neither bound rises.
    pub const DESCENDING: i32 = 2;
}

/// `FieldRepetitionType.OPTIONAL`: a column may be NULL.
pub const OPTIONAL: i32 = 1;

/// `ConvertedType.UTF8`, which old readers look for in place of the logical type.
pub const CONVERTED_UTF8: i32 = 0;
