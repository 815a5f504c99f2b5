//! Bugs put in on purpose, one flag each: the checker must find every one of them.

/// Which bugs the protocol has. All off: as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// The note of a replacement is written before its entry, and recovery deletes every note whose claim is not there yet.
    pub note_deleted_early: bool,
    /// Recovery deletes a note whose claim is not known: an older version wrote it, and was killed before its entry.
    pub unknown_note_deleted: bool,
    /// The note is written before the entry, and the loser of a race deletes it, though another writer's may be the same.
    pub loser_forgets_note: bool,
    /// A merge that cannot be made stops the run, and the claim stays open.
    pub unmergeable_blocks_all: bool,
    /// What cannot take the place of rows is claimed all the same, and given up, again and again.
    pub refused_after_claim: bool,
    /// An object that was rejected is claimed again at every run, though it has not changed.
    pub rejected_claimed_again: bool,
    /// An object that vanished between claim and read is not named.
    pub vanished_passes: bool,
    /// A run names an object that vanished only if it had claimed it.
    pub vanished_unclaimed_passes: bool,
    /// The file of a replacement that is given up stays, and its note goes.
    pub abandoned_file_stays: bool,
    /// No notes are written.
    pub no_notes: bool,
    /// A note is deleted before what was replaced.
    pub note_deleted_before_files: bool,
    /// Done is recorded before the file is there.
    pub done_before_file: bool,
    /// What is replaced is deleted before done is recorded.
    pub delete_before_done: bool,
    /// Replaced files are left.
    pub replaced_stay: bool,
    /// Unfinished claims are ignored.
    pub unfinished_ignored: bool,
    /// Leftovers are left.
    pub leftovers_stay: bool,
    /// A plan is not held against what others recorded meanwhile.
    pub no_conflict_check: bool,
    /// An entry overwrites another one.
    pub entries_overwrite: bool,
    /// A name is used again.
    pub names_reused: bool,
    /// A done is recorded of an abandoned claim, and counts.
    pub done_revives: bool,
    /// A writer that was overtaken does not read on in the ledger.
    pub no_reading_on: bool,
    /// Files are merged that another run is merging already.
    pub merges_overlap: bool,
    /// A merge leaves out files that are gone.
    pub merge_of_what_is_there: bool,
    /// A file is deleted because its claim is not known, though it may have been made since.
    pub unknown_files_deleted: bool,
    /// A changed object is converted as if it were new.
    pub changed_is_new: bool,
    /// A file is made again without those of its objects that are gone.
    pub made_again_of_what_is_there: bool,
    /// An object is read whatever its ETag is, and a claim that names one that is gone is finished without it.
    pub etags_ignored: bool,
    /// A file that is found complete is recorded, and changes of its objects since are left to the run after.
    pub found_not_planned_again: bool,
    /// A run takes its own entry, whose answer was lost, for another's. Costs work, no rows.
    pub own_entry_not_known: bool,
}

impl Faults {
    /// Returns whether notes are written before their entries, as they were until version 0.2.
    pub fn note_before_entry(&self) -> bool {
        self.note_deleted_early || self.loser_forgets_note
    }
}
