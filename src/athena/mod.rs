//! What Athena and its neighbours are told, and what a scan costs.
//!
//! [`definition`] is the one model of a table; [`hive`] prints it as Athena takes it. [`pattern`], [`types`] and
//! [`name`] are what definitions are made of; [`cost`] knows the price of a scan. Works on names, types and counts;
//! knows nothing of bytes in files.

pub mod cost;
pub mod definition;
pub mod hive;
pub mod name;
pub mod pattern;
pub mod types;
