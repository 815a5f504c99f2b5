//! What people said of objects' days, accounts and Regions, against what they said before: an object that falls into one partition
//! by one layout and into another by the next would be converted twice.
//!
//! In: the objects that were found, and what DEST has recorded. Out: an error, if one of them would change its partition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::days::Days;
use crate::error::{Error, Result};
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::table::Table;
use crate::ledger::undated::UndatedDays;
use crate::options::{ASSUME_DAY, SOURCE_LAYOUT};
use crate::plan::partition_of;
use crate::source::found::{Found, SourceObject, Wanted};
use crate::source::layout::{FileName, Place};
use crate::source::source_layout::SourceLayout;
use crate::store::{Store, name_of};

/// Returns whether the days of objects are what a person says: where names tell them, nobody asks.
pub(super) fn is_told(found: &Found, wanted: &Wanted) -> bool {
    let tells_none = |found: &SourceObject| FileName::parse(name_of(&found.object.key)).day.is_none();
    wanted.source_layout.is_some() || found.objects.iter().any(tells_none)
}

/// Refuses objects that belong, or belonged, to other partitions by what was said before.
///
/// # Errors
/// A usage error that names the first of them; or when the ledger cannot be read.
pub(super) fn refuse_other_partitions(
    (source, found, wanted): (&Store, &Found, &Wanted),
    (table, by): (&Table, PartitionBy),
    undated: &UndatedDays,
) -> Result<()> {
    if !is_told(found, wanted) {
        return Ok(());
    }
    let mut layouts: Vec<(&str, SourceLayout)> = Vec::new();
    for (prefix, text) in &undated.layouts {
        let layout = text.parse().map_err(|e: String| {
            Error::usage(format!("the layout {text} that DEST has recorded is none"))
                .at(table.store().location())
                .because(e)
        })?;
        layouts.push((prefix, layout));
    }
    // What is found without a layout, by partition: whether it was converted so, its ledger tells.
    let mut plain: BTreeMap<Partition, Vec<&SourceObject>> = BTreeMap::new();
    for object in &found.objects {
        let Ok(now) = partition_of(object, by) else { continue };
        let (folder, key) = (folder_of(object), &object.object.key);
        let differs = |other: &SourceObject| partition_of(other, by).ok().filter(|other| *other != now);
        for (prefix, layout) in &layouts {
            let said = key.strip_prefix(prefix).and_then(|below| layout.read(below.trim_start_matches('/')));
            let Some((said, _)) = said else { continue };
            let other = moved(object, said.account.as_deref(), said.region.as_deref(), (said.date(), said.hour));
            if let Some(other) = differs(&other) {
                return Err(refused(source, object, (&now, &other), &format!("{SOURCE_LAYOUT} '{layout}'")));
            }
        }
        let assumed = undated.days.get(key).filter(|_| !object.assumed);
        if let Some(other) = assumed.and_then(|day| differs(&moved(object, None, None, (Some(*day), None)))) {
            return Err(refused(source, object, (&now, &other), &format!("{ASSUME_DAY} {}", other.day)));
        }
        if wanted.source_layout.is_some() {
            let place = Place::of_prefix(folder);
            let other = moved(object, place.account.as_deref(), place.region.as_deref(), (place.day, place.hour));
            if let Some(other) = differs(&other) {
                plain.entry(other).or_default().push(object);
            }
        }
    }
    let days: BTreeSet<Date> = plain.keys().map(|partition| partition.day).collect();
    let states = if days.is_empty() { BTreeMap::new() } else { table.load_sound(&Days::These(days), by)?.states };
    let root = source.location().root();
    for (partition, objects) in &plain {
        let Some(state) = states.get(partition) else { continue };
        if let Some(object) = objects.iter().find(|object| state.input(&root, &object.object.key).is_some()) {
            return Err(refused(
                source,
                object,
                (&partition_of(object, by)?, partition),
                &format!("no {SOURCE_LAYOUT}"),
            ));
        }
    }
    Ok(())
}

fn folder_of(object: &SourceObject) -> &str {
    object.object.key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns an object as it would be if its folders said this. The day that its name says stays.
fn moved(
    object: &SourceObject,
    account: Option<&str>,
    region: Option<&str>,
    (day, hour): (Option<Date>, Option<i8>),
) -> SourceObject {
    let name = FileName::parse(name_of(&object.object.key));
    let mut moved = object.clone();
    moved.account = account.map(Arc::from).or(name.account.map(Arc::from)).or(moved.account);
    moved.region = region.map(Arc::from).or(name.region.map(Arc::from)).or(moved.region);
    moved.day = name.day.or(day).unwrap_or(moved.day);
    moved.hour = hour.or(name.hour).or(moved.hour);
    moved
}

fn refused(source: &Store, object: &SourceObject, (now, before): (&Partition, &Partition), said: &str) -> Error {
    Error::usage(format!("an object of {now} was one of {before} before: its rows would be there twice"))
        .at(source.location().url_of(&object.object.key))
        .help(format!("say {said}, as before, or convert into another DEST"))
}
