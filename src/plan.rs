//! The plan: what a run will do, as a value. A pure function of listings, ledgers and options.
//!
//! In: [`Found`] objects and the [`PartitionState`] of each partition. Out: a [`Plan`] that `plan` and
//! `convert --dry-run` print and that `convert` executes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;

use crate::encode::layout::sort_share;
use crate::error::{Error, Result};
use crate::ledger::claim::{Draft, Input, MAX_OBJECTS, OutputOptions, RawObjects, Work};
use crate::ledger::partition::{Partition, PartitionBy};
use crate::ledger::stages::Claimed;
use crate::ledger::state::{InputState, PartitionState};
use crate::missing::Deliveries;
use crate::options::{ACCOUNT, MERGE, PARTITION_BY, REGION};
use crate::record::schema::LogType;
use crate::source::found::{Found, SourceObject, Why};
use crate::store::RealKeys;

/// Size that an output file should have: Athena and Spark split and schedule by files, S3 requests cost per file.
/// AWS advises 128 MB and more; a day that is smaller becomes one file.
pub const DEFAULT_TARGET_FILE_BYTES: u64 = 192 << 20;

/// Bytes of Parquet that a byte of gzip becomes, measured on lifelike logs of 14 to 54 columns (0.3 to 0.46).
const OUTPUT_PER_PACKED_BYTE: f64 = 0.45;

/// Bytes of gzip that a byte of text would be, for objects that are not packed.
const PACKED_PER_TEXT_BYTE: f64 = 0.2;

/// Objects of this packed size and more are read as a stream and get a file of their own, so that one which does
/// not read to its end takes no other rows with it.
pub const STREAMED_OBJECT_BYTES: u64 = 128 << 20;

/// What decides a plan, besides what was found.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// Partitions of the table.
    pub partition_by: PartitionBy,
    /// Whether several accounts and Regions may be put together in one partition.
    pub merge: bool,
    /// Size that an output file should have.
    pub target_file_bytes: u64,
    /// Log type of the table.
    pub log_type: LogType,
    /// Root of SOURCE's store.
    pub source: String,
    /// What tells that store from another one with the same root.
    pub endpoint: Option<Arc<str>>,
    /// SOURCE's prefix in it.
    pub prefix: String,
    /// The layout that told the objects' days, accounts and Regions, if one was given.
    pub source_layout: Option<Arc<str>>,
    /// How outputs are made.
    pub output: OutputOptions,
    /// Whether outputs with rejected lines are made again.
    pub retry_rejected: bool,
}

/// What is to be done in a partition, and what was done before.
#[derive(Debug, Clone)]
pub struct PartitionPlan {
    /// The partition.
    pub partition: Partition,
    /// Raw objects found, and their bytes.
    pub objects: u64,
    /// Bytes of the raw objects found.
    pub packed_bytes: u64,
    /// Objects converted before, or found to have no bytes.
    pub converted: u64,
    /// Objects of another log type.
    pub other_type: u64,
    /// Objects that are no flow logs.
    pub no_flow_logs: u64,
    /// Objects to convert now: never seen before.
    pub fresh: Vec<Input>,
    /// Objects that may not be readable: they are read before they are claimed. They did not read to their end before, a claim of
    /// them was given up since they could not be read, or they are archived.
    pub retry: Vec<Input>,
    /// Objects among those to convert that are archived, by the listing. What was restored is still listed so.
    pub archived: u64,
    /// Whether the partition was converted before, so that `fresh` came late.
    pub late: bool,
    /// Outputs to be made again: objects of theirs changed, or rejected lines of theirs are to be tried again.
    pub remakes: Vec<Remake>,
    /// Objects that changed after they were converted and cannot take the place of what they were, and why.
    pub stuck: Vec<(Arc<str>, String)>,
    /// Names of files that are not the ones that were recorded and cannot be made again, and why.
    pub in_doubt: Vec<(String, String)>,
    /// Rejected lines that were to be tried again and cannot be, and why.
    pub stuck_rejects: Vec<(u64, String)>,
    /// Claims that were begun and not finished, by number.
    pub unfinished: Vec<Claimed>,
    /// Objects that were claimed and not finished and do not lie below SOURCE, one of each such claim: nobody asked this run to
    /// read them, and their claims are left alone.
    pub unfinished_elsewhere: BTreeSet<String>,
}

/// An output to be made again of raw objects.
#[derive(Debug, Clone)]
pub struct Remake {
    /// Number of the claim whose output it is.
    pub replaces: u64,
    /// The objects it is made of, as they are now.
    pub inputs: Vec<Input>,
    /// Those of them that changed.
    pub changed: Vec<Input>,
    /// Lines of it that were rejected.
    pub rejected_rows: u64,
    /// Name of its file, if that is not the one that was recorded.
    pub altered: Option<String>,
}

/// Returns what is said of a file that is not the one that was recorded, and cannot be made again.
pub fn in_doubt(why: &str) -> String {
    format!(
        "this is not the file that was recorded: another run put damaged bytes there and was stopped, or somebody changed it; \
         it cannot be made again ({why}): run verify, which says whether what lies there is right"
    )
}

/// Returns what is said of an object that changed and cannot take the place of what it was.
pub fn stuck(why: &str) -> String {
    format!("it changed after it was converted, the table keeps its old rows: {why}")
}

/// Returns what is said of an object that was claimed and lies outside SOURCE.
pub fn claimed_elsewhere(partition: &Partition) -> String {
    format!(
        "a claim of {partition} that is not finished names it, and it does not lie below SOURCE: it is not read; run convert with \
         a SOURCE that holds it, or, if it is none of your logs, find out who wrote to the ledger"
    )
}

/// Returns why a file cannot be made again of objects that are readable one by one.
pub fn no_longer_together(object: &str, reason: &str) -> String {
    format!(
        "the objects of its file are readable one by one, but not in one file ({object}: {reason}): make the partition again, \
         as docs/operating.md says of a damaged file"
    )
}

impl PartitionPlan {
    /// Takes an object that is to be converted; what may not be readable is tried first.
    fn take(&mut self, found: &SourceObject, try_first: bool) {
        let archived = found.object.archived;
        self.archived += u64::from(archived);
        let objects = if try_first || archived { &mut self.retry } else { &mut self.fresh };
        objects.push(input_of(found));
    }

    /// Returns whether there is nothing to do here.
    pub fn is_done(&self) -> bool {
        self.fresh.is_empty() && self.retry.is_empty() && self.remakes.is_empty() && self.unfinished.is_empty()
    }

    /// Returns the objects that will be read.
    pub fn to_read(&self) -> impl Iterator<Item = &Input> {
        let claimed = self.unfinished.iter().flat_map(|claimed| claimed.claim().work.inputs());
        let again = self.remakes.iter().flat_map(|remake| &remake.inputs);
        self.fresh.iter().chain(&self.retry).chain(again).chain(claimed)
    }

    /// Returns how many objects changed after they were converted.
    pub fn changed(&self) -> u64 {
        (self.stuck.len() + self.remakes.iter().map(|remake| remake.changed.len()).sum::<usize>()) as u64
    }
}

/// What a run will do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What decided it.
    pub(crate) options: PlanOptions,
    /// Every partition of the asked days that has raw objects or unfinished claims.
    pub(crate) partitions: Vec<PartitionPlan>,
    /// Objects that are not converted and that a person should look at, with the reason.
    pub(crate) passed_over: Vec<(Arc<str>, Why)>,
    /// Who delivered on the days before the asked ones.
    pub(crate) before: Deliveries,
}

/// A plan in numbers: what `plan --json` prints for a partition, and for all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Raw objects found.
    pub objects: u64,
    /// Their bytes.
    pub packed_bytes: u64,
    /// Objects converted before.
    pub converted: u64,
    /// Objects claimed by a run that has not finished; this run finishes them.
    pub claimed: u64,
    /// Objects to convert that came after the partition was converted.
    pub late: u64,
    /// Objects to convert, claimed and late ones included.
    pub to_convert: u64,
    /// Their bytes.
    pub to_convert_bytes: u64,
    /// Files that will be written.
    pub files: u64,
    /// Their bytes, estimated.
    pub output_bytes: u64,
    /// Requests that will be sent, estimated: GET of objects, PUT of claims, files and dones.
    pub requests: u64,
    /// Objects that changed after they were converted.
    pub changed: u64,
    /// Objects to convert that are archived, by the listing: those that are not restored cannot be read.
    pub archived: u64,
}

impl Estimate {
    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.objects += other.objects;
        self.packed_bytes += other.packed_bytes;
        self.converted += other.converted;
        self.claimed += other.claimed;
        self.late += other.late;
        self.to_convert += other.to_convert;
        self.to_convert_bytes += other.to_convert_bytes;
        self.files += other.files;
        self.output_bytes += other.output_bytes;
        self.requests += other.requests;
        self.changed += other.changed;
        self.archived += other.archived;
    }
}

impl Plan {
    /// Returns what every partition will come to: `year=2026/month=01/day=15` and its estimate.
    pub fn estimates(&self) -> impl Iterator<Item = (String, Estimate)> {
        self.partitions.iter().map(|plan| (plan.partition.path(), self.estimate(plan)))
    }

    /// Returns a partition's plan in numbers.
    pub(crate) fn estimate(&self, plan: &PartitionPlan) -> Estimate {
        let fresh: Vec<Input> = plan.fresh.iter().chain(&plan.retry).cloned().collect();
        let files = cut(&fresh, self.options.target_file_bytes).len() + plan.remakes.len() + plan.unfinished.len();
        let output_bytes: u64 = plan.to_read().map(estimated_output).sum();
        let to_convert = plan.to_read().count() as u64;
        Estimate {
            objects: plan.objects,
            packed_bytes: plan.packed_bytes,
            converted: plan.converted,
            claimed: plan.unfinished.iter().map(|claimed| claimed.claim().work.inputs().len() as u64).sum(),
            late: if plan.late { plan.fresh.len() as u64 } else { 0 },
            to_convert,
            to_convert_bytes: plan.to_read().map(|input| input.size).sum(),
            files: files as u64,
            output_bytes,
            requests: to_convert + 3 * files as u64 + output_bytes / crate::store::upload::PART_BYTES as u64,
            changed: plan.changed(),
            archived: plan.archived,
        }
    }

    /// Returns the objects that will be read.
    pub(crate) fn to_read(&self) -> impl Iterator<Item = &Input> {
        self.partitions.iter().flat_map(PartitionPlan::to_read)
    }

    /// Returns the whole plan in numbers.
    pub fn total(&self) -> Estimate {
        let mut total = Estimate::default();
        self.partitions.iter().for_each(|plan| total.add(&self.estimate(plan)));
        total
    }
}

/// Returns the partition that an object belongs to.
///
/// # Errors
/// A usage error if its key does not give what the partitions need.
pub fn partition_of(object: &SourceObject, by: PartitionBy) -> Result<Partition> {
    let missing = |what: &str| {
        Error::usage(format!("{PARTITION_BY} {by} needs the {what}, and an object's key gives none"))
            .at(&object.object.key)
            .help(format!("choose another {PARTITION_BY}, or leave the object out with a lower SOURCE"))
    };
    let account_region = match (&object.account, &object.region) {
        _ if !by.by_account_region() => None,
        (Some(account), Some(region)) => Some((account.to_string(), region.to_string())),
        (None, _) => return Err(missing("account")),
        (_, None) => return Err(missing("Region")),
    };
    let hour = match object.hour {
        _ if !by.by_hour() => None,
        Some(hour) => Some(hour),
        None => return Err(missing("hour")),
    };
    Ok(Partition { account_region, day: object.day, hour })
}

/// Has objects of the local disk called as the ledger calls them: earlier versions recorded paths as they were typed, through
/// links or not, and a link below SOURCE may lead to what was converted by its own name.
fn name_as_recorded(found: &mut Found, states: &BTreeMap<Partition, PartitionState>, source: &str) {
    let mut real = RealKeys::of(source);
    if !real.is_local() {
        return;
    }
    let mut recorded: HashMap<Arc<str>, Arc<str>> = HashMap::new();
    for key in states.values().flat_map(|state| state.keys(source)) {
        let is = real.key(key);
        if is != *key {
            recorded.insert(is, Arc::clone(key));
        }
    }
    let known = |key: &str| states.values().any(|state| state.input(source, key).is_some());
    for found in found.objects.iter_mut().chain(&mut found.other_days) {
        let key = &mut found.object.key;
        let is = real.key(key);
        let other = recorded.get(&is).cloned().or_else(|| (is != *key && known(&is)).then_some(is));
        if let Some(other) = other.filter(|_| !known(key)) {
            *key = other;
        }
    }
    found.objects.sort_by(|a, b| a.object.key.cmp(&b.object.key));
    found.objects.dedup_by(|a, b| a.object.key == b.object.key);
}

/// Settles the day of objects whose folder says another one than their name: see [`Found::settle_days`].
pub fn settle_days(
    found: &mut Found,
    states: &BTreeMap<Partition, PartitionState>,
    partition_by: PartitionBy,
    source: &str,
) {
    name_as_recorded(found, states, source);
    found.settle_days(|object| {
        let state = partition_of(object, partition_by).ok().and_then(|partition| states.get(&partition));
        state.is_some_and(|state| state.input(source, &object.object.key).is_some())
    });
}

/// Leaves out objects of partitions whose ledgers are damaged: whether they are converted nobody knows.
pub fn leave_out_damaged(found: &mut Found, damaged: &BTreeMap<Partition, Error>, partition_by: PartitionBy) {
    if damaged.is_empty() {
        return;
    }
    found
        .leave_out(|object| partition_of(object, partition_by).is_ok_and(|partition| damaged.contains_key(&partition)));
}

/// Makes the plan.
///
/// # Errors
/// A usage error if objects of several accounts or Regions would fall into one partition unasked, or if partitions
/// by account, Region or hour are wanted and an object's key gives none.
pub fn plan(found: &Found, states: &BTreeMap<Partition, PartitionState>, options: PlanOptions) -> Result<Plan> {
    refuse_unasked_merge(found, &options)?;
    let mut objects: BTreeMap<Partition, Vec<&SourceObject>> = BTreeMap::new();
    for object in &found.objects {
        objects.entry(partition_of(object, options.partition_by)?).or_default().push(object);
    }
    let empty = PartitionState::default();
    let mut partitions = Vec::new();
    for partition in states.keys().chain(objects.keys()).collect::<BTreeSet<_>>() {
        let state = states.get(partition).unwrap_or(&empty);
        let found = objects.get(partition).map_or(&[][..], Vec::as_slice);
        partitions.push(plan_partition(partition, found, state, &options));
    }
    let passed_over = found.passed_over.iter().filter(|(_, why)| why.needs_a_person()).cloned().collect();
    Ok(Plan { options, partitions, passed_over, before: Deliveries::default() })
}

fn refuse_unasked_merge(found: &Found, options: &PlanOptions) -> Result<()> {
    if options.merge || options.partition_by.by_account_region() {
        return Ok(());
    }
    let known = found.objects.iter().filter(|o| o.account.is_some() || o.region.is_some());
    let sources: BTreeSet<String> = known
        .map(|o| format!("{} {}", o.account.as_deref().unwrap_or("?"), o.region.as_deref().unwrap_or("?")))
        .collect();
    if sources.len() < 2 {
        return Ok(());
    }
    let shown: Vec<&str> = sources.iter().take(5).map(String::as_str).collect();
    let more = if sources.len() > 5 { format!(" and {} more", sources.len() - 5) } else { String::new() };
    let by = options.partition_by;
    Err(Error::usage(format!(
        "SOURCE holds {} accounts and Regions, and {PARTITION_BY} {by} would mix them: {}{more}",
        sources.len(),
        shown.join(", ")
    ))
    .help(format!(
        "filter with {ACCOUNT} and {REGION}, or use {PARTITION_BY} account-region-day, or {MERGE} to put them together"
    )))
}

fn plan_partition(
    partition: &Partition,
    found: &[&SourceObject],
    state: &PartitionState,
    options: &PlanOptions,
) -> PartitionPlan {
    let source = options.source.as_str();
    let mut plan = PartitionPlan {
        partition: partition.clone(),
        objects: found.len() as u64,
        packed_bytes: found.iter().map(|o| o.object.size).sum(),
        converted: 0,
        other_type: 0,
        no_flow_logs: 0,
        fresh: Vec::new(),
        retry: Vec::new(),
        archived: 0,
        late: state.history().next().is_some(),
        remakes: Vec::new(),
        stuck: Vec::new(),
        in_doubt: Vec::new(),
        stuck_rejects: Vec::new(),
        unfinished: Vec::new(),
        unfinished_elsewhere: BTreeSet::new(),
    };
    for claimed in state.to_finish() {
        match elsewhere(&claimed.claim().work, options) {
            // To record a file that is there, nothing of it is read.
            Some(object) if !state.is_written(claimed.number()) => _ = plan.unfinished_elsewhere.insert(object),
            _ => plan.unfinished.push(claimed),
        }
    }
    let now: HashMap<&str, &SourceObject> = found.iter().map(|found| (&*found.object.key, *found)).collect();
    // Outputs to be made again, with the objects of theirs that changed.
    let mut again: BTreeMap<u64, Vec<Input>> = BTreeMap::new();
    for found in found {
        let object = &found.object;
        let Some(known) = state.input(source, &object.key) else {
            plan.take(found, state.was_unreadable(source, &object.key));
            continue;
        };
        let changed = known.etag != object.etag;
        match known.state {
            InputState::Claimed => {}
            // None of its rows are in the table: it is as good as new.
            InputState::Rejected(_) | InputState::OtherType | InputState::NoFlowLog | InputState::Empty if changed => {
                plan.take(found, false);
            }
            InputState::Rejected(_) => plan.take(found, true),
            InputState::Empty => plan.converted += 1,
            InputState::OtherType => plan.other_type += 1,
            InputState::NoFlowLog => plan.no_flow_logs += 1,
            InputState::Converted => {
                plan.converted += 1;
                if changed && let Some(output) = state.output_of(known) {
                    again.entry(output.number).or_default().push(input_of(found));
                }
            }
        }
    }
    plan_remakes(&mut plan, (again, &now), state, options);
    plan
}

/// Returns an object of a claim that does not lie below SOURCE.
pub fn elsewhere(work: &Work, options: &PlanOptions) -> Option<String> {
    let objects = work.objects()?;
    let mut real = RealKeys::of(&objects.source);
    let mut is_inside = |key| objects.source == options.source && real.lies_below(&options.prefix, key);
    let outside = objects.inputs.iter().find(|input| !is_inside(&input.key))?;
    // On the local disk a path.
    let root = objects.source.strip_prefix("file://").unwrap_or(&objects.source);
    Some(format!("{root}{}", outside.key))
}

/// Plans outputs that are to be made again: those with objects that changed, those whose files are not the recorded ones, and
/// those with rejected lines if that is wanted.
fn plan_remakes(
    plan: &mut PartitionPlan,
    (mut again, now): (BTreeMap<u64, Vec<Input>>, &HashMap<&str, &SourceObject>),
    state: &PartitionState,
    options: &PlanOptions,
) {
    if options.retry_rejected {
        for output in state.outputs().filter(|output| output.done.outcome.rejected_rows > 0) {
            again.entry(output.number).or_default();
        }
    }
    let altered: BTreeMap<u64, &str> =
        state.altered().map(|output| (output.number, output.claim.output.as_str())).collect();
    altered.keys().for_each(|number| _ = again.entry(*number).or_default());
    for (replaces, changed) in again {
        // Whoever is about to replace it knows what it is made of now; the next run sees what is left to do.
        if !state.can_be_replaced(replaces) {
            continue;
        }
        let rejected_rows = state.done(replaces).map_or(0, |done| done.outcome.rejected_rows);
        match inputs_now(state, replaces, &options.source, now) {
            Ok(inputs) => {
                let altered = altered.get(&replaces).map(|name| (*name).to_owned());
                plan.remakes.push(Remake { replaces, inputs, changed, rejected_rows, altered });
            }
            Err(why) if altered.contains_key(&replaces) => plan.in_doubt.push((altered[&replaces].to_owned(), why)),
            Err(why) if changed.is_empty() => plan.stuck_rejects.push((rejected_rows, why)),
            Err(why) => plan.stuck.extend(changed.into_iter().map(|input| (input.key, why.clone()))),
        }
    }
}

fn input_of(SourceObject { object, .. }: &SourceObject) -> Input {
    Input { key: object.key.clone(), size: object.size, etag: object.etag.clone() }
}

/// Returns what an output is made of, as it is now; or why it cannot be made again.
fn inputs_now(
    state: &PartitionState,
    output: u64,
    source: &str,
    now: &HashMap<&str, &SourceObject>,
) -> Result<Vec<Input>, String> {
    let members = state.inputs_of(output);
    let gone = members.iter().filter(|(root, input)| *root == source && !now.contains_key(&*input.key)).count();
    if let Some((elsewhere, _)) = members.iter().find(|(root, _)| *root != source) {
        return Err(format!("its rows share a file with those of objects in {elsewhere}"));
    }
    if gone > 0 {
        let those = if gone == 1 { "1 object that is".to_owned() } else { format!("{gone} objects that are") };
        return Err(format!("its rows share a file with those of {those} gone or not asked for"));
    }
    Ok(members.iter().filter_map(|(_, input)| now.get(&*input.key).map(|now| input_of(now))).collect())
}

/// Cuts inputs into what one partition is to claim.
pub fn drafts(inputs: &[Input], options: &PlanOptions) -> Vec<Draft> {
    let cuts = cut(inputs, options.target_file_bytes).into_iter();
    cuts.map(|inputs| draft(inputs, options, Work::Convert)).collect()
}

/// Returns what is to be claimed to make an output again.
pub fn remake(remake: &Remake, options: &PlanOptions) -> Draft {
    draft(remake.inputs.clone(), options, |objects| Work::Remake(objects, vec![remake.replaces]))
}

fn draft(inputs: Vec<Input>, options: &PlanOptions, work: impl FnOnce(RawObjects) -> Work) -> Draft {
    let mut output = options.output.clone();
    output.layout.sort_bytes = sort_share(inputs.iter().map(packed_size).sum(), output.layout.sort_bytes);
    let objects = RawObjects {
        source: options.source.clone(),
        endpoint: options.endpoint.clone(),
        source_layout: options.source_layout.clone(),
        inputs,
    };
    Draft { log_type: options.log_type, options: output, work: work(objects) }
}

/// Cuts inputs, in their order, into files of about equal size, none much larger than the target.
///
/// What is left when the first files are taken away is cut as it was before, so that a run which goes on where another
/// stopped makes the same files.
fn cut(inputs: &[Input], target_file_bytes: u64) -> Vec<Vec<Input>> {
    let (streamed, small): (Vec<_>, Vec<_>) =
        inputs.iter().cloned().partition(|input| input.size >= STREAMED_OBJECT_BYTES);
    let mut left: u64 = small.iter().map(estimated_output).sum();
    let mut cuts: Vec<Vec<Input>> = Vec::new();
    let mut rest = small.into_iter().peekable();
    while rest.peek().is_some() {
        let files = left.div_ceil(target_file_bytes.max(1)).max(1);
        let mut bytes = 0;
        // The first file takes the objects that begin in its share.
        let share = |bytes: u64| u128::from(bytes) * u128::from(files) < u128::from(left.max(1));
        let mut first = Vec::new();
        while let Some(input) = rest.next_if(|_| share(bytes) && first.len() < MAX_OBJECTS) {
            bytes += estimated_output(&input);
            first.push(input);
        }
        left -= bytes;
        cuts.push(first);
    }
    cuts.extend(streamed.into_iter().map(|input| vec![input]));
    cuts
}

/// Returns the packed size of an object, or what it would be if it were packed.
pub fn packed_size(input: &Input) -> u64 {
    if input.key.ends_with(".gz") { input.size } else { (input.size as f64 * PACKED_PER_TEXT_BYTE) as u64 }
}

fn estimated_output(input: &Input) -> u64 {
    (packed_size(input) as f64 * OUTPUT_PER_PACKED_BYTE) as u64
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::encode::codec::Compression;
    use crate::source::found::SourceObject;
    use crate::store::Listed;

    fn object(name: &str, size: u64, region: &str) -> SourceObject {
        SourceObject {
            object: Listed { key: name.into(), size, etag: Some("e".into()), archived: false },
            account: Some("111122223333".into()),
            region: Some(region.into()),
            day: date(2026, 1, 15),
            hour: None,
            folder: None,
            assumed: false,
        }
    }

    fn options(by: PartitionBy) -> PlanOptions {
        PlanOptions {
            partition_by: by,
            merge: false,
            target_file_bytes: 1_000,
            log_type: LogType::Vpc,
            source: "s3://b/".to_owned(),
            endpoint: None,
            prefix: String::new(),
            source_layout: None,
            output: OutputOptions {
                compression: Compression::default(),
                dash_as_null: false,
                log_format: None,
                max_object_bytes: 1 << 30,
                layout: crate::encode::layout::Layout::default(),
            },
            retry_rejected: false,
        }
    }

    #[test]
    fn files_are_cut_evenly_and_streamed_objects_stand_alone() {
        let input = |i: u64, size| Input { key: format!("{i:03}.gz").into(), size, etag: None };
        let many: Vec<Input> = (0..100).map(|i| input(i, 100)).collect();
        let sizes: Vec<usize> = cut(&many, 1_000).iter().map(Vec::len).collect();
        assert_eq!(sizes, [20, 20, 20, 20, 20]);
        assert_eq!(cut(&many, 1_000_000).len(), 1, "a small day is one file");
        assert_eq!(cut(&[], 1_000).len(), 0);
        let with_giant = [input(0, 10), input(1, STREAMED_OBJECT_BYTES), input(2, 10)];
        let cuts = cut(&with_giant, u64::MAX);
        assert_eq!(cuts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        // No claim names more than can be read again, however small they are, or however much the first of them has.
        let tiny: Vec<Input> = (0..70_000).map(|i| input(i, if i < 10 { 100_000 } else { 100 })).collect();
        let sizes: Vec<usize> = cut(&tiny, u64::MAX).iter().map(Vec::len).collect();
        assert!(sizes.iter().all(|size| *size <= MAX_OBJECTS), "{sizes:?}");
        assert_eq!((sizes.iter().sum::<usize>(), sizes.len()), (70_000, 3), "{sizes:?}");
    }

    #[test]
    fn what_others_have_not_claimed_is_cut_as_it_was() {
        let inputs: Vec<Input> = (0..60)
            .map(|i| Input { key: format!("{i:03}.gz").into(), size: (i * i * 7919) % 1_000, etag: None })
            .collect();
        for target in [1, 100, 333, 1_000, 7_000, 1_000_000] {
            let cuts = cut(&inputs, target);
            assert_eq!(cuts.concat(), inputs, "each once, in order");
            for claimed in 0..cuts.len() {
                assert_eq!(cut(&cuts[claimed..].concat(), target), cuts[claimed..], "{claimed} files of {target}");
            }
        }
    }

    #[test]
    fn mixes_regions_only_when_asked() {
        let objects = vec![object("a.gz", 1, "us-east-1"), object("b.gz", 1, "eu-west-1")];
        let found = Found { objects, ..Found::default() };
        let refused = plan(&found, &BTreeMap::new(), options(PartitionBy::Day)).unwrap_err().to_string();
        assert!(refused.contains("111122223333 eu-west-1, 111122223333 us-east-1"), "{refused}");
        let merged = PlanOptions { merge: true, ..options(PartitionBy::Day) };
        assert_eq!(plan(&found, &BTreeMap::new(), merged).unwrap().partitions.len(), 1);
        let apart = plan(&found, &BTreeMap::new(), options(PartitionBy::AccountRegionDay)).unwrap();
        assert_eq!(apart.partitions.len(), 2);
        assert!(
            plan(&found, &BTreeMap::new(), options(PartitionBy::AccountRegionHour)).is_err(),
            "no hour in the keys"
        );
    }
}
