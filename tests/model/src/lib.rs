//! The exactly-once protocol of flowparquet as a model: claim, note, file, done, delete, and what stops, races, lost answers
//! and changing objects do to it.
//!
//! [`ledger`] is what entries add up to, [`store`] what lies in the stores, [`run`] a run of the program as a sequence of
//! requests, [`check`] the states that several runs can bring about and what must hold in each, [`scenario`] who runs what,
//! [`faults`] bugs put in on purpose. `tests/protocol.rs` has them checked.

pub mod check;
pub mod faults;
pub mod ledger;
pub mod run;
pub mod scenario;
pub mod store;
