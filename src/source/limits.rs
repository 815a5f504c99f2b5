//! What an object may be, for all who read one: `convert` and `query` by one reader, `verify` by its own.

/// Longest line that is read, in bytes: an object with a longer one does not read to its end. Records have some hundred bytes.
pub const MAX_LINE_BYTES: usize = 16 << 20;
