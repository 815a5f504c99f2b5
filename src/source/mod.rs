//! Raw objects: where they are and what is in them, up to plain text.
//!
//! [`layout`] reads keys, [`discover`] finds the objects of the asked days, [`gunzip`] makes text of an object.
//! Knows nothing of fields, columns or Parquet.

pub mod discover;
pub mod gunzip;
pub mod layout;
