//! The model checked: the protocol as it should be breaks nothing in any scenario, and every bug put in on purpose is found. How
//! is printed: `cargo test --release --manifest-path tests/model/Cargo.toml --target-dir target/model -- --nocapture`.

use std::time::Instant;

use flowparquet_model::check::{Outcome, Protocol};
use flowparquet_model::faults::Faults;
use flowparquet_model::scenario::{self, Scenario};

fn named(name: &str) -> Scenario {
    scenario::all().into_iter().find(|scenario| scenario.name == name).unwrap()
}

#[test]
fn the_protocol_holds() {
    let mut total = 0;
    for scenario in scenario::all() {
        let begun = Instant::now();
        let Outcome { states, depth, found } = Protocol::new(scenario, Faults::default()).check(2);
        let seconds = begun.elapsed().as_secs_f64();
        println!("{}: {states} states, {depth} deep, {seconds:.1} s", scenario.name);
        total += states;
        if let Some((_, how)) = found {
            panic!("{how}");
        }
    }
    println!("{total} states in all");
}

/// Checks that a bug breaks this invariant in this scenario, and prints the shortest way to it.
#[track_caller]
fn assert_found(name: &str, faults: Faults, scenario: &str, invariant: &str) {
    // With one thread the first way that is found is the shortest.
    let Outcome { states, found, .. } = Protocol::new(named(scenario), faults).check(1);
    let (broken, how) = found.unwrap_or_else(|| panic!("{name} is not found in {states} states"));
    println!("{name}: found among {states} states\n{how}");
    assert!(broken.contains(&invariant), "{name}: {invariant}: {how}");
}

macro_rules! bugs {
    ($($fault:ident in $scenario:literal: $invariant:literal,)*) => {$(
        #[test]
        fn $fault() {
            assert_found(stringify!($fault), Faults { $fault: true, ..Faults::default() }, $scenario, $invariant);
        }
    )*};
}

bugs! {
    note_deleted_early in "night, an object changes": "a plain run of any day leaves no row twice",
    unknown_note_deleted in "a merge, an old note of it": "a plain run of any day leaves no row twice",
    loser_forgets_note in "two merges, a late object": "a plain run of any day leaves no row twice",
    unmergeable_blocks_all in "two merges, a file is damaged": "nothing of one day stops another",
    refused_after_claim in "a file made again, its object goes bad": "plain runs come to rest",
    rejected_claimed_again in "an unreadable object, mended": "plain runs come to rest",
    vanished_passes in "first conversions, an object goes": "a plain run names what is missing",
    vanished_unclaimed_passes in "first conversions, an object goes": "what a run saw is in the table or named",
    abandoned_file_stays in "two merges, a file is damaged": "a plain run of any day leaves no row twice",
    found_not_planned_again in "first conversions, an object changes": "a plain run of a day leaves no row of it lost",
    no_notes in "night, an object changes": "a plain run of any day leaves no row twice",
    note_deleted_before_files in "night, an object changes": "a plain run of any day leaves no row twice",
    done_before_file in "three first conversions": "every file that the ledger says is there is there",
    delete_before_done in "two merges, a late object": "every file that the ledger says is there is there",
    replaced_stay in "two merges, a late object": "plain runs come to rest",
    unfinished_ignored in "three first conversions": "a plain run of a day leaves no row of it lost",
    leftovers_stay in "first conversions, an object goes": "a plain run of any day leaves no row twice",
    no_conflict_check in "a claim left open, its object changes": "a plain run of any day leaves no row twice",
    entries_overwrite in "first conversions, an object changes": "every file that the ledger says is there is there",
    names_reused in "first conversions, an object goes and returns": "every file that the ledger says is there is there",
    done_revives in "first conversions, an object goes": "every file that the ledger says is there is there",
    no_reading_on in "a file made again, a merge": "no row is twice when all runs have ended",
    merges_overlap in "a file made again, a merge": "a plain run of any day leaves no row twice",
    merge_of_what_is_there in "two merges, a late object": "a plain run of a day leaves no row of it lost",
    unknown_files_deleted in "three first conversions": "every file that the ledger says is there is there",
    changed_is_new in "a file made again, a merge": "plain runs come to rest",
    made_again_of_what_is_there in "a file of two made again, one goes": "a plain run of a day leaves no row of it lost",
    etags_ignored in "first conversions, an object goes": "a plain run of a day leaves no row of it lost",
}

/// Costs work and no row.
#[test]
fn own_entry_not_known() {
    let faults = Faults { own_entry_not_known: true, ..Faults::default() };
    let found = Protocol::new(named("three first conversions"), faults).check(1).found;
    assert!(found.is_none(), "{found:?}");
}
