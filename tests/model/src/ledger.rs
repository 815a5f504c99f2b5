//! What the entries of a day add up to: `src/ledger/entry.rs` in small.
//!
//! In: the entries that a run has read. Out: claims that are open, outputs, where objects stand, what may be deleted.
//! A claim is its own name: in the code the name is a hash of it.

/// Objects of a day.
pub const OBJECTS: usize = 3;

/// What bytes an object has; its ETag. Versions come in this order and never again.
pub type Version = u8;

/// There is no such object.
pub const GONE: Version = 0;
/// As it was delivered.
pub const FIRST: Version = 1;
/// Changed since.
pub const CHANGED: Version = 2;
/// Changed to something that cannot be converted: it does not read to its end, or its columns are too many.
pub const BAD: Version = 3;

/// A set of claims of a day, by number.
pub type Numbers = u64;

/// Objects with their versions; [`GONE`] for those that are not meant.
pub type Inputs = [Version; OBJECTS];

/// `ledger/claim.rs::Claim`, and the name of its file (`ledger/claim.rs::output_name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// Objects that are read; none of a merge.
    pub inputs: Inputs,
    /// Claims whose files go.
    pub replaces: Numbers,
    /// How often the same was claimed before.
    pub attempt: u8,
}

impl Claim {
    /// `ledger/claim.rs::Claim::is_merge`.
    pub fn is_merge(&self) -> bool {
        self.replaces != 0 && self.inputs == [GONE; OBJECTS]
    }
}

/// `ledger/entry.rs::Entry`. A replace is a claim that replaces something; `verified` is left out, it decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Claim or replace.
    Claim(Claim),
    /// Done, which of its objects (as bits) were rejected, and whether a file came of it.
    Done { claim: u8, rejected: u8, file: bool },
    /// Given up.
    Abandon { claim: u8 },
}

/// How a claim came to its end, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Not yet.
    Open,
    /// Done, with a file or without, and by which claim it was replaced since.
    Done { file: bool, replaced_by: Option<u8> },
    /// Abandoned.
    Abandoned,
}

/// Where an object stands: `ledger/state.rs::Known`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Version it was claimed with.
    pub version: Version,
    /// Claim that put it there.
    pub claim: u8,
    /// What became of it.
    pub state: InputState,
}

/// `ledger/state.rs::InputState`, without other log types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputState {
    Claimed,
    Converted,
    Rejected,
}

/// `ledger/state.rs::PartitionState`.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Claims by number.
    pub claims: Vec<(u8, Claim, End)>,
    /// Objects.
    pub inputs: [Option<Standing>; OBJECTS],
}

/// Returns the objects of a set with their places.
pub fn present(inputs: Inputs) -> impl Iterator<Item = (usize, Version)> {
    inputs.into_iter().enumerate().filter(|(_, version)| *version != GONE)
}

/// Returns whether a set has a number.
pub fn has(numbers: Numbers, number: u8) -> bool {
    numbers & (1 << number) != 0
}

impl State {
    /// Adds entries up, the first with number 1. `revive` is a bug put in on purpose: a done counts for an abandoned claim.
    pub fn of(entries: &[Entry], revive: bool) -> Self {
        let mut state = Self::default();
        for (number, entry) in (1..).zip(entries) {
            state.add(number, *entry, revive);
        }
        state
    }

    /// `ledger/state.rs::PartitionState::add`.
    fn add(&mut self, number: u8, entry: Entry, revive: bool) {
        match entry {
            Entry::Claim(claim) => {
                if claim.replaces == 0 {
                    self.set_all(number, claim, InputState::Claimed);
                }
                self.claims.push((number, claim, End::Open));
            }
            Entry::Done { claim: ended, rejected, file } => {
                let Some(known) = self.claims.iter_mut().find(|(number, ..)| *number == ended) else { return };
                if known.2 != End::Open && !(revive && known.2 == End::Abandoned) {
                    return; // The first end counts.
                }
                known.2 = End::Done { file, replaced_by: None };
                let claim = known.1;
                self.set_all(ended, claim, InputState::Converted);
                for (object, _) in present(claim.inputs).filter(|(object, _)| rejected & (1 << object) != 0) {
                    self.inputs[object].iter_mut().for_each(|known| known.state = InputState::Rejected);
                }
                for (number, _, end) in &mut self.claims {
                    if let (true, End::Done { replaced_by, .. }) = (has(claim.replaces, *number), end) {
                        *replaced_by = Some(ended);
                    }
                }
            }
            Entry::Abandon { claim: ended } => {
                let known = self.claims.iter_mut().find(|(number, _, end)| *number == ended && *end == End::Open);
                let Some(known) = known else { return };
                known.2 = End::Abandoned;
                for standing in &mut self.inputs {
                    if standing.is_some_and(|standing| standing.claim == ended) {
                        *standing = None;
                    }
                }
            }
        }
    }

    fn set_all(&mut self, number: u8, claim: Claim, state: InputState) {
        for (object, version) in present(claim.inputs) {
            self.inputs[object] = Some(Standing { version, claim: number, state });
        }
    }

    /// Returns a claim and its end.
    pub fn claim(&self, number: u8) -> Option<(Claim, End)> {
        self.claims.iter().find(|(known, ..)| *known == number).map(|(_, claim, end)| (*claim, *end))
    }

    /// `PartitionState::unfinished`.
    pub fn unfinished(&self) -> impl Iterator<Item = (u8, Claim)> {
        self.claims.iter().filter(|(.., end)| *end == End::Open).map(|(number, claim, _)| (*number, *claim))
    }

    /// `PartitionState::outputs`, those with files.
    pub fn files(&self) -> impl Iterator<Item = (u8, Claim)> {
        let live = |end: &End| matches!(end, End::Done { file: true, replaced_by: None });
        self.claims.iter().filter(move |(.., end)| live(end)).map(|(number, claim, _)| (*number, *claim))
    }

    /// `PartitionState::replaced`, those with files.
    pub fn replaced(&self, claim: Claim) -> impl Iterator<Item = Claim> {
        let gone =
            move |number: u8, end: &End| has(claim.replaces, number) && matches!(end, End::Done { file: true, .. });
        self.claims.iter().filter(move |(number, _, end)| gone(*number, end)).map(|(_, claim, _)| *claim)
    }

    /// `PartitionState::leftovers`: files that must not lie there.
    pub fn leftovers(&self) -> impl Iterator<Item = Claim> {
        let over = |end: &End| matches!(end, End::Abandoned | End::Done { replaced_by: Some(_), .. });
        let left = self.claims.iter().filter(move |(.., end)| over(end)).map(|(_, claim, _)| *claim);
        left.filter(|claim| !self.is_live(*claim))
    }

    /// `PartitionState::is_live`.
    pub fn is_live(&self, name: Claim) -> bool {
        let live = |end: &End| matches!(end, End::Open | End::Done { replaced_by: None, .. });
        self.claims.iter().any(|(_, claim, end)| *claim == name && live(end))
    }

    /// `PartitionState::knows`.
    pub fn knows(&self, name: Claim) -> bool {
        self.claims.iter().any(|(_, claim, _)| *claim == name)
    }

    /// `PartitionState::can_be_replaced`; `whoever` is a bug put in on purpose: replacements under way are not looked for.
    pub fn can_be_replaced(&self, number: u8, whoever: bool) -> bool {
        matches!(self.claim(number), Some((_, End::Done { replaced_by: None, .. })))
            && (whoever || !self.unfinished().any(|(_, claim)| has(claim.replaces, number)))
    }

    /// `PartitionState::was_given_up`.
    pub fn was_given_up(&self, number: u8) -> bool {
        self.claims.iter().any(|(_, claim, end)| *end == End::Abandoned && has(claim.replaces, number))
    }

    /// `PartitionState::conflicts_with`; `planned` is the last entry that the claim was planned with.
    pub fn conflicts_with(&self, claim: Claim, planned: u8, whoever: bool) -> bool {
        if claim.replaces != 0 {
            let all = self.claims.iter().map(|(number, ..)| *number).filter(|number| has(claim.replaces, *number));
            return all.into_iter().any(|number| !self.can_be_replaced(number, whoever));
        }
        present(claim.inputs).any(|(object, version)| {
            self.inputs[object].is_some_and(|known| match known.state {
                InputState::Claimed | InputState::Converted => true,
                InputState::Rejected => known.claim > planned && known.version == version,
            })
        })
    }

    /// `PartitionState::output_of`: the claim in whose file an object's rows are now.
    pub fn output_of(&self, standing: Standing) -> u8 {
        let mut number = standing.claim;
        while let Some((_, End::Done { replaced_by: Some(by), .. })) = self.claim(number) {
            number = by;
        }
        number
    }

    /// `PartitionState::inputs_of`: the objects whose rows stand in an output.
    pub fn inputs_of(&self, number: u8) -> impl Iterator<Item = usize> {
        let standing = self.inputs.iter().enumerate().filter_map(|(object, known)| Some((object, (*known)?)));
        let converted = standing.filter(|(_, known)| known.state == InputState::Converted);
        converted.filter(move |(_, known)| self.output_of(*known) == number).map(|(object, _)| object)
    }
}
