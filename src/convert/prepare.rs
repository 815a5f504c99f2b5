//! SOURCE and DEST -> the plan. Writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use tracing::info;

use super::Waiting;
use super::options::ConvertOptions;
use super::told;
use crate::copies;
use crate::days::Days;
use crate::encode::field_id::UNKNOWN_ID_RULE;
use crate::encode::layout::sort_bytes;
use crate::error::{Error, Result};
use crate::ledger::entry::VERSION;
use crate::ledger::partition::Partition;
use crate::ledger::state::PartitionState;
use crate::ledger::table::{Ledgers, Table, TableInfo, refuse_other_endpoint};
use crate::ledger::undated::UndatedDays;
use crate::missing::{Deliveries, Missing};
use crate::options::{DASH_AS_NULL, LOG_TYPE, OptionName, PARTITION_BY};
use crate::plan::{self, Plan, PlanOptions};
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::report::{Named, damaged_ledgers};
use crate::source::discover::{discover, set_aside};
use crate::source::found::Found;
use crate::store::Store;
use crate::survey::newest_log_type;

/// SOURCE and DEST, looked at.
#[derive(Debug)]
pub struct Prepared {
    /// What will be done.
    pub plan: Plan,
    pub(crate) found: Found,
    pub(super) info: TableInfo,
    pub(super) founded: bool,
    /// Whether nothing told the log type of a table that is not founded yet.
    pub(super) guessed: bool,
    pub(super) states: BTreeMap<Partition, PartitionState>,
    pub(super) undated: UndatedDays,
    /// Whether somebody said which log type is wanted.
    pub(crate) log_type_said: bool,
    /// Partitions whose ledgers are damaged, and how. They are no part of the plan.
    damaged: BTreeMap<Partition, Error>,
}

impl Prepared {
    /// Refuses a plan of which nothing is left, since all that was asked for lies in damaged ledgers.
    fn refuse_damage_alone(mut self) -> Result<Self> {
        if self.plan.partitions.is_empty()
            && let Some((_, damage)) = self.damaged.pop_first()
        {
            return Err(damage);
        }
        Ok(self)
    }

    /// Names the partitions that are left out, since their ledgers are damaged.
    pub fn damaged(&self) -> Vec<Named> {
        damaged_ledgers(&self.damaged)
    }

    /// Returns whether a person should look at something that was found: then a run of the plan would end with exit code 1. Of what is
    /// archived only reading tells whether it was restored.
    pub fn needs_a_person(&self) -> bool {
        self.found.passed_over.iter().any(|(_, why)| why.needs_a_person())
            || !self.damaged.is_empty()
            || self.of_other_type() > 0 && !self.log_type_said
    }

    /// Returns how many objects were found to be of the other log type by earlier runs.
    pub fn of_other_type(&self) -> u64 {
        self.plan.partitions.iter().map(|plan| plan.other_type).sum()
    }

    /// Returns what is said of objects that earlier runs left alone, since they are of the other log type.
    pub fn other_type_left_alone(&self) -> Option<String> {
        let (own, count) = (self.info.log_type, self.of_other_type());
        let other = LogType::ALL.into_iter().find(|other| *other != own).filter(|_| count > 0)?;
        let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
        Some(format!(
            "{objects} of {} left alone, as by an earlier run: convert them with {LOG_TYPE} {other} into another DEST; {LOG_TYPE} {own} \
             says that this table is meant to be without them",
            other.schema().title
        ))
    }

    /// Returns what the plan cannot do, and a person should know.
    pub fn waiting(&self, source: &Store, table: &Table) -> Waiting {
        Waiting::of(&self.plan, source, table)
    }

    /// Returns what is missing of the asked days, compared with each other and with what the ledger has of the day before.
    /// Nothing while ledgers are damaged: whatever they have would be missed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn missing(&self, table: &Table, options: &ConvertOptions) -> Result<Missing> {
        let (wanted, plan) = (&options.wanted, &self.plan.options);
        if !self.damaged.is_empty() {
            return Ok(Missing::default());
        }
        let (mut deliveries, now) = (self.plan.before.clone(), crate::days::minute_now());
        self.found.objects.iter().chain(&self.found.copies).for_each(|found| deliveries.add_found(found));
        let below = (plan.source.as_str(), plan.prefix.as_str());
        deliveries.add_ledger(&self.states, Some(below));
        if wanted.accounts.is_empty() && wanted.regions.is_empty() {
            deliveries.look_back(table, &wanted.days, Some(below), now)?;
        }
        deliveries.select(wanted);
        Ok(deliveries.missing(&wanted.days, now, &options.missing.select(wanted)))
    }

    /// Returns the objects whose day is assumed for the first time, by that day.
    pub(super) fn newly_assumed(&self) -> BTreeMap<Date, Vec<Arc<str>>> {
        let mut new: BTreeMap<Date, Vec<Arc<str>>> = BTreeMap::new();
        for found in self.found.objects.iter().filter(|found| found.assumed) {
            if !self.undated.days.contains_key(&found.object.key) {
                new.entry(found.day).or_default().push(Arc::clone(&found.object.key));
            }
        }
        new
    }
}

/// Lists SOURCE, reads DEST's ledger and makes the plan; writes nothing.
///
/// # Errors
/// A usage error if SOURCE and DEST lie within each other, DEST is something else than asked for, or several
/// accounts or Regions would be mixed; otherwise when a store fails.
pub fn prepare(source: &Store, table: &Table, options: &ConvertOptions) -> Result<Prepared> {
    refuse_nesting(source, table.store())?;
    let info = table.info()?;
    let mut found = discover(source, &options.wanted)?;
    found.accept_parquet(&options.missing.accept);
    found.met.refuse_others(&options.wanted, source.location())?;
    let founded = info.is_some();
    let told = match options.log_type {
        None if !founded => founding_log_type(source, &found, options.output.log_format.as_deref())?,
        told => told,
    };
    let info = match info {
        Some(info) => info,
        None => TableInfo {
            version: VERSION,
            log_type: told.unwrap_or(LogType::Vpc),
            partition_by: options.partition_by.unwrap_or_default(),
            dash_as_null: options.output.dash_as_null,
            single_writer: options.single_writer,
            founded: Some(crate::days::today().to_string()),
            unknown_field_ids: Some(UNKNOWN_ID_RULE.to_owned()),
            write: table.store().writes_as(),
        },
    };
    refuse_other_table(&info, options, table.store())?;
    let TableInfo { log_type, partition_by, .. } = &info;
    info!(dest = %table.store().location(), %log_type, %partition_by, founded, "the table");
    let root = source.location().root();
    let undated =
        if founded { recorded_days(source, &found, options, (table, &info))? } else { UndatedDays::default() };
    // Whoever assumes a day looks after all objects that give none, on whatever days they are.
    let days = options.wanted.days.with(found.settle_undated(&undated.days, &options.wanted.days));
    if founded {
        told::refuse_other_partitions((source, &found, &options.wanted), (table, info.partition_by), &undated)?;
    }
    let mut ledgers = if founded { table.load_sound(&days, info.partition_by)? } else { Ledgers::default() };
    refuse_other_endpoint(source, &ledgers.states)?;
    ledgers.retain(|partition| options.wanted.selects(partition.account_region.as_ref()));
    let Ledgers { mut states, damaged } = ledgers;
    table.look_at_files(&mut states)?;
    set_aside(source, &mut found, |object| plan::partition_of(object, info.partition_by).is_ok())?;
    plan::leave_out_damaged(&mut found, &damaged, info.partition_by);
    plan::settle_days(&mut found, &states, info.partition_by, &root);
    found.forget_converted(|key| states.values().any(|state| state.input(&root, key).is_some()));
    if !options.copy {
        let others = copies::other_days(&found, &days);
        let others = match founded && !others.is_empty() {
            true => table.load_sound(&Days::These(others), info.partition_by)?.states,
            false => BTreeMap::new(),
        };
        copies::leave_out(&mut found, (&states, &others), info.partition_by, source);
    }
    for (key, why) in &found.two_days {
        info!(object = %source.location().url_of(key), reason = why, "an object of two days");
    }
    let mut output = options.output.clone();
    output.layout.sort_bytes = output.layout.sort_bytes.min(sort_bytes(options.memory_bytes));
    let plan_options = PlanOptions {
        partition_by: info.partition_by,
        merge: options.merge,
        target_file_bytes: options.target_file_bytes,
        log_type: info.log_type,
        source: root,
        endpoint: source.endpoint().cloned(),
        prefix: source.location().prefix().to_owned(),
        source_layout: options.wanted.source_layout.as_ref().map(|layout| layout.to_string().into()),
        output,
        retry_rejected: options.retry_rejected,
    };
    let before = day_before(source, &mut found, options, (table, &info, founded))?;
    let mut plan = plan::plan(&found, &states, plan_options)?;
    plan.before = before;
    tell(&plan, source);
    let guessed = !founded && told.is_none();
    let log_type_said = options.log_type.is_some();
    let prepared = Prepared { plan, found, info, founded, guessed, states, undated, log_type_said, damaged };
    prepared.refuse_damage_alone()
}

/// Returns who delivered on the days before the asked ones: by the ledger, or where that has nothing of them, by SOURCE, if their
/// folders lie among those that were listed. What lies in a folder of an asked day and is converted as of such a day is no news.
fn day_before(
    source: &Store,
    found: &mut Found,
    options: &ConvertOptions,
    (table, info, founded): (&Table, &TableInfo, bool),
) -> Result<Deliveries> {
    let (root, days) = (source.location().root(), options.wanted.days.before());
    let mut before = Deliveries::default();
    if founded && !days.is_empty() {
        let mut states = table.load_sound(&Days::These(days), info.partition_by)?.states;
        states.retain(|partition, _| options.wanted.selects(partition.account_region.as_ref()));
        before.add_ledger(&states, Some((&root, source.location().prefix())));
        found.forget_of_other_days(|key| states.values().any(|state| state.input(&root, key).is_some()));
    }
    before.add_listed(source, &found.before)?;
    Ok(before)
}

/// Returns what a table has recorded of the days of objects whose keys give none; nothing where names give them all.
fn recorded_days(
    source: &Store,
    found: &Found,
    options: &ConvertOptions,
    (table, info): (&Table, &TableInfo),
) -> Result<UndatedDays> {
    let undated = found.undated();
    if undated.is_empty() && !told::is_told(found, &options.wanted) {
        return Ok(UndatedDays::default());
    }
    table.undated(&source.location().root(), &undated, info.partition_by)
}

/// Says what is planned, by events.
fn tell(plan: &Plan, source: &Store) {
    for planned in &plan.partitions {
        let estimate = plan.estimate(planned);
        info!(
            partition = %planned.partition,
            objects = estimate.objects,
            converted = estimate.converted,
            to_convert = estimate.to_convert,
            to_convert_bytes = estimate.to_convert_bytes,
            late = estimate.late,
            changed = estimate.changed,
            unfinished = planned.unfinished.len(),
            retried = planned.retry.len(),
            made_again = planned.remakes.len(),
            files = estimate.files,
            "partition planned"
        );
        for (key, why) in &planned.stuck {
            info!(object = %source.location().url_of(key), reason = why, "the object changed, and keeps its old rows");
        }
    }
}

/// Refuses a SOURCE and DEST of which one lies in the other.
///
/// # Errors
/// A usage error.
pub fn refuse_nesting(source: &Store, dest: &Store) -> Result<()> {
    let (from, to) = (source.location(), dest.location());
    let problem = if from == to {
        format!("SOURCE and DEST are the same: {from}")
    } else if from.contains(to) {
        format!("DEST {to} lies inside SOURCE {from}")
    } else if to.contains(from) {
        format!("SOURCE {from} lies inside DEST {to}")
    } else {
        return Ok(());
    };
    Err(Error::usage(problem).help(
        "Athena reads all that lies below a table's location: keep raw logs and Parquet apart, \
         e.g. s3://bucket/AWSLogs and s3://bucket/flow-parquet",
    ))
}

fn refuse_other_table(info: &TableInfo, options: &ConvertOptions, dest: &Store) -> Result<()> {
    let differ = |what: OptionName, is: String, asked: String| {
        Err(Error::usage(format!("DEST was begun with {what} {is}, not {asked}"))
            .at(dest.location())
            .help(format!("leave {what} away, or convert into another DEST")))
    };
    match (options.partition_by, options.log_type) {
        (Some(by), _) if by != info.partition_by => differ(PARTITION_BY, info.partition_by.to_string(), by.to_string()),
        (_, Some(log_type)) if log_type != info.log_type => {
            differ(LOG_TYPE, info.log_type.to_string(), log_type.to_string())
        }
        _ if options.output.dash_as_null != info.dash_as_null => {
            let shown = |on: bool| if on { "on" } else { "off" }.to_owned();
            differ(DASH_AS_NULL, shown(info.dash_as_null), shown(options.output.dash_as_null))
        }
        _ => Ok(()),
    }
}

/// Returns the log type that the newest object's header says, of those that have one; those without are as `log_format` says.
fn founding_log_type(source: &Store, found: &Found, log_format: Option<&str>) -> Result<Option<LogType>> {
    let log_format = log_format.map(Header::from_option).transpose()?;
    let Some((object, log_type)) = newest_log_type(source, &found.objects, log_format.as_ref())? else {
        return Ok(None);
    };
    let object = source.location().url_of(&object.object.key);
    info!(object, log_type = log_type.map(tracing::field::display), "log type by the newest object's header");
    Ok(log_type)
}
