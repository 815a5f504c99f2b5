//! The days of raw objects whose keys give none: assumed once, by the first run that converts them, and recorded for good. And the
//! layouts by which people said what the folders of a SOURCE mean.
//!
//! A partition's ledger knows its own objects only. Assumed to be of another day, an object would be converted into another
//! partition too, and its rows would be there twice. So before it is claimed its day is recorded in entries of the whole table,
//! `_flowparquet/undated/00000001.json`, created only if the number is free: of two runs that assume different days, one is
//! first, and the other reads what stands there. A layout is recorded once, with the folder that it begins in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::claim::MAX_OBJECTS;
use super::entry::{OWN_FOLDER, VERSION, entry_number, refuse_newer};
use super::partition::PartitionBy;
use super::state::refuse_gap;
use super::table::{Table, tool_name};
use crate::days::Days;
use crate::error::{Error, Result};
use crate::store::{Created, RealKeys, name_of};

/// Some objects of one day, or a layout, as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Assumed {
    version: u32,
    tool: String,
    run: String,
    time: String,
    /// Root of the store that the keys are relative to.
    source: String,
    /// The UTC day.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    day: String,
    /// Keys, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    objects: Vec<String>,
    /// Where a layout begins: the prefix of its SOURCE.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    /// The layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_layout: Option<String>,
}

/// What is known of the days of objects of one store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndatedDays {
    /// Number of the last entry, 0 if there is none.
    last: u64,
    /// The days, by key.
    pub days: HashMap<Arc<str>, Date>,
    /// The layouts, with the prefixes that they begin in.
    pub layouts: Vec<(String, String)>,
    /// Those of them that partitions show, and that no entry records: earlier versions wrote none.
    unrecorded: BTreeMap<Date, Vec<Arc<str>>>,
}

impl Table {
    /// Returns the recorded days of objects of a store whose keys give none. In a table of an earlier version, which recorded
    /// none, looks for these objects in all partitions.
    ///
    /// # Errors
    /// When the ledger cannot be read, is damaged or newer than this program.
    pub(crate) fn undated(&self, source: &str, objects: &[Arc<str>], by: PartitionBy) -> Result<UndatedDays> {
        let mut known = UndatedDays::default();
        let root = self.store().location().key(&format!("{OWN_FOLDER}/undated"));
        let listed = self.store().list_all(std::slice::from_ref(&root))?.into_iter().flatten();
        let mut numbers: Vec<u64> = listed.filter_map(|object| entry_number(name_of(&object.key))).collect();
        numbers.sort_unstable();
        let keys: Vec<String> = numbers.iter().map(|number| self.undated_key(*number)).collect();
        for ((number, key), text) in numbers.into_iter().zip(&keys).zip(self.store().get_all_own(&keys)?) {
            known.add(number, &text?, source, &self.store().location().url_of(key))?;
        }
        if known.last == 0 && !objects.is_empty() {
            let wanted: HashSet<&Arc<str>> = objects.iter().collect();
            let mut real = RealKeys::of(source);
            for (partition, state) in self.load(&Days::All, by)? {
                for key in state.keys(source) {
                    let is = real.key(key);
                    if !wanted.contains(key) && !wanted.contains(&is) {
                        continue;
                    }
                    known.days.insert(is, partition.day);
                    known.days.insert(Arc::clone(key), partition.day);
                    known.unrecorded.entry(partition.day).or_default().push(Arc::clone(key));
                }
            }
        }
        Ok(known)
    }

    /// Records the days of objects, before they are claimed; returns false if another run recorded some meanwhile, which may
    /// be the same.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn assume(
        &self,
        source: &str,
        known: &mut UndatedDays,
        mut new: BTreeMap<Date, Vec<Arc<str>>>,
    ) -> Result<bool> {
        for (day, mut objects) in std::mem::take(&mut known.unrecorded) {
            new.entry(day).or_default().append(&mut objects);
        }
        let parts = new.iter().flat_map(|(day, objects)| objects.chunks(MAX_OBJECTS).map(move |part| (day, part)));
        for (day, objects) in parts {
            let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
            let entry = Assumed { source: source.to_owned(), day: day.to_string(), objects, ..Assumed::default() };
            if !self.record_days(known, entry)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Records a layout that begins in a prefix of a store, unless it is known; returns false if another run recorded something
    /// meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn tell_layout(
        &self,
        source: &str,
        known: &mut UndatedDays,
        (prefix, layout): (&str, &str),
    ) -> Result<bool> {
        if known.layouts.iter().any(|(begin, known)| begin == prefix && known == layout) {
            return Ok(true);
        }
        let entry = Assumed {
            source: source.to_owned(),
            prefix: prefix.to_owned(),
            source_layout: Some(layout.to_owned()),
            ..Assumed::default()
        };
        self.record_days(known, entry)
    }

    fn record_days(&self, known: &mut UndatedDays, entry: Assumed) -> Result<bool> {
        let number = known.last + 1;
        let key = self.undated_key(number);
        let place = self.store().location().url_of(&key);
        let run = self.run().to_owned();
        let entry = Assumed { version: VERSION, tool: tool_name(), run, time: crate::days::now(), ..entry };
        let text = serde_json::to_string_pretty(&entry).map_err(|e| Error::stopped("cannot write").because(e))?;
        if self.store().create(&key, text.clone())? == Created::AlreadyThere {
            let there = self.store().get_own(&key)?;
            // The answer to our own create may have been lost.
            if there.as_deref() != Some(text.as_bytes()) {
                info!(object = place, "another run recorded the days of objects");
                return Ok(false);
            }
        }
        let Assumed { day, objects, source_layout, .. } = entry;
        info!(object = place, day, objects = objects.len(), source_layout, "the day of objects is recorded");
        known.last = number;
        Ok(true)
    }

    fn undated_key(&self, number: u64) -> String {
        self.store().location().key(&format!("{OWN_FOLDER}/undated/{number:08}.json"))
    }
}

impl UndatedDays {
    fn add(&mut self, number: u64, text: &[u8], source: &str, place: &str) -> Result<()> {
        refuse_newer(text, place)?;
        refuse_gap(self.last, number, place)?;
        self.last = number;
        let wrong = || {
            Error::usage("this is not an entry of the days of objects")
                .at(place)
                .help("nobody but flowparquet may write here: restore it from a version or backup")
        };
        let entry: Assumed = serde_json::from_slice(text).map_err(|e| wrong().because(e))?;
        if let Some(layout) = entry.source_layout {
            if entry.source == source {
                self.layouts.push((entry.prefix, layout));
            }
            return Ok(());
        }
        let day: Date = entry.day.parse().map_err(|e: jiff::Error| wrong().because(e))?;
        if entry.source == source {
            // What was recorded first stays.
            let mut real = RealKeys::of(source);
            for key in entry.objects.into_iter().map(Arc::from) {
                self.days.entry(real.key(&key)).or_insert(day);
                self.days.entry(key).or_insert(day);
            }
        }
        Ok(())
    }
}
