//! Objects that are converted already, under another key: a bucket that was moved, an access point's alias, a link on the local
//! disk, AWS's two layouts side by side. Their rows would be there twice.
//!
//! In: the objects that were found, and the ledgers of their partitions, which are read anyway. Out: the copies, taken out of what
//! was found and named.
//!
//! AWS ends the name of each object with a random number
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>), so the same name and size is the same object; its
//! ETag is another one where another key encrypts it. So is what has that number under a name that people made of it, whatever
//! its size: `NAME (1).log.gz`, or `NAME.log` that was unpacked beside `NAME.log.gz`. What people call otherwise needs the same
//! ETag too, and a kilobyte: what is smaller may be a header line alone, the same in many objects.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use tracing::info;

use crate::days::Days;
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::state::{InputState, PartitionState};
use crate::plan::partition_of;
use crate::source::found::{Found, SourceObject, Why};
use crate::source::layout::{FileName, delivery};
use crate::store::{Store, name_of};

/// Size from which on an object surely has rows: a header line has 700 bytes.
const SURELY_ROWS_BYTES: u64 = 1 << 10;

/// How AWS ends the names of objects.
const AWSS_ENDING: &str = ".log.gz";

/// Size and ETag of an object.
type Content<'a> = (u64, Option<&'a Arc<str>>);

/// Objects of a partition whose rows are in the table, or will be.
#[derive(Debug, Default)]
struct There<'a> {
    by_name: HashMap<&'a str, Vec<Content<'a>>>,
    /// One name for each that AWS gave.
    by_delivery: HashMap<&'a str, &'a str>,
}

impl<'a> There<'a> {
    /// Adds what a partition's ledger knows.
    fn add_ledger(&mut self, state: Option<&'a PartitionState>) {
        for (key, known) in state.into_iter().flat_map(PartitionState::known) {
            if matches!(known.state, InputState::Claimed | InputState::Converted) {
                self.add(name_of(key), (known.size, known.etag.as_ref()));
            }
        }
    }

    fn add(&mut self, name: &'a str, content: Content<'a>) {
        self.by_name.entry(name).or_default().push(content);
        if let Some(delivery) = delivery(name).filter(|_| content.0 > 0) {
            self.by_delivery.entry(delivery).or_insert(name);
        }
    }

    /// Returns whether an object has the rows of one that is there.
    fn has(&self, name: &str, content: Content<'_>) -> bool {
        let renamed = delivery(name).and_then(|delivery| self.by_delivery.get(delivery));
        renamed.is_some_and(|other| *other != name && content.0 > 0)
            || self.by_name.get(name).is_some_and(|same| same.iter().any(|other| is_copy(name, content, *other)))
    }
}

/// Returns the days that names say of objects which lie in AWS's folders of other days, as copies may, without those of which
/// the ledgers are read anyway.
pub fn other_days(found: &Found, read: &Days) -> BTreeSet<Date> {
    let said = found.objects.iter().filter_map(|object| said_day(object).filter(|day| !read.contains(*day)));
    said.collect()
}

/// Returns the day that an object's name says, if that is another one than the object's.
fn said_day(found: &SourceObject) -> Option<Date> {
    FileName::parse(name_of(&found.object.key)).day.filter(|day| *day != found.day)
}

/// Returns the partition that an object's name tells, as AWS gave it.
fn said_partition(found: &SourceObject, by: PartitionBy) -> Option<Partition> {
    let FileName { account, region, day, hour, .. } = FileName::parse(name_of(&found.object.key));
    let said =
        SourceObject { account: Some(account?.into()), region: Some(region?.into()), day: day?, hour, ..found.clone() };
    partition_of(&said, by).ok()
}

/// Leaves out objects that are copies of converted ones, or of others that were found, and names them. `others` are the ledgers of
/// [`other_days`].
pub fn leave_out(
    found: &mut Found,
    (states, others): (&BTreeMap<Partition, PartitionState>, &BTreeMap<Partition, PartitionState>),
    by: PartitionBy,
    source: &Store,
) {
    let root = source.location().root();
    let mut partitions: BTreeMap<Partition, Vec<usize>> = BTreeMap::new();
    for (at, object) in found.objects.iter().enumerate() {
        // Without a partition it is refused later on.
        if let Ok(partition) = partition_of(object, by) {
            partitions.entry(partition).or_default().push(at);
        }
    }
    let mut copies = HashSet::new();
    // What lies where the names of objects that lie elsewhere say.
    let mut in_own: HashMap<Partition, There<'_>> = HashMap::new();
    for (partition, objects) in &partitions {
        let state = states.get(partition);
        let is_known = |key: &str| state.is_some_and(|state| state.input(&root, key).is_some());
        let mut fresh: Vec<usize> =
            objects.iter().copied().filter(|at| !is_known(&found.objects[*at].object.key)).collect();
        if fresh.is_empty() {
            continue;
        }
        let mut there = There::default();
        there.add_ledger(state);
        // What is called as AWS calls it is the object, and others are its copies.
        fresh.sort_by_key(|at| is_renamed(name_of(&found.objects[*at].object.key)));
        for at in fresh {
            let object = &found.objects[at].object;
            let (name, content) = (name_of(&object.key), (object.size, object.etag.as_ref()));
            if there.has(name, content) {
                copies.insert(at);
            } else {
                there.add(name, content);
            }
        }
        // In the folder of another day, hour, account or Region than its own.
        for at in objects.iter().copied().filter(|at| !is_known(&found.objects[*at].object.key)) {
            let object = &found.objects[at];
            let Some(own) = said_partition(object, by).filter(|own| own != partition) else { continue };
            let there = in_own.entry(own).or_insert_with_key(|own| {
                let mut there = There::default();
                there.add_ledger(states.get(own).or_else(|| others.get(own)));
                let found = partitions.get(own).into_iter().flatten().map(|at| &found.objects[*at].object);
                found.for_each(|object| there.add(name_of(&object.key), (object.size, object.etag.as_ref())));
                there
            });
            let name = name_of(&object.object.key);
            if there.has(name, (object.object.size, object.object.etag.as_ref())) {
                copies.insert(at);
            }
        }
    }
    for (at, object) in std::mem::take(&mut found.objects).into_iter().enumerate() {
        if copies.contains(&at) {
            info!(object = %source.location().url_of(&object.object.key), reason = Why::Copy.explain(), "object passed over");
            found.passed_over.push((Arc::clone(&object.object.key), Why::Copy));
            found.copies.push(object);
        } else {
            found.objects.push(object);
        }
    }
    found.passed_over.sort();
}

/// Returns whether people made something of a name that AWS gave.
fn is_renamed(name: &str) -> bool {
    delivery(name).is_some_and(|delivery| name.strip_prefix(delivery) != Some(AWSS_ENDING))
}

/// Returns whether two objects of one name are the same.
fn is_copy(name: &str, (size, etag): (u64, Option<&Arc<str>>), other: (u64, Option<&Arc<str>>)) -> bool {
    if size != other.0 || size == 0 {
        return false;
    }
    let is_awss = FileName::parse(name);
    let is_awss = is_awss.flow_log.is_some() && is_awss.day.is_some();
    is_awss || size >= SURELY_ROWS_BYTES && etag.is_some() && etag == other.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_the_same_is_a_copy() {
        let aws = "111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260115T0505Z_fe123456.log.gz";
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        for (name, one, other, copy) in [
            (aws, (300, Some(&a)), (300, Some(&a)), true),
            (aws, (300, Some(&a)), (300, Some(&b)), true),
            (aws, (300, Some(&a)), (301, Some(&a)), false),
            (aws, (0, Some(&a)), (0, Some(&a)), false),
            ("part-0", (5_000, Some(&a)), (5_000, Some(&a)), true),
            ("part-0", (5_000, Some(&a)), (5_000, Some(&b)), false),
            ("part-0", (5_000, None), (5_000, None), false),
            ("part-0", (300, Some(&a)), (300, Some(&a)), false),
        ] {
            assert_eq!(is_copy(name, one, other), copy, "{name} {one:?} {other:?}");
        }
    }
}
