//! What the entries of a partition add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::claim::{Claim, Draft, Input, Work};
use super::entry::{Done, Entry, LeftOut, Outcome, Record, Verified, VerifiedHow, damaged};
use super::stages::Claimed;
use crate::error::Result;

/// Most rows or bytes that an entry may count: sums of a hundred thousand of them are numbers still.
const MAX_COUNT: u64 = 1 << 46;

/// Where an input stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputState {
    /// Claimed, and not yet done.
    Claimed,
    /// Its rows are in the table.
    Converted,
    /// Of another log type.
    OtherType,
    /// No flow log.
    NoFlowLog,
    /// It did not read to its end; free to be claimed again.
    Rejected(String),
    /// It has no bytes: there is nothing to read again unless it changes.
    Empty,
}

/// An input that entries speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// ETag it was read with.
    pub etag: Option<Arc<str>>,
    /// Size it was listed with.
    pub size: u64,
    /// Where it stands.
    pub state: InputState,
    /// Number of the claim that put it there.
    claim: u64,
}

/// A claim that is done, and what became of its output since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Number of the claim.
    pub number: u64,
    /// The claim.
    pub claim: Claim,
    /// Its end.
    pub done: Done,
    /// Number of the entry that recorded its end.
    pub done_number: u64,
    /// When, by the clock of the writer.
    pub done_time: String,
    /// The run that recorded its end.
    pub run: String,
    /// Number of the claim that took its place; its file goes or is gone.
    pub replaced_by: Option<u64>,
}

/// What the entries of a partition add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionState {
    last: u64,
    /// Number of the last entry when it was planned with.
    planned: u64,
    last_change: u64,
    /// By root of their store, then by key.
    inputs: HashMap<String, HashMap<Arc<str>, Known>>,
    open: BTreeMap<u64, Claim>,
    done: BTreeMap<u64, Output>,
    abandoned: BTreeMap<u64, Claim>,
    /// Inputs of these that could not be read, by root of their store.
    unreadable: HashMap<String, HashSet<String>>,
    /// Names of the files of all claims that are not abandoned.
    names: HashSet<String>,
    verified: Option<Verified>,
    /// Outputs whose files have another size than was recorded, as far as somebody looked.
    altered: BTreeSet<u64>,
    /// Outputs whose files are not there, as far as somebody looked.
    gone: BTreeSet<u64>,
    /// Claims that are not finished and whose files are there, as far as somebody looked.
    written: BTreeSet<u64>,
}

impl PartitionState {
    /// Adds the entry with the next number.
    ///
    /// # Errors
    /// A usage error if a number is missing or an entry speaks of a claim that is not there.
    pub fn add(&mut self, number: u64, record: Record, place: &str) -> Result<()> {
        refuse_gap(self.last, number, place)?;
        match record.entry {
            Entry::Claim(claim) => {
                self.refuse_forged(&claim, false, place)?;
                self.set_all(number, &claim, &InputState::Claimed);
                self.names.insert(claim.output.clone());
                self.open.insert(number, claim);
            }
            Entry::Replace(claim) => {
                self.refuse_forged(&claim, true, place)?;
                // What it replaces stays what it is until it is done.
                if let Some(other) = claim.work.replaces().iter().find(|other| !self.can_be_replaced(**other)) {
                    return Err(damaged(place, &format!("it replaces claim {other}, which has no output now")));
                }
                self.names.insert(claim.output.clone());
                self.open.insert(number, claim);
            }
            Entry::Done(done) => {
                // Two writers finished one claim: the first entry counts. And what was abandoned stays so: its inputs
                // may have been claimed again since.
                if !self.done.contains_key(&done.claim) && !self.abandoned.contains_key(&done.claim) {
                    let claim = self.open.remove(&done.claim);
                    let claim = claim.ok_or_else(|| {
                        damaged(place, &format!("it finishes claim {}, which is not there", done.claim))
                    })?;
                    self.refuse_impossible(&claim, &done, place)?;
                    self.end(number, record.time, record.run, claim, done);
                }
            }
            Entry::Abandon(abandon) => {
                if let Some(claim) = self.open.remove(&abandon.claim) {
                    self.names.remove(&claim.output);
                    let abandoned = abandon.claim;
                    if let Some(inputs) = self.inputs.get_mut(claim.work.source()) {
                        for input in claim.work.inputs() {
                            if inputs.get(&input.key).is_some_and(|known| known.claim == abandoned) {
                                inputs.remove(&input.key);
                            }
                        }
                    }
                    if !abandon.unreadable.is_empty() {
                        self.unreadable.entry(claim.work.source().to_owned()).or_default().extend(abandon.unreadable);
                    }
                    self.abandoned.insert(abandoned, claim);
                }
            }
            Entry::Verified(verified) => self.verified = Some(verified),
        }
        self.last = number;
        Ok(())
    }

    /// Refuses a claim that no run makes: the rows of one that replaces something twice, or reads an object twice, would be
    /// there twice, and one that replaces itself would be followed for ever.
    fn refuse_forged(&self, claim: &Claim, replaces: bool, place: &str) -> Result<()> {
        let work = &claim.work;
        let why = if work.replaces().is_empty() == replaces {
            if replaces {
                "a replacement names nothing that it replaces"
            } else {
                "a claim of new objects replaces others"
            }
        } else if names_twice(work.replaces()) {
            "it replaces a claim twice"
        } else if names_twice(work.inputs().iter().map(|input| &input.key)) {
            "it claims an object twice"
        } else if self.names.contains(&claim.output) {
            "the file of another claim has the same name"
        } else {
            return Ok(());
        };
        Err(damaged(place, why))
    }

    /// Refuses an end that no run records: whoever believed it would delete what a merge is made of, and have nothing for it.
    fn refuse_impossible(&self, claim: &Claim, done: &Done, place: &str) -> Result<()> {
        let Outcome { rows, rejected_rows, text_bytes, .. } = &done.outcome;
        if [rows, rejected_rows, text_bytes].into_iter().any(|count| *count > MAX_COUNT) {
            return Err(damaged(place, "it counts more than there can be"));
        }
        if claim.work.is_merge() {
            if *rows > 0 && done.file.is_none() {
                return Err(damaged(place, &format!("it merges files into one of {rows} rows, and has no file")));
            }
            let replaced = claim.work.replaces().iter().filter_map(|number| self.done.get(number));
            let replaced: u64 = replaced.map(|output| output.done.outcome.rows).sum();
            if *rows != replaced {
                return Err(damaged(place, &format!("it merges files of {replaced} rows into one of {rows}")));
            }
        }
        Ok(())
    }

    /// Returns another endpoint at which objects of this source were claimed, if one is known.
    pub fn other_endpoint(&self, source: &str, endpoint: Option<&Arc<str>>) -> Option<&str> {
        let done = self.done.values().map(|output| &output.claim);
        let work = self.open.values().chain(done).map(|claim| &claim.work);
        let known = work.filter(|work| work.source() == source).filter_map(Work::endpoint);
        endpoint.and_then(|ours| known.map(|known| &**known).find(|known| **known != **ours))
    }

    fn end(&mut self, done_number: u64, done_time: String, run: String, claim: Claim, done: Done) {
        let number = done.claim;
        self.set_all(number, &claim, &InputState::Converted);
        for left in &done.outcome.rejected_objects {
            self.set(&claim, left, InputState::Rejected(left.reason.clone()));
        }
        for left in &done.outcome.other_type {
            self.set(&claim, left, InputState::OtherType);
        }
        for left in &done.outcome.no_flow_logs {
            self.set(&claim, left, InputState::NoFlowLog);
        }
        for replaced in claim.work.replaces() {
            if let Some(output) = self.done.get_mut(replaced) {
                output.replaced_by = Some(number);
            }
        }
        self.last_change = done_number;
        self.done.insert(number, Output { number, claim, done, done_number, done_time, run, replaced_by: None });
    }

    fn set_all(&mut self, number: u64, claim: &Claim, state: &InputState) {
        let inputs = self.inputs.entry(claim.work.source().to_owned()).or_default();
        for input in claim.work.inputs() {
            let known = Known { etag: input.etag.clone(), size: input.size, state: state.clone(), claim: number };
            inputs.insert(Arc::clone(&input.key), known);
        }
    }

    fn set(&mut self, claim: &Claim, left: &LeftOut, state: InputState) {
        let inputs = self.inputs.get_mut(claim.work.source());
        if let Some(known) = inputs.and_then(|inputs| inputs.get_mut(&left.key)) {
            known.state = match state {
                InputState::Rejected(_) if known.size == 0 => InputState::Empty,
                state => state,
            };
        }
    }

    /// Notes that what is known now is what claims are planned with: see [`PartitionState::conflicts_with`].
    pub fn plan_with(&mut self) {
        self.planned = self.last;
    }

    /// Returns the number of the last entry, 0 if there is none.
    pub fn last_number(&self) -> u64 {
        self.last
    }

    /// Returns the number of the last entry that changed what the table holds, 0 if there is none.
    pub fn last_change(&self) -> u64 {
        self.last_change
    }

    /// Returns the last verification, and whether it found that all is right and nothing changed since.
    pub fn verified(&self) -> Option<(&Verified, bool)> {
        self.verified.as_ref().map(|verified| (verified, !verified.differs && verified.through >= self.last_change))
    }

    /// Returns whether everything was compared with the raw objects, and nothing changed since.
    pub fn is_verified(&self) -> bool {
        self.verified().is_some_and(|(verified, holds)| holds && verified.how == VerifiedHow::Full)
    }

    /// Returns whether the last verification found a difference, and nothing changed since.
    pub fn differs(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.differs && verified.through >= self.last_change)
    }

    /// Returns the claims whose files some engines do not read whole, as the last verification found them, and that are still
    /// there.
    pub fn misread(&self) -> Vec<u64> {
        let found = self.verified.iter().flat_map(|verified| &verified.misread);
        found.copied().filter(|number| self.outputs().any(|output| output.number == *number)).collect()
    }

    /// Returns what is known of an input.
    pub fn input(&self, source: &str, key: &str) -> Option<&Known> {
        self.inputs.get(source)?.get(key)
    }

    /// Returns the keys of a store that entries speak of, in no order.
    pub fn keys(&self, source: &str) -> impl Iterator<Item = &Arc<str>> {
        self.inputs.get(source).into_iter().flat_map(HashMap::keys)
    }

    /// Returns the keys that entries speak of, of all stores, and what is known of them, in no order.
    pub fn known(&self) -> impl Iterator<Item = (&Arc<str>, &Known)> {
        self.inputs.values().flatten()
    }

    /// Returns the roots of the stores that entries speak of, in no order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.inputs.keys().map(String::as_str)
    }

    /// Returns where each input stands, in no order.
    pub fn inputs(&self) -> impl Iterator<Item = &InputState> {
        self.inputs.values().flat_map(HashMap::values).map(|known| &known.state)
    }

    /// Returns the claims that are neither done nor abandoned, by number.
    pub fn unfinished(&self) -> impl Iterator<Item = (u64, &Claim)> {
        self.open.iter().map(|(number, claim)| (*number, claim))
    }

    /// Returns the same, ready to be brought to their end.
    pub fn to_finish(&self) -> impl Iterator<Item = Claimed> {
        self.unfinished().map(|(number, claim)| Claimed::new(number, claim.clone(), true))
    }

    /// Returns the outputs that make up the partition now, by number of their claims. Those without rows have no file.
    pub fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.done.values().filter(|output| output.replaced_by.is_none())
    }

    /// Notes which outputs have files of another size than was recorded, of the objects in the partition's folder: another
    /// writer of a claim put other bytes under its name and was stopped, or somebody changed the file. And which claims have
    /// files and are not finished.
    pub fn look_at<'a>(&mut self, objects: impl Iterator<Item = (&'a str, u64)>) {
        let files = self.outputs().filter_map(|output| {
            let file = output.done.file.as_ref()?;
            Some((output.claim.output.as_str(), (output.number, file.bytes)))
        });
        let files: HashMap<&str, (u64, u64)> = files.collect();
        let is_altered = |(name, size): (&str, u64)| {
            let (number, bytes) = files.get(name)?;
            (*bytes != size).then_some(*number)
        };
        let objects: Vec<(&str, u64)> = objects.collect();
        let open = self.open.iter().filter(|(_, claim)| objects.iter().any(|(name, _)| *name == claim.output));
        let written = open.map(|(number, _)| *number).collect();
        let altered = objects.iter().copied().filter_map(is_altered).collect();
        let names: HashSet<&str> = objects.iter().map(|(name, _)| *name).collect();
        let gone = files.iter().filter(|(name, _)| !names.contains(*name)).map(|(_, (number, _))| *number).collect();
        (self.written, self.altered, self.gone) = (written, altered, gone);
    }

    /// Returns whether the file of a claim that is not finished is there: what is left of it is to be recorded.
    pub fn is_written(&self, claim: u64) -> bool {
        self.written.contains(&claim)
    }

    /// Returns the outputs that [`PartitionState::look_at`] found altered.
    pub fn altered(&self) -> impl Iterator<Item = &Output> {
        self.outputs().filter(|output| self.altered.contains(&output.number))
    }

    /// Returns whether an object that gave no rows was claimed for a file that [`PartitionState::look_at`] found altered: what lies
    /// there may have its rows.
    pub fn may_stand_in_altered(&self, source: &str, key: &str) -> bool {
        let number = self.input(source, key).map(|known| known.claim).filter(|number| self.altered.contains(number));
        number.and_then(|number| self.done.get(&number)).is_some_and(|output| output.replaced_by.is_none())
    }

    /// Returns whether [`PartitionState::look_at`] found an output's file as it was recorded; one without rows has none.
    pub fn has_file(&self, output: &Output) -> bool {
        !self.altered.contains(&output.number) && !self.gone.contains(&output.number)
    }

    /// Returns every output there ever was, replaced ones included.
    pub fn history(&self) -> impl Iterator<Item = &Output> {
        self.done.values()
    }

    /// Returns the output of the claim that put an input's rows where they are, or of what took its place since.
    pub fn output_of(&self, known: &Known) -> Option<&Output> {
        let mut output = self.done.get(&known.claim)?;
        while let Some(by) = output.replaced_by {
            output = self.done.get(&by)?;
        }
        Some(output)
    }

    /// Returns the raw objects whose rows stand in an output, with the roots of their stores, in the order of the rows:
    /// those of its own claim, and those that it took over from the outputs it replaced.
    pub fn inputs_of(&self, number: u64) -> Vec<(&str, &Input)> {
        let traced = self.trace(number).into_iter();
        let converted = traced.filter(|(.., state)| **state == InputState::Converted);
        converted.map(|(claim, input, _)| (claim.work.source(), input)).collect()
    }

    /// Returns all raw objects that an output answers for, with the claims that read them and where they stand: also
    /// those that gave no row. An object that was claimed again since belongs to that claim.
    pub fn trace(&self, number: u64) -> Vec<(&Claim, &Input, &InputState)> {
        let mut found = Vec::new();
        let mut claims = vec![number];
        while let Some(number) = claims.pop() {
            let Some(Output { claim, .. }) = self.done.get(&number) else { continue };
            claims.extend(claim.work.replaces().iter().rev());
            found.extend(claim.work.inputs().iter().filter_map(|input| {
                let known = self.input(claim.work.source(), &input.key).filter(|known| known.claim == number)?;
                Some((claim, input, &known.state))
            }));
        }
        found
    }

    /// Returns the roots of the stores that an output's objects lie in, those of outputs it replaced included.
    pub fn sources_of(&self, number: u64) -> Vec<&str> {
        let mut found = Vec::new();
        let mut claims = vec![number];
        while let Some(Output { claim, .. }) = claims.pop().and_then(|number| self.done.get(&number)) {
            claims.extend(claim.work.replaces());
            found.extend(Some(claim.work.source()).filter(|source| !source.is_empty()));
        }
        found
    }

    /// Returns whether a claim has an output that no other claim has replaced or is about to replace.
    pub fn can_be_replaced(&self, number: u64) -> bool {
        self.done.get(&number).is_some_and(|output| output.replaced_by.is_none())
            && !self.open.values().any(|claim| claim.work.replaces().contains(&number))
    }

    /// Returns whether what is planned cannot be claimed any more: another writer's entries took what it needs.
    pub fn conflicts_with(&self, draft: &Draft) -> bool {
        let taken = |input: &Input| {
            self.input(draft.work.source(), &input.key).is_some_and(|known| match known.state {
                InputState::Claimed | InputState::Converted => true,
                // By another run, since this claim was planned: it is not to be rejected twice.
                InputState::Rejected(_) => known.claim > self.planned && known.etag == input.etag,
                InputState::OtherType | InputState::NoFlowLog | InputState::Empty => known.etag == input.etag,
            })
        };
        let stay = |replaces: &[u64]| !replaces.iter().all(|number| self.can_be_replaced(*number));
        match &draft.work {
            Work::Convert(objects) => objects.inputs.iter().any(taken),
            Work::Merge(replaces) => stay(replaces),
            // What was rejected there may have rows by a claim of its own since.
            Work::Remake(objects, replaces) => {
                let is_elsewhere = |known: &Known| {
                    let output = self.output_of(known).map_or(known.claim, |output| output.number);
                    !replaces.contains(&known.claim) && !replaces.contains(&output)
                };
                let known = objects.inputs.iter().filter_map(|input| self.input(&objects.source, &input.key));
                stay(replaces) || known.into_iter().any(is_elsewhere)
            }
        }
    }

    /// Returns the outputs that a claim replaces.
    pub fn replaced(&self, claim: &Claim) -> impl Iterator<Item = &Output> {
        claim.work.replaces().iter().filter_map(|number| self.done.get(number))
    }

    /// Returns whether this claim was abandoned.
    pub fn is_abandoned(&self, claim: u64) -> bool {
        self.abandoned.contains_key(&claim)
    }

    /// Returns whether a claim of an object was given up, since it could not be read.
    pub fn was_unreadable(&self, source: &str, key: &str) -> bool {
        self.unreadable.get(source).is_some_and(|keys| keys.contains(key))
    }

    /// Returns whether a replacement of this claim's output was given up once.
    pub fn was_given_up(&self, claim: u64) -> bool {
        self.abandoned.values().any(|abandoned| abandoned.work.replaces().contains(&claim))
    }

    /// Returns how this claim was finished, if it is.
    pub fn done(&self, claim: u64) -> Option<&Done> {
        self.done.get(&claim).map(|output| &output.done)
    }

    /// Returns whether an object of this name is that of a claim that gave no row, so that it has no file. Two writers finished
    /// it, and one of them read other bytes: its rows are not those that the ledger counts.
    pub fn has_no_file(&self, name: &str) -> bool {
        self.without_file().any(|claim| claim.output == name)
    }

    /// Returns the claims that gave no row, and so have no file.
    pub fn without_file(&self) -> impl Iterator<Item = &Claim> {
        self.outputs().filter(|output| output.done.file.is_none()).map(|output| &output.claim)
    }

    /// Returns whether an object of this name may lie in the partition's folder: the output of a claim that is begun,
    /// or done and not replaced.
    pub fn is_live(&self, name: &str) -> bool {
        self.open.values().chain(self.outputs().map(|output| &output.claim)).any(|claim| claim.output == name)
    }

    /// Returns whether an object of this name is or was the output of a claim.
    pub fn knows(&self, name: &str) -> bool {
        let done = self.done.values().map(|output| &output.claim);
        self.open.values().chain(self.abandoned.values()).chain(done).any(|claim| claim.output == name)
    }

    /// Returns the claims whose outputs do not belong there any more: abandoned ones, whose writer may have been slow
    /// and not dead, and replaced ones. Their rows would be there twice.
    pub fn leftovers(&self) -> impl Iterator<Item = &Claim> {
        let replaced = self.done.values().filter(|output| output.replaced_by.is_some()).map(|output| &output.claim);
        self.abandoned.values().chain(replaced).filter(|claim| !self.is_live(&claim.output))
    }
}

/// Returns whether one of these is there more than once.
fn names_twice<T: std::hash::Hash + Eq>(items: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    !items.into_iter().all(|item| seen.insert(item))
}

/// Refuses an entry that does not follow the last one.
///
/// # Errors
/// A usage error that names `place` and the missing number.
pub fn refuse_gap(last: u64, number: u64, place: &str) -> Result<()> {
    if number == last + 1 {
        return Ok(());
    }
    Err(damaged(place, &format!("entry {} is missing before it", last + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::tests::{claim, done, objects, record};
    use crate::ledger::entry::{Abandon, OutputFile, VerifiedHow};

    /// An entry that replaces claims: made again of raw objects, or a merge if there are none.
    fn replace(replaces: &[u64], keys: &[&str]) -> Entry {
        let Entry::Claim(claim) = claim(keys) else { panic!("a claim") };
        let output = format!("part-{replaces:?}{keys:?}.parquet");
        let replaces = replaces.to_vec();
        let work = if keys.is_empty() { Work::Merge(replaces) } else { Work::Remake(objects(keys), replaces) };
        Entry::Replace(Claim { output, work, ..claim })
    }

    fn state(entries: Vec<Entry>) -> Result<PartitionState> {
        let mut state = PartitionState::default();
        for (at, entry) in entries.into_iter().enumerate() {
            state.add(at as u64 + 1, record(entry), "here")?;
        }
        Ok(state)
    }

    fn of<'a>(state: &'a PartitionState, key: &str) -> Option<&'a InputState> {
        state.input("s3://b/", key).map(|known| &known.state)
    }

    #[test]
    fn inputs_are_claimed_then_converted_or_free_again() {
        let claimed = state(vec![claim(&["a", "b"])]).unwrap();
        assert_eq!(of(&claimed, "a"), Some(&InputState::Claimed));
        assert_eq!(claimed.unfinished().map(|(number, _)| number).collect::<Vec<_>>(), [1]);

        let finished = state(vec![claim(&["a", "b"]), done(1, &["b"])]).unwrap();
        assert_eq!(of(&finished, "a"), Some(&InputState::Converted));
        assert_eq!(of(&finished, "b"), Some(&InputState::Rejected("cut off".into())));
        assert_eq!((finished.outputs().count(), finished.unfinished().count()), (1, 0));

        let given_up = || Entry::Abandon(Abandon { claim: 1, reason: "gone".into(), unreadable: Vec::new() });
        let freed = state(vec![claim(&["a"]), given_up()]).unwrap();
        assert_eq!((of(&freed, "a"), freed.unfinished().count()), (None, 0));
        let late = state(vec![claim(&["a"]), given_up(), done(1, &[])]).unwrap();
        assert_eq!(of(&late, "a"), None, "what was abandoned stays so, whoever comes late");
        assert_eq!(late.leftovers().count(), 1, "and what was written for it is to be removed");
        let again = state(vec![claim(&["a"]), given_up(), claim(&["a"])]).unwrap();
        assert_eq!(again.leftovers().count(), 0, "the same claim again owns the same output");
    }

    #[test]
    fn two_dones_count_once() {
        let twice = state(vec![claim(&["a"]), done(1, &[]), done(1, &[])]).unwrap();
        assert_eq!((twice.outputs().count(), twice.last_number()), (1, 3));
    }

    fn numbers(state: &PartitionState) -> Vec<u64> {
        state.outputs().map(|output| output.number).collect()
    }

    fn keys_of(state: &PartitionState, number: u64) -> Vec<&str> {
        state.inputs_of(number).into_iter().map(|(_, input)| &*input.key).collect()
    }

    /// The end of a merge: its file has these rows.
    fn merged_into(claim: u64, rows: u64) -> Entry {
        let file = OutputFile { bytes: 1, row_groups: 1, sha256: None, columns: Vec::new(), sound: true };
        Entry::Done(Done { claim, outcome: Outcome { rows, ..Outcome::default() }, file: Some(file) })
    }

    #[test]
    fn a_merge_that_loses_rows_is_none() {
        let begun = vec![claim(&["a"]), done(1, &[]), claim(&["b"]), done(3, &[]), replace(&[1, 3], &[])];
        let said = |end: Entry| state([begun.clone(), vec![end]].concat()).unwrap_err().to_string();
        for rows in [0, 9, 11] {
            assert!(said(merged_into(5, rows)).contains(&format!("it merges files of 10 rows into one of {rows}")));
        }
        let without = Done { claim: 5, outcome: Outcome { rows: 10, ..Outcome::default() }, file: None };
        assert!(said(Entry::Done(without)).contains("and has no file"));
        let many = Outcome { rows: u64::MAX, ..Outcome::default() };
        let many = vec![claim(&["a"]), Entry::Done(Done { claim: 1, outcome: many, file: None })];
        assert!(state(many).unwrap_err().to_string().contains("it counts more than there can be"));
    }

    #[test]
    fn a_merge_takes_over_outputs_and_their_inputs() {
        let begun = vec![claim(&["a", "x"]), done(1, &["x"]), claim(&["b"]), done(3, &[]), replace(&[1, 3], &[])];
        let open = state(begun.clone()).unwrap();
        assert_eq!((numbers(&open), open.leftovers().count()), (vec![1, 3], 0), "nothing goes before it is done");
        assert!(!open.can_be_replaced(1), "another one is about to replace it");
        let merged = state([begun.clone(), vec![merged_into(5, 10)]].concat()).unwrap();
        assert_eq!((numbers(&merged), keys_of(&merged, 5)), (vec![5], vec!["a", "b"]));
        assert_eq!(merged.output_of(merged.input("s3://b/", "a").unwrap()).unwrap().number, 5);
        assert_eq!(of(&merged, "x"), Some(&InputState::Rejected("cut off".into())));
        let twice = state(
            [
                begun.clone(),
                vec![merged_into(5, 10), claim(&["x"]), done(7, &[]), replace(&[5, 7], &[]), merged_into(9, 15)],
            ]
            .concat(),
        );
        assert_eq!(keys_of(&twice.unwrap(), 9), ["a", "b", "x"]);
        let given_up = state(
            [begun, vec![Entry::Abandon(Abandon { claim: 5, reason: "gone".into(), unreadable: Vec::new() })]].concat(),
        )
        .unwrap();
        assert_eq!((numbers(&given_up), keys_of(&given_up, 1)), (vec![1, 3], vec!["a"]));
        assert!(given_up.can_be_replaced(1));
    }

    #[test]
    fn a_replacement_of_raw_objects_owns_them() {
        let begun = vec![claim(&["a", "b"]), done(1, &[]), replace(&[1], &["a", "b"])];
        let given_up = state(
            [begun.clone(), vec![Entry::Abandon(Abandon { claim: 3, reason: "gone".into(), unreadable: Vec::new() })]]
                .concat(),
        );
        assert_eq!(keys_of(&given_up.unwrap(), 1), ["a", "b"], "an abandoned replacement leaves all as it was");
        let made = state([begun, vec![done(3, &[])]].concat()).unwrap();
        assert_eq!((numbers(&made), keys_of(&made, 3), keys_of(&made, 1).len()), (vec![3], vec!["a", "b"], 0));
        assert_eq!(made.leftovers().map(|claim| claim.output.as_str()).collect::<Vec<_>>(), ["part-a-b.parquet"]);
        let absent = state(vec![replace(&[7], &[])]).unwrap_err().to_string();
        assert!(absent.contains("replaces claim 7"), "{absent}");
    }

    #[test]
    fn a_planned_claim_conflicts_with_what_others_did_since() {
        let planned = |entry: Entry| match entry {
            Entry::Claim(Claim { log_type, options, work, .. })
            | Entry::Replace(Claim { log_type, options, work, .. }) => Draft { log_type, options, work },
            _ => panic!("a claim"),
        };
        let now = state(vec![claim(&["a", "x"]), done(1, &["x"]), claim(&["b"])]).unwrap();
        for (keys, conflicts) in
            [(&["a"][..], true), (&["b"], true), (&["c", "b"], true), (&["x"], true), (&["c"], false)]
        {
            assert_eq!(now.conflicts_with(&planned(claim(keys))), conflicts, "{keys:?}");
        }
        // What was rejected when the claim was planned is tried again.
        let mut known = now.clone();
        known.plan_with();
        assert!(!known.conflicts_with(&planned(claim(&["x"]))));
        assert!(!now.conflicts_with(&planned(replace(&[1], &[]))));
        assert!(now.conflicts_with(&planned(replace(&[1, 3], &[]))), "claim 3 has no output yet");
        // A file is made again of all its objects, unless one that it rejected has rows by another claim, or is about to.
        assert!(!now.conflicts_with(&planned(replace(&[1], &["a", "x"]))));
        let begun = [claim(&["a", "x"]), done(1, &["x"]), claim(&["x"])];
        for entries in [begun.to_vec(), [&begun[..], &[done(3, &[])]].concat()] {
            let elsewhere = state(entries).unwrap();
            assert!(elsewhere.conflicts_with(&planned(replace(&[1], &["a", "x"]))));
            assert!(!elsewhere.conflicts_with(&planned(replace(&[1], &["a"]))));
        }
    }

    #[test]
    fn a_verification_holds_until_something_changes() {
        let verified = Verified {
            through: 2,
            how: VerifiedHow::Full,
            objects: 1,
            rows: 5,
            hash: Some("00".into()),
            differs: false,
            misread: Vec::new(),
        };
        let differs = Entry::Verified(Verified { differs: true, ..verified.clone() });
        let begun = vec![claim(&["a"]), done(1, &[]), Entry::Verified(verified.clone()), claim(&["b"])];
        assert!(state(begun.clone()).unwrap().verified().unwrap().1);
        let doubted = state([begun.clone(), vec![differs.clone()]].concat()).unwrap();
        assert_eq!((doubted.differs(), doubted.verified().unwrap().1), (true, false));
        let mended = state([begun.clone(), vec![differs, Entry::Verified(verified)]].concat()).unwrap();
        assert_eq!((mended.differs(), mended.verified().unwrap().1), (false, true));
        assert!(!state([begun, vec![done(4, &[])]].concat()).unwrap().verified().unwrap().1);
    }

    #[test]
    fn refuses_gaps_unknown_claims_and_newer_versions() {
        let mut gap = PartitionState::default();
        assert!(gap.add(2, record(claim(&["a"])), "here").unwrap_err().to_string().contains("entry 1 is missing"));
        assert!(state(vec![done(7, &[])]).unwrap_err().to_string().contains("claim 7"));
        let newer = Record::from_json(br#"{"version": 99, "entry": "teleport"}"#, "s3://b/x").unwrap_err();
        assert!(newer.to_string().contains("version 99"), "{newer}");
        assert!(Record::from_json(b"{}", "s3://b/x").unwrap_err().to_string().contains("not a ledger entry"));
    }
}
