//! Whose logs a person's table shows and DEST has not: the new table would lack them without a word.

use std::collections::BTreeSet;

use super::held::Held;
use super::hints::Hints;
use super::like::Theirs;
use super::pattern::Part;
use crate::ledger::contents::Contents;
use crate::ledger::partition::Partition;
use crate::options::SOURCE;

/// Accounts and Regions that are named at most.
const MAX_NAMED: usize = 10;

/// An account and a Region, each if it is known.
type Place = [Option<String>; 2];

/// Returns what a person must know of what the new table lacks, and of what nobody looked for.
pub fn notes(held: &Held, theirs: &Theirs, contents: &Contents, hints: &Hints) -> Vec<String> {
    let there = places(contents, hints);
    let mut notes = Vec::new();
    for (at, part) in [Part::Account, Part::Region].into_iter().enumerate() {
        let known: Option<BTreeSet<&String>> = there.iter().map(|place| place[at].as_ref()).collect();
        // What is not known of all of DEST may be what is looked for.
        let (Some(known), Some(listed)) = (known, held.values(part)) else { continue };
        let lacking: Vec<&str> = listed.iter().filter(|value| !known.contains(value)).map(String::as_str).collect();
        if !lacking.is_empty() && !known.is_empty() {
            let what = if part == Part::Account { "account" } else { "Region" };
            notes.push(format!(
                "their table also looks for the {what} {}, of which DEST has nothing",
                some_of(&lacking, |name| (*name).to_owned())
            ));
        }
    }
    match &hints.in_source {
        Some(partitions) => notes.extend(in_source(held, partitions, &there)),
        None => notes.extend(unseen(held, theirs, hints, &there)),
    }
    notes
}

/// Returns a note on logs of SOURCE that their table shows.
fn in_source(held: &Held, partitions: &[Partition], there: &BTreeSet<Place>) -> Option<String> {
    let has = |pair: &(String, String)| {
        let is_same = |known: &Option<String>, value: &String| known.as_ref().is_none_or(|known| known == value);
        there.iter().any(|place| is_same(&place[0], &pair.0) && is_same(&place[1], &pair.1))
    };
    let shown = partitions.iter().filter(|partition| held.holds(partition));
    let pairs: BTreeSet<&(String, String)> = shown.filter_map(|partition| partition.account_region.as_ref()).collect();
    let lacking: Vec<_> = pairs.into_iter().filter(|pair| !has(pair)).collect();
    (!lacking.is_empty()).then(|| {
        let names = some_of(&lacking, |(account, region)| format!("{account} {region}"));
        format!("SOURCE has logs of {names}, which their table shows and DEST has not: convert them, or the new table lacks them")
    })
}

/// Returns a note on what cannot be known without SOURCE: whether DEST has all that lies below a LOCATION for everybody's logs.
fn unseen(held: &Held, theirs: &Theirs, hints: &Hints, there: &BTreeSet<Place>) -> Option<String> {
    // A folder whose name is to be filled in holds one account's.
    let is_open = |part: Part| held.values(part).is_none() && !hints.lies.unnamed.contains_key(&part);
    let text = theirs.template().or(theirs.location.as_deref())?;
    if theirs.is_assumed || !(is_open(Part::Account) || is_open(Part::Region)) || there.is_empty() {
        return None;
    }
    let is_held = |place: &&Place| {
        let of = |(part, value): (Part, &Option<String>)| match (held.values(part), value) {
            (Some(values), Some(value)) => values.contains(value),
            _ => true,
        };
        place.iter().any(Option::is_some) && [Part::Account, Part::Region].into_iter().zip(place.iter()).all(of)
    };
    let places: Vec<&Place> = there.iter().filter(is_held).collect();
    (!places.is_empty()).then(|| {
        let names = some_of(&places, |place| place.iter().flatten().cloned().collect::<Vec<_>>().join(" "));
        format!("their table shows whoever's logs lie below {text}, and DEST has those of {names}: {SOURCE} says whether that is all")
    })
}

/// Returns whose logs DEST has, by its partitions, or by the raw objects that it was made of.
fn places(contents: &Contents, hints: &Hints) -> BTreeSet<Place> {
    if contents.partition_by.by_account_region() {
        let pairs = contents.partitions.iter().filter_map(|partition| partition.account_region.clone());
        return pairs.map(|(account, region)| [Some(account), Some(region)]).collect();
    }
    hints.origins.iter().map(|origin| [origin.account.clone(), origin.region.clone()]).collect()
}

/// Returns the first names of a list, and how many more there are.
fn some_of<T>(list: &[T], name: impl Fn(&T) -> String) -> String {
    let mut names: Vec<String> = list.iter().take(MAX_NAMED).map(name).collect();
    if list.len() > MAX_NAMED {
        names.push(format!("{} more", list.len() - MAX_NAMED));
    }
    names.join(", ")
}
