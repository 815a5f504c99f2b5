//! Raw objects: where they are and what is in them.
//!
//! [`layout`] reads keys, [`source_layout`] those whose layout a person tells, [`discover`] finds the objects of the asked days
//! (`by_layout` those of such a layout), which are [`found`], `loose` tells logs from what else lies above their folders, `foreign` from what lies among them, [`gunzip`] makes
//! text of an object, [`reader`] rows of the text, within [`limits`]. Knows nothing of Parquet.

mod by_layout;
pub mod discover;
mod foreign;
pub mod found;
pub mod gunzip;
pub mod layout;
pub mod limits;
mod loose;
pub mod reader;
pub mod source_layout;
