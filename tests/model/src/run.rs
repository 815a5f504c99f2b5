//! A run of `convert` or `compact`, one request after the other.
//!
//! In: what the run knows (entries read, objects listed) and a stack of what it has left to do. Out: the next request's effect
//! on the stores, and what is to be done then. Every [`Task`] names the function of the code that it stands for. A task without
//! a request is local: it is done at once behind the request before it, from what the run knows alone.
//!
//! Where model and code part:
//! * The days of a run are worked on one after the other. In the code several are at once; they share nothing but the notes.
//! * Reading the ledger of a day, all objects of a claim or all files of a merge is one step. Entries never change, objects
//!   change in one direction and files of a merge go in one order, so that longer reads see nothing else.
//! * All objects of a day that are new become one claim. Target sizes, rejected lines, other types and other sources are left
//!   out. Rejects objects go with their files.
//! * The note of a replacement is written behind its entry, by whoever makes the file. Until version 0.2 it was written before:
//!   `Faults::note_before_entry`.
//! * Whatever makes a claim unfinishable is seen before it is claimed (`Task::ProbeChanged`). The code must look for the same
//!   things there as in `Task::Make`; which they are is not modelled.
//! * Bytes are right: no read is corrupted, and somebody else's object never has the name of an output.
//! * `--retry`, `--auto-compact`, `--min-age` and `misread` are left out: their claims are those of remakes and merges.

use crate::faults::Faults;
use crate::ledger::{BAD, Claim, End, Entry, GONE, InputState, Inputs, Numbers, OBJECTS, State, present};
use crate::store::{DAYS, Day, File, Rows, Store, any_rows_of, rows_of};

/// `convert/mod.rs::MAX_ROUNDS`; here every round counts, also one that got something done.
const MAX_ROUNDS: u8 = 5;

/// What a run was asked for. Days are bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// `convert/mod.rs::convert`.
    Convert(u8),
    /// `compact/mod.rs::compact`.
    Compact(u8),
}

impl Job {
    fn days(self) -> impl DoubleEndedIterator<Item = Day> {
        let (Self::Convert(days) | Self::Compact(days)) = self;
        (0..DAYS).filter(move |day| days & (1 << day) != 0)
    }

    fn is_convert(self) -> bool {
        matches!(self, Self::Convert(_))
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Exit code 0, or 1: something was named.
    Ended { named: bool },
    /// Exit code 0, and an object that the run saw is neither in the table nor named.
    Silent,
    /// Exit code 2 or 3.
    Stopped,
}

/// How a claim came to its end: `ledger/stages.rs::Ended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    Done,
    DoneByAnother,
    AbandonedByAnother,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// `source/discover.rs::discover`.
    ListSource,
    /// `ledger/table.rs::load`.
    Load,
    /// `ledger/replacing.rs::replacing`.
    ListNotes,
    /// `compact/resume.rs::finish_in`: catches up; the notes of the day are those that were listed.
    Resume { day: Day },
    /// The end of it: deletes the notes of what is over.
    ForgetOver { day: Day },
    /// `ledger/replacing.rs::forget_note`.
    ForgetNote { day: Day, claim: Claim },
    /// `plan.rs::plan` and `convert/round.rs::Round::all`, or `compact/mod.rs::plan_partition` and `run_partition`.
    Plan,
    /// `ledger/partition_ledger.rs::tidy`: lists the folder.
    Tidy { day: Day },
    /// `store/mod.rs::delete`, of a file and its rejects.
    DeleteFile { day: Day, name: Claim },
    /// `convert/trial.rs::readable_now`, of what is to take the place of rows.
    ProbeChanged { day: Day, changed: Inputs, claim: Claim },
    /// `convert/trial.rs::readable_now`, of what was rejected before.
    ProbeRejected { day: Day, rejected: Inputs, fresh: Inputs },
    /// `compact/merge.rs::first_damaged`, of what could not be merged before.
    ProbeFiles { day: Day, claim: Claim },
    /// `ledger/partition_ledger.rs::claim`, up to its request.
    Claim { day: Day, claim: Claim },
    /// `ledger/replacing.rs::note_replacing`.
    Note { day: Day, claim: Claim },
    /// `ledger/partition_ledger.rs::append`, of a claim or replace.
    Append { day: Day, claim: Claim },
    /// `convert/claim.rs::finish_claim`, `compact/merge.rs::finish_merge`.
    Finish { day: Day, number: u8, recovering: bool },
    /// `ledger/files.rs::find_written`; `only` if the file is not made by this run.
    FindComplete { day: Day, number: u8, only: bool },
    /// `convert/claim.rs::make`, `compact/merge.rs::merge`: reads.
    Make { day: Day, number: u8 },
    /// The end of them: `store/upload.rs::finish`.
    Upload { day: Day, name: Claim, rows: Rows, doubled: bool },
    /// `ledger/partition_ledger.rs::done`.
    Done { day: Day, number: u8, rejected: u8, file: bool },
    /// `ledger/partition_ledger.rs::settle`.
    Settle { day: Day, number: u8, ended: Ended },
    /// `settle`, when it has caught up.
    SettleNow { day: Day, number: u8, ended: Ended },
    /// `ledger/partition_ledger.rs::abandon`.
    Abandon { day: Day, number: u8 },
    /// The end of `convert/round.rs::Round::partition`: a claim that cannot be made leaps to it.
    EndOfDay,
    /// The end of a round of `convert`.
    EndOfRound,
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// What it has left to do, the next at the end.
    tasks: Vec<Task>,
    /// Entries that it has read of each day.
    known: [u8; DAYS],
    /// Entries that its plan knew.
    planned: [u8; DAYS],
    /// What SOURCE's listing showed.
    listed: [Inputs; DAYS],
    /// Notes that it found.
    notes: [Vec<Claim>; DAYS],
    /// Objects, as bits, that it listed or tried to read.
    seen: [u8; DAYS],
    /// Whether a person is told of something: exit code 1.
    named: bool,
    again: bool,
    round: u8,
    /// Whether the answer to its last request was lost, and the request took effect.
    unanswered: bool,
    /// How it ended.
    pub exit: Option<Exit>,
}

/// What a run needs besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What it was asked for.
    pub job: Job,
    /// Bugs put in on purpose.
    pub faults: Faults,
}

impl Run {
    /// Begins a run.
    pub fn new(job: Job) -> Self {
        let mut tasks = vec![Task::Plan, Task::ListNotes, Task::Load];
        tasks.extend(job.is_convert().then_some(Task::ListSource));
        Self {
            tasks,
            known: [0; DAYS],
            planned: [0; DAYS],
            listed: [[GONE; OBJECTS]; DAYS],
            notes: Default::default(),
            seen: [0; DAYS],
            named: false,
            again: false,
            round: 0,
            unanswered: false,
            exit: None,
        }
    }

    /// Returns the request that comes next.
    pub fn next(&self) -> Option<Task> {
        self.tasks.last().copied()
    }

    /// Makes the next request, and does what is local behind it.
    pub fn step(&mut self, store: &mut Store, rules: Rules) {
        let Some(task) = self.tasks.pop() else { return };
        self.request(task, store, rules);
        self.unanswered = false;
        while self.exit.is_none() {
            match self.tasks.pop() {
                None => self.end(store, rules),
                Some(task) => {
                    if !self.local(task, store, rules) {
                        self.tasks.push(task);
                        return;
                    }
                }
            }
        }
        // How it got there makes no difference any more.
        *self = Self { exit: self.exit, ..Self::new(rules.job) };
    }

    /// Makes the next request; its answer is lost, and the client sends it again later. Returns false if nobody would notice.
    pub fn step_unanswered(&mut self, store: &mut Store, rules: Rules) -> bool {
        if self.unanswered {
            return false;
        }
        match self.next() {
            Some(
                Task::Append { .. }
                | Task::Done { .. }
                | Task::Abandon { .. }
                | Task::Upload { .. }
                | Task::Note { .. }
                | Task::ForgetNote { .. }
                | Task::DeleteFile { .. },
            ) => {}
            _ => return false,
        }
        let before = store.clone();
        self.clone().step(store, rules);
        self.unanswered = true;
        *store != before
    }

    fn state(&self, day: Day, store: &Store, rules: Rules) -> State {
        State::of(&store.ledger[day][..self.known[day].into()], rules.faults.done_revives)
    }

    fn stop(&mut self) {
        self.exit = Some(Exit::Stopped);
    }

    /// `convert/mod.rs::finish`, and the exit code of `cli/mod.rs`.
    fn end(&mut self, store: &Store, rules: Rules) {
        let silent = rules.job.days().any(|day| {
            let state = self.state(day, store, rules);
            let missing =
                |object: usize| !matches!(state.inputs[object], Some(known) if known.state == InputState::Converted);
            let mut seen = (0..OBJECTS).filter(|object| self.seen[day] & (1 << object) != 0);
            seen.any(missing)
        });
        // What a run listed, and what went before it was claimed, must be named too.
        let named = self.named || (silent && !rules.faults.vanished_passes && !rules.faults.vanished_unclaimed_passes);
        self.exit = Some(if silent && !named { Exit::Silent } else { Exit::Ended { named } });
    }

    /// Makes a request.
    fn request(&mut self, task: Task, store: &mut Store, rules: Rules) {
        match task {
            Task::ListSource => self.list_source(store, rules.job),
            Task::Load => {
                for day in rules.job.days() {
                    self.known[day] = store.entries(day);
                    self.planned[day] = store.entries(day);
                }
            }
            Task::ListNotes => self.list_notes(store, rules.job),
            Task::Resume { day } => self.resume(day, store, rules),
            Task::ForgetNote { day, claim } => store.delete_note(day, claim),
            Task::Note { day, claim } => store.put_note(day, claim),
            Task::Tidy { day } => self.tidy(day, store, rules),
            Task::DeleteFile { day, name } => store.delete_file(day, name),
            Task::ProbeChanged { day, changed, claim } => self.probe_changed(day, changed, claim, store, rules.faults),
            Task::ProbeRejected { day, rejected, fresh } => {
                let now = store.source[day];
                let mut inputs = fresh;
                for (object, version) in present(rejected).filter(|(object, version)| now[*object] == *version) {
                    // Its name is in the report: exit code 1.
                    self.named |= version == BAD;
                    inputs[object] = if version == BAD { GONE } else { version };
                }
                self.claim_inputs(day, inputs);
            }
            Task::ProbeFiles { day, claim } => {
                let names: Vec<Claim> = self.state(day, store, rules).replaced(claim).collect();
                let damaged = names.iter().any(|name| store.file(day, *name).is_some_and(|file| file.damaged));
                self.named |= damaged;
                if !damaged {
                    self.tasks.push(Task::Claim { day, claim });
                }
            }
            Task::Append { day, claim } => self.append_claim(day, claim, store, rules),
            Task::FindComplete { day, number, only } => self.find_complete(day, number, only, store, rules),
            Task::Make { day, number } => self.make(day, number, store, rules),
            Task::Upload { day, name, rows, doubled } => {
                // The run's own ledger may be old; whether the file is late is for the checker alone.
                let now = State::of(&store.ledger[day], rules.faults.done_revives);
                let late = now.knows(name) && !now.is_live(name);
                store.put_file(day, File { name, rows, doubled, damaged: false, late });
            }
            Task::Done { day, number, rejected, file } => {
                if self.append(day, Entry::Done { claim: number, rejected, file }, store, rules) {
                    self.tasks.push(Task::Settle { day, number, ended: Ended::Done });
                } else {
                    self.tasks.push(task);
                }
            }
            Task::Settle { day, number, ended } => {
                self.known[day] = store.entries(day);
                self.tasks.push(Task::SettleNow { day, number, ended });
            }
            Task::Abandon { day, number } => {
                self.append(day, Entry::Abandon { claim: number }, store, rules);
                self.tasks.push(task);
            }
            _ => unreachable!("{task:?} makes no request"),
        }
    }

    /// Does a task that makes no request; returns false if it makes one.
    fn local(&mut self, task: Task, store: &Store, rules: Rules) -> bool {
        match task {
            Task::Plan if rules.job.is_convert() => self.plan_convert(store, rules),
            Task::Plan => self.plan_compact(store, rules),
            Task::ForgetOver { day } => self.forget_over(day, store, rules),
            Task::Claim { day, claim } => self.claim(day, claim, store, rules),
            Task::Finish { day, number, recovering } => self.finish(day, number, recovering, store, rules),
            Task::Settle { day, number, ended: Ended::Done } => self.settle(day, number, Ended::Done, store, rules),
            Task::Settle { day, number, ended } if rules.faults.no_reading_on => {
                self.settle(day, number, ended, store, rules);
            }
            Task::SettleNow { day, number, ended } => self.settle(day, number, ended, store, rules),
            Task::Done { day, number, .. } => return self.is_ended(day, number, store, rules),
            Task::Abandon { day, number } => return self.is_given_up(day, number, store, rules),
            Task::EndOfDay => {}
            Task::EndOfRound => {
                if std::mem::take(&mut self.again) {
                    self.round += 1;
                    if self.round == MAX_ROUNDS {
                        self.stop();
                    } else {
                        self.tasks.extend([Task::Plan, Task::Load, Task::ListSource]);
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn list_source(&mut self, store: &Store, job: Job) {
        for day in job.days() {
            self.listed[day] = store.source[day];
            self.seen[day] |= present(store.source[day]).map(|(object, _)| 1 << object).sum::<u8>();
        }
    }

    fn list_notes(&mut self, store: &Store, job: Job) {
        self.notes = store.notes.clone();
        if self.notes.iter().all(Vec::is_empty) {
            return;
        }
        // Planned again with what is known then.
        self.tasks.push(Task::Load);
        self.tasks.extend(job.is_convert().then_some(Task::ListSource));
        let noted = (0..DAYS).rev().filter(|day| !store.notes[*day].is_empty());
        self.tasks.extend(noted.map(|day| Task::Resume { day }));
    }

    fn resume(&mut self, day: Day, store: &Store, rules: Rules) {
        self.known[day] = store.entries(day);
        self.tasks.extend([Task::ForgetOver { day }, Task::Tidy { day }]);
        let state = self.state(day, store, rules);
        let begun: Vec<(u8, Claim)> = state.unfinished().filter(|(_, claim)| self.notes[day].contains(claim)).collect();
        self.tasks.extend(begun.into_iter().rev().map(|(number, claim)| {
            if claim.is_merge() {
                Task::Finish { day, number, recovering: true }
            } else {
                // Its objects may not be those of this run's SOURCE.
                Task::FindComplete { day, number, only: true }
            }
        }));
    }

    fn forget_over(&mut self, day: Day, store: &Store, rules: Rules) {
        let state = self.state(day, store, rules);
        let noted = std::mem::take(&mut self.notes[day]);
        for claim in noted {
            let open = state.unfinished().any(|(_, open)| open == claim);
            // Nobody can tell whether a claim that is not there is still to come.
            if !open && (state.knows(claim) || rules.faults.note_deleted_early || rules.faults.unknown_note_deleted) {
                self.tasks.push(Task::ForgetNote { day, claim });
            }
        }
        if rules.job.days().all(|own| own != day) {
            self.known[day] = 0;
        }
        self.again = false;
    }

    fn tidy(&mut self, day: Day, store: &Store, rules: Rules) {
        let state = self.state(day, store, rules);
        for file in &store.files[day] {
            let left = state.leftovers().any(|left| left == file.name) && !rules.faults.leftovers_stay;
            if left || (rules.faults.unknown_files_deleted && !state.is_live(file.name)) {
                self.tasks.push(Task::DeleteFile { day, name: file.name });
            }
        }
    }

    /// `plan.rs::plan_partition` of each day, in the order in which `convert/round.rs::Round::partition` follows it.
    fn plan_convert(&mut self, store: &Store, rules: Rules) {
        self.tasks.push(Task::EndOfRound);
        for day in rules.job.days().rev() {
            let state = self.state(day, store, rules);
            let (mut fresh, mut retry) = ([GONE; OBJECTS], [GONE; OBJECTS]);
            let mut again: Vec<(u8, Inputs)> = Vec::new();
            for (object, version) in present(self.listed[day]) {
                let known = state.inputs[object];
                match known.map(|known| (known.state, known.version != version)) {
                    None => fresh[object] = version,
                    Some((InputState::Rejected, changed)) if changed || rules.faults.rejected_claimed_again => {
                        fresh[object] = version;
                    }
                    Some((InputState::Rejected, _)) => retry[object] = version,
                    Some((InputState::Converted, true)) if rules.faults.changed_is_new => fresh[object] = version,
                    Some((InputState::Converted, true)) => {
                        let output = known.map_or(0, |known| state.output_of(known));
                        match again.iter_mut().find(|(number, _)| *number == output) {
                            Some((_, changed)) => changed[object] = version,
                            None => {
                                let mut changed = [GONE; OBJECTS];
                                changed[object] = version;
                                again.push((output, changed));
                            }
                        }
                    }
                    Some((InputState::Claimed | InputState::Converted, _)) => {}
                }
            }
            self.plan_day(day, &state, (fresh, retry, &again), rules);
        }
        // Not looked at any more: states that differ in nothing else are one.
        self.listed = Default::default();
    }

    fn plan_day(&mut self, day: Day, state: &State, plan: (Inputs, Inputs, &[(u8, Inputs)]), rules: Rules) {
        let (fresh, retry, again) = plan;
        let begin = self.tasks.len();
        self.tasks.push(Task::EndOfDay);
        let nothing = self.tasks.len();
        if retry == [GONE; OBJECTS] {
            self.claim_inputs(day, fresh);
        } else {
            self.tasks.push(Task::ProbeRejected { day, rejected: retry, fresh });
        }
        for &(output, changed) in again.iter().rev() {
            // Whoever is about to replace it knows what it is made of now.
            if !state.can_be_replaced(output, rules.faults.merges_overlap) {
                continue;
            }
            let mut inputs = [GONE; OBJECTS];
            state.inputs_of(output).for_each(|object| inputs[object] = self.listed[day][object]);
            if state.inputs_of(output).any(|object| inputs[object] == GONE) && !rules.faults.made_again_of_what_is_there
            {
                self.named = true; // Stuck: the old rows stay.
                continue;
            }
            let claim = Claim { inputs, replaces: 1 << output, attempt: 0 };
            self.tasks.push(Task::ProbeChanged { day, changed, claim });
        }
        if !rules.faults.unfinished_ignored {
            let unfinished: Vec<u8> = state.unfinished().map(|(number, _)| number).collect();
            let finish = |number| Task::Finish { day, number, recovering: true };
            self.tasks.extend(unfinished.into_iter().rev().map(finish));
        }
        if self.tasks.len() == nothing {
            self.tasks.truncate(begin);
        }
        if self.tasks.len() > begin || state.leftovers().next().is_some() {
            self.tasks.push(Task::Tidy { day });
        }
    }

    fn claim_inputs(&mut self, day: Day, inputs: Inputs) {
        if inputs != [GONE; OBJECTS] {
            self.tasks.push(Task::Claim { day, claim: Claim { inputs, replaces: 0, attempt: 0 } });
        }
    }

    fn plan_compact(&mut self, store: &Store, rules: Rules) {
        for day in rules.job.days().rev() {
            let state = self.state(day, store, rules);
            let begin = self.tasks.len();
            let small = state.files().filter(|(number, _)| state.can_be_replaced(*number, rules.faults.merges_overlap));
            let merge: Vec<u8> = small.map(|(number, _)| number).collect();
            if merge.len() > 1 {
                let replaces: Numbers = merge.iter().map(|number| 1 << number).sum();
                let claim = Claim { inputs: [GONE; OBJECTS], replaces, attempt: 0 };
                let given_up = merge.iter().any(|number| state.was_given_up(*number));
                self.tasks.push(Task::EndOfDay);
                self.tasks.push(if given_up { Task::ProbeFiles { day, claim } } else { Task::Claim { day, claim } });
            }
            let unfinished: Vec<(u8, Claim)> = state.unfinished().filter(|(_, claim)| claim.is_merge()).collect();
            let finish = |(number, _)| Task::Finish { day, number, recovering: true };
            self.tasks.extend(unfinished.into_iter().rev().map(finish));
            if self.tasks.len() > begin || state.leftovers().next().is_some() {
                self.tasks.push(Task::Tidy { day });
            }
        }
    }

    fn probe_changed(&mut self, day: Day, changed: Inputs, claim: Claim, store: &Store, faults: Faults) {
        let now = store.source[day];
        let mut readable = true;
        for (object, version) in present(changed) {
            // One that changed again is left to the next run.
            readable &= now[object] == version;
            if now[object] == version && version == BAD && !faults.refused_after_claim {
                self.named = true;
                readable = false;
            }
        }
        if readable {
            self.tasks.push(Task::Claim { day, claim });
        }
    }

    fn claim(&mut self, day: Day, claim: Claim, store: &Store, rules: Rules) {
        let state = self.state(day, store, rules);
        let overlap = rules.faults.merges_overlap;
        if !rules.faults.no_conflict_check && state.conflicts_with(claim, self.planned[day], overlap) {
            return self.lose();
        }
        let mut name = claim;
        while state.knows(name) && !rules.faults.names_reused {
            name.attempt += 1;
        }
        self.tasks.push(Task::Append { day, claim: name });
        if name.replaces != 0 && rules.faults.note_before_entry() {
            self.tasks.push(Task::Note { day, claim: name });
        }
    }

    /// Another run was faster: what is left of the day is planned again.
    fn lose(&mut self) {
        self.again = true;
        while self.tasks.pop().is_some_and(|task| task != Task::EndOfDay) {}
    }

    fn append_claim(&mut self, day: Day, claim: Claim, store: &mut Store, rules: Rules) {
        if self.append(day, Entry::Claim(claim), store, rules) {
            self.tasks.push(Task::Finish { day, number: self.known[day], recovering: false });
            return;
        }
        self.lose();
        let forgets = rules.faults.loser_forgets_note && claim.replaces != 0;
        if forgets && !self.state(day, store, rules).knows(claim) {
            self.tasks.push(Task::ForgetNote { day, claim });
        }
    }

    /// `ledger/partition_ledger.rs::append`: creates the next entry, or learns what stands there.
    fn append(&mut self, day: Day, entry: Entry, store: &mut Store, rules: Rules) -> bool {
        let at = usize::from(self.known[day]);
        let ledger = &mut store.ledger[day];
        self.known[day] += 1;
        if self.unanswered && ledger.get(at) == Some(&entry) {
            // The first try took effect, and the record there is its own: run and content.
            return !rules.faults.own_entry_not_known;
        }
        if at < ledger.len() && rules.faults.entries_overwrite {
            ledger[at] = entry;
            return true;
        }
        let free = at == ledger.len();
        if free {
            ledger.push(entry);
        }
        free
    }

    fn finish(&mut self, day: Day, number: u8, recovering: bool, store: &Store, rules: Rules) {
        let Some((claim, _)) = self.state(day, store, rules).claim(number) else { return };
        if recovering {
            self.tasks.push(Task::FindComplete { day, number, only: false });
        } else {
            self.begin_file(day, number, claim, rules.faults);
        }
    }

    /// Whoever makes a file that takes the place of others leaves a note before, and behind the entry.
    fn begin_file(&mut self, day: Day, number: u8, claim: Claim, faults: Faults) {
        self.tasks.push(Task::Make { day, number });
        if claim.replaces != 0 && !faults.note_before_entry() && !faults.no_notes {
            self.tasks.push(Task::Note { day, claim });
        }
    }

    fn find_complete(&mut self, day: Day, number: u8, only: bool, store: &Store, rules: Rules) {
        let Some((claim, _)) = self.state(day, store, rules).claim(number) else { return };
        match store.file(day, claim) {
            Some(file) => {
                // From its footer and its rejects.
                let missing = |(object, version): &(usize, u8)| file.rows & rows_of(*object, *version) == 0;
                let rejected = present(claim.inputs).filter(missing).map(|(object, _)| 1 << object).sum();
                // Its objects may have changed since: planned again, now that it is done.
                self.again |= !rules.faults.found_not_planned_again;
                self.tasks.push(Task::Done { day, number, rejected, file: true });
            }
            None if only => {}
            None => self.begin_file(day, number, claim, rules.faults),
        }
    }

    fn make(&mut self, day: Day, number: u8, store: &Store, rules: Rules) {
        let state = self.state(day, store, rules);
        let Some((claim, _)) = state.claim(number) else { return };
        if claim.is_merge() {
            return self.merge(day, number, claim, &state, store, rules.faults);
        }
        let now = store.source[day];
        let (mut rows, mut rejected) = (0, 0);
        for (object, version) in present(claim.inputs) {
            let read = if rules.faults.etags_ignored { now[object] } else { version };
            if now[object] == GONE && !rules.faults.etags_ignored || now[object] != read {
                self.seen[day] |= 1 << object;
                // It may be nowhere in the table: exit code 1 and its name.
                let missing = claim.replaces == 0 && now[object] == GONE;
                self.named |= missing && !rules.faults.vanished_passes;
                return self.tasks.push(Task::Abandon { day, number });
            }
            if read == BAD {
                rejected |= 1 << object;
                self.named = true;
            }
            rows |= rows_of(object, read);
        }
        if rejected != 0 && claim.replaces != 0 {
            return self.tasks.push(Task::Abandon { day, number });
        }
        self.write(day, (number, claim), (rows, false, rejected), rules.faults);
    }

    fn merge(&mut self, day: Day, number: u8, claim: Claim, state: &State, store: &Store, faults: Faults) {
        let (mut rows, mut doubled) = (0, false);
        for name in state.replaced(claim) {
            match store.file(day, name) {
                None if faults.merge_of_what_is_there => {}
                None => return self.tasks.push(Task::Abandon { day, number }),
                Some(file) if file.damaged => {
                    self.named = true;
                    if faults.unmergeable_blocks_all {
                        return self.stop();
                    }
                    return self.tasks.push(Task::Abandon { day, number });
                }
                Some(file) => {
                    doubled |= file.doubled
                        || (0..OBJECTS).any(|o| rows & any_rows_of(o) != 0 && file.rows & any_rows_of(o) != 0);
                    rows |= file.rows;
                }
            }
        }
        self.write(day, (number, claim), (rows, doubled, 0), faults);
    }

    /// The file, then done: both are still to come.
    fn write(
        &mut self,
        day: Day,
        (number, name): (u8, Claim),
        (rows, doubled, rejected): (Rows, bool, u8),
        faults: Faults,
    ) {
        let file = rows != 0;
        let upload = Task::Upload { day, name, rows, doubled };
        let done = Task::Done { day, number, rejected, file };
        if faults.done_before_file && file {
            self.tasks.extend([upload, done]);
        } else {
            self.tasks.push(done);
            self.tasks.extend(file.then_some(upload));
        }
    }

    /// Returns whether somebody recorded the end of a claim that this run was about to end.
    fn is_ended(&mut self, day: Day, number: u8, store: &Store, rules: Rules) -> bool {
        let state = self.state(day, store, rules);
        let ended = match state.claim(number) {
            Some((_, End::Done { .. })) => Ended::DoneByAnother,
            Some((_, End::Abandoned)) if rules.faults.done_revives => return false,
            Some((_, End::Abandoned)) => Ended::AbandonedByAnother,
            Some((claim, End::Open))
                if rules.faults.delete_before_done && !self.has_deleted(day, claim, store, &state) =>
            {
                self.tasks.push(Task::Done { day, number, rejected: 0, file: true });
                self.tasks.extend(state.replaced(claim).map(|name| Task::DeleteFile { day, name }));
                return true;
            }
            _ => return false,
        };
        self.again |= ended == Ended::AbandonedByAnother;
        self.tasks.push(Task::Settle { day, number, ended });
        true
    }

    /// Only for a bug put in on purpose: whether its deletes are through.
    fn has_deleted(&self, day: Day, claim: Claim, store: &Store, state: &State) -> bool {
        state.replaced(claim).all(|name| store.file(day, name).is_none())
    }

    /// Returns whether a claim that this run was about to give up has its end.
    fn is_given_up(&mut self, day: Day, number: u8, store: &Store, rules: Rules) -> bool {
        let state = self.state(day, store, rules);
        let Some((claim, end)) = state.claim(number) else { return true };
        match end {
            End::Open => return false,
            End::Abandoned => {
                if claim.replaces != 0 {
                    self.tasks.push(Task::ForgetNote { day, claim });
                    if !rules.faults.abandoned_file_stays {
                        // Another writer of the same claim may have made it, and died.
                        self.tasks.push(Task::DeleteFile { day, name: claim });
                    }
                }
            }
            End::Done { .. } => self.tasks.push(Task::Settle { day, number, ended: Ended::DoneByAnother }),
        }
        self.again = true;
        true
    }

    fn settle(&mut self, day: Day, number: u8, ended: Ended, store: &Store, rules: Rules) {
        let state = self.state(day, store, rules);
        let Some((claim, _)) = state.claim(number) else { return };
        let mut tasks = Vec::new();
        if ended != Ended::Done && state.leftovers().any(|left| left == claim) {
            tasks.push(Task::DeleteFile { day, name: claim });
        }
        if ended != Ended::AbandonedByAnother && !rules.faults.replaced_stay {
            tasks.extend(state.replaced(claim).map(|name| Task::DeleteFile { day, name }));
        }
        if claim.replaces != 0 && !rules.faults.no_notes {
            tasks.push(Task::ForgetNote { day, claim });
        }
        if rules.faults.note_deleted_before_files {
            tasks.reverse();
        }
        self.tasks.extend(tasks.into_iter().rev());
        // What was about to be replaced can be planned with now.
        self.again |= claim.is_merge();
    }
}
