//! The two stores: the raw objects of SOURCE, and DEST with ledger, files and notes; and what others do to them.

use crate::ledger::{BAD, Claim, Entry, FIRST, GONE, Inputs, OBJECTS, State, Version, present};

/// Days, which are partitions.
pub const DAYS: usize = 2;

/// Number of a day.
pub type Day = usize;

/// Rows by object and version: all rows of an object in one version are one bit.
pub type Rows = u8;

/// Returns the rows of an object.
pub fn rows_of(object: usize, version: Version) -> Rows {
    if version == GONE || version == BAD { 0 } else { 1 << (2 * object + usize::from(version - FIRST)) }
}

/// Returns the rows of an object in whatever version.
pub fn any_rows_of(object: usize) -> Rows {
    0b11 << (2 * object)
}

/// A Parquet file in a day's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct File {
    /// Its name.
    pub name: Claim,
    /// What is in it.
    pub rows: Rows,
    /// Whether an object's rows are in it more than once.
    pub doubled: bool,
    /// Whether somebody damaged it.
    pub damaged: bool,
    /// Whether it was written when its claim was abandoned or replaced already: by a slow writer, who removes it. If that one
    /// dies before, the next run of the same day does; until then the promise has a gap, which docs/ledger.md admits.
    pub late: bool,
}

/// SOURCE and DEST.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Store {
    /// Raw objects of each day.
    pub source: [Inputs; DAYS],
    /// `_flowparquet/ledger/<day>/`.
    pub ledger: [Vec<Entry>; DAYS],
    /// `<day>/part-*.parquet`, sorted.
    pub files: [Vec<File>; DAYS],
    /// `_flowparquet/replacing/<day>/`, sorted.
    pub notes: [Vec<Claim>; DAYS],
}

impl Store {
    /// Returns a DEST without entries.
    pub fn new(source: [Inputs; DAYS]) -> Self {
        Self { source, ledger: Default::default(), files: Default::default(), notes: Default::default() }
    }

    /// Claims objects, as a run did that was killed then.
    pub fn claimed(mut self, day: Day, objects: &[usize]) -> Self {
        let inputs = self.chosen(day, objects);
        self.ledger[day].push(Entry::Claim(Claim { inputs, replaces: 0, attempt: 0 }));
        self
    }

    /// Notes a merge of these claims, as a run of an older version did that was killed before its entry.
    pub fn noted(mut self, day: Day, replaces: &[u8]) -> Self {
        let replaces = replaces.iter().map(|number| 1 << number).sum();
        self.put_note(day, Claim { inputs: [GONE; OBJECTS], replaces, attempt: 0 });
        self
    }

    fn chosen(&self, day: Day, objects: &[usize]) -> Inputs {
        let mut inputs = [GONE; OBJECTS];
        objects.iter().for_each(|object| inputs[*object] = self.source[day][*object]);
        inputs
    }

    /// Converts objects into one file, as a run did that is over.
    pub fn converted(self, day: Day, objects: &[usize]) -> Self {
        let inputs = self.chosen(day, objects);
        let name = Claim { inputs, replaces: 0, attempt: 0 };
        let mut store = self.claimed(day, objects);
        let claim = store.entries(day);
        store.ledger[day].push(Entry::Done { claim, rejected: 0, file: true });
        let rows = present(inputs).map(|(object, version)| rows_of(object, version)).sum();
        store.put_file(day, File { name, rows, doubled: false, damaged: false, late: false });
        store
    }

    /// Gives an object a version.
    pub fn now(mut self, day: Day, object: usize, version: Version) -> Self {
        self.source[day][object] = version;
        self
    }

    /// PUT of a file, over one that is there.
    pub fn put_file(&mut self, day: Day, file: File) {
        self.delete_file(day, file.name);
        let files = &mut self.files[day];
        files.push(file);
        files.sort();
    }

    /// DELETE of a file.
    pub fn delete_file(&mut self, day: Day, name: Claim) {
        self.files[day].retain(|file| file.name != name);
    }

    /// GET of a file.
    pub fn file(&self, day: Day, name: Claim) -> Option<File> {
        self.files[day].iter().find(|file| file.name == name).copied()
    }

    /// PUT of a note.
    pub fn put_note(&mut self, day: Day, claim: Claim) {
        let notes = &mut self.notes[day];
        if let Err(at) = notes.binary_search(&claim) {
            notes.insert(at, claim);
        }
    }

    /// DELETE of a note.
    pub fn delete_note(&mut self, day: Day, claim: Claim) {
        self.notes[day].retain(|note| *note != claim);
    }

    /// Returns the number of entries of a day.
    pub fn entries(&self, day: Day) -> u8 {
        u8::try_from(self.ledger[day].len()).unwrap()
    }
}

/// What others do, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// An object comes, changes or goes.
    Object { day: Day, object: usize, to: Version },
    /// The file of the first claim is truncated, or archived.
    Damage { day: Day },
}

impl Event {
    /// Does it; returns false if it makes no difference.
    pub fn happen(self, store: &mut Store) -> bool {
        match self {
            Self::Object { day, object, to } => std::mem::replace(&mut store.source[day][object], to) != to,
            Self::Damage { day } => {
                let first = State::of(&store.ledger[day], false).claim(1);
                let file = store.files[day].iter_mut().find(|file| first.is_some_and(|(claim, _)| claim == file.name));
                file.is_some_and(|file| !std::mem::replace(&mut file.damaged, true))
            }
        }
    }
}
