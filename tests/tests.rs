//! The one test binary: what belongs in which module.
//!
//! Everything here runs the `flowparquet` program as a person would and looks at what it says and leaves behind;
//! tests of single functions stand in the files they test, other people's readers and S3 in `tests/python`.
//!
//! * [`attacks`]: input that somebody made to hurt: memory, time, terminals, links; the others are converted
//! * [`bad_input`]: what cannot be converted: exact message, exit code, rejects, and that the others are converted
//! * [`definitions`]: `ddl --format`: every form, where it says the table is, what it refuses, that nothing leaves its place
//! * [`engines`]: files that every engine reads whole: order of chunks, late columns, files of older versions, checksums
//! * [`events`]: `-v`, `-vv`, filters, JSON: silent unless asked, one event per object and file, no secrets
//! * [`expire`]: `status --safe-to-expire`: no folder that holds anything unconverted or unverified
//! * [`found`]: random trees of folders and names: all that lies below SOURCE is found, named, or no log of the asked days
//! * [`fuzz_corpus`]: what fuzzing found: every kept input holds
//! * [`generator`]: `generate`: the same bytes for the same seed, every format and layout converts
//! * [`golden`]: output that must not change unnoticed; `BLESS=1 cargo test --release --test tests` accepts a change
//! * [`gzip`]: headers of gzip: convert and verify take what `gzip -d` takes
//! * [`hostile`]: a DEST, an endpoint, a machine that somebody else writes to: forged entries, links, redirects, variables
//! * [`house`]: rules about the source tree: fences between modules, first lines, schema files, links of the docs
//! * [`layouts`]: where logs lie, and which of them are chosen: SOURCE, prefixes, days, accounts, partitions
//! * [`ledger`]: nothing twice and nothing lost: second runs, late objects, stops, races, equal bytes
//! * [`missing`]: logs that are missing: flow logs that stop, accounts that are gone; and what is no alarm
//! * [`mixed`]: objects and sources of both log types: every line goes where the header above it belongs
//! * [`moving`]: from the table of today to one over Parquet: definitions like theirs, cut-over, raw tables
//! * [`planted`]: bugs that are put in on purpose for the schedules to find: each still has its place in the sources
//! * [`query`]: SQL over raw logs and tables: answers, what is read and billed, what is refused; `compare`
//! * [`readme`]: the console output that README and docs print, run anew; `BLESS=1` writes it
//! * [`replace`]: files that take the place of others: changed objects, retried lines, merges; ledger and signals
//! * [`screen`]: names and values that speak to the terminal: every command, standard output and standard error
//! * [`slips`]: slips of the keyboard: a SOURCE, DEST, account or Region that cannot be meant, and what was
//! * [`sql`]: the package `flowparquet-sql` by itself: statements as it plans them, functions of Athena's
//! * [`statements`]: `CREATE TABLE` statements in the forms that people have: what `ddl --like` and `--cutover` make of each
//! * [`text`]: how logs are written, and that every value arrives
//! * [`told`]: what a person tells of SOURCE where keys do not: `--source-layout`, `--assume-day`, `--copy`
//! * [`util`]: what they share
//! * [`verify`]: the recount: that it agrees with every way logs are written, and finds and names every tampered row

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod events;
#[cfg(test)]
mod expire;
#[cfg(test)]
mod found;
#[cfg(test)]
mod fuzz_corpus;
#[cfg(test)]
mod generator;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod gzip;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod house;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod missing;
#[cfg(test)]
mod mixed;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod planted;
#[cfg(test)]
#[cfg(feature = "query")]
mod query;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod replace;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod slips;
#[cfg(test)]
#[cfg(feature = "query")]
mod sql;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod text;
#[cfg(test)]
mod told;
#[cfg(test)]
mod util;
#[cfg(test)]
mod verify;
