//! Raw objects: where they are and what is in them.
//!
//! [`layout`] reads keys, [`source_layout`] those whose layout a person tells, [`discover`] finds the objects of the asked days,
//! [`gunzip`] makes text of an object, [`reader`] rows of the text, within [`limits`]. Knows nothing of Parquet.

pub mod discover;
pub mod gunzip;
pub mod layout;
pub mod limits;
pub mod reader;
pub mod source_layout;
