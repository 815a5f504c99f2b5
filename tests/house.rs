//! Rules about the source tree that the compiler does not know: fences between modules, homes of crates, first
//! lines of files, links of the docs, and that the schema files mean what the table definition says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use crate::util::{DAY, Work};

/// A source file: its path below `src/` and its lines without comments and without its unit tests.
struct Source {
    path: String,
    whole: String,
    code: Vec<(usize, String)>,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let read = |path: String| {
        let whole = fs::read_to_string(root.join(&path)).unwrap();
        // Unit tests stand last; a file of tests that is only named (`mod fault_tests;`) ends nothing.
        let end = whole.lines().zip(whole.lines().skip(1));
        let mut end = end.map(|(line, next)| line.starts_with("#[cfg(test)]") && next.ends_with('{'));
        let end = end.position(|tests| tests).unwrap_or(usize::MAX);
        let code = whole
            .lines()
            .enumerate()
            .take(if is_of_tests(&path) { 0 } else { end })
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line.split(" // ").next().unwrap_or_default().to_owned()))
            .collect();
        Source { path, whole, code }
    };
    paths.into_iter().map(read).collect()
}

/// Returns whether a file of `src/` is compiled for tests only.
fn is_of_tests(path: &str) -> bool {
    path.starts_with("schedules/") || ["tests.rs", "testing.rs", "faults.rs"].iter().any(|end| path.ends_with(end))
}

fn collect(folder: &Path, paths: &mut Vec<String>) {
    fn below(root: &Path, folder: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(root, &path, paths);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    below(folder, folder, paths);
}

/// Returns whether a line of code speaks of a crate or module: `name::`, `use name;`, `use name as`, `{name, `.
fn mentions(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let behind = &line[at + name.len()..];
        // `parquet::arrow::` is no mention of the crate arrow, nor `super::parquet` one of the crate parquet.
        let starts = before.is_none_or(|c| !is_word(c) && c != ':' && c != '.');
        let is_path =
            behind.starts_with("::") || (line.trim_start().starts_with("use ") && !behind.starts_with(is_word));
        starts && is_path
    })
}

/// Asserts that a name is mentioned in these places only; a place is a file or a folder below `src/`.
#[track_caller]
fn only_in(name: &str, places: &[&str]) {
    let wrong = found(name, |path| !places.iter().any(|place| path.starts_with(place)));
    assert!(wrong.is_empty(), "{name} belongs in {places:?} only, but stands in\n{}", wrong.join("\n"));
}

/// Asserts that a place does not mention a name.
#[track_caller]
fn not_in(name: &str, place: &str) {
    let wrong = found(name, |path| path.starts_with(place));
    assert!(wrong.is_empty(), "{place} must know nothing of {name}, but\n{}", wrong.join("\n"));
}

fn found(name: &str, place: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    // A module of tests may play a whole run.
    let is_test = |path: &str| path.ends_with("_tests.rs");
    for source in sources("src").iter().filter(|source| place(&source.path) && !is_test(&source.path)) {
        for (number, line) in source.code.iter().filter(|(_, line)| mentions(line, name)) {
            wrong.push(format!("  src/{}:{number}: {}", source.path, line.trim()));
        }
    }
    wrong
}

#[test]
fn mentions_are_found() {
    for line in ["use arrow::array::Array;", "    let x = arrow::compute::sort(y);", "use arrow;", "use arrow as a;"] {
        assert!(mentions(line, "arrow"), "{line}");
    }
    for line in ["use parquet::arrow::Reader;", "self.arrow()", "let arrow = 1;", "use arrows::x;", "narrow::x()"] {
        assert!(!mentions(line, "arrow"), "{line}");
    }
}

#[test]
fn crates_have_homes() {
    only_in("object_store", &["store/"]);
    only_in("tokio", &["store/"]);
    only_in("futures", &["store/"]);
    only_in("clap", &["cli/"]);
    only_in("indicatif", &["cli/"]);
    // Events may come from everywhere; who prints them is decided in one place.
    only_in("tracing_subscriber", &["cli/events.rs"]);
    only_in("libc", &["cli/heap.rs"]);
    only_in("rustls", &["store/"]);
    only_in("rayon", &["compact/", "convert/", "encode/dictionary.rs", "generate/", "sort/", "verify/"]);
    only_in("flowparquet_sql", &["query/"]);
    only_in("arrow_schema", &["record/schema.rs", "encode/"]);
    only_in("arrow_array", &["encode/", "compact/merge.rs", "compact/tally.rs", "verify/file.rs"]);
    // ledger: footers.
    only_in("parquet", &["encode/", "ledger/files.rs", "compact/merge.rs", "verify/file.rs"]);
    // What takes minutes to compile is the package sql/, which is compiled once.
    for name in ["arrow", "datafusion", "regex"] {
        only_in(name, &[]);
    }
    only_in("toml", &["record/schema.rs"]);
    // Gunzip, and checksums, which it has too: of pages, of names.
    only_in("libdeflater", &["source/", "generate/", "encode/chunk.rs", "encode/field_id.rs"]);
}

#[test]
fn modules_know_only_what_lies_left_of_them() {
    // record knows nothing of object stores, source nothing of Parquet, encode nothing of text or ledgers, ledger nothing of
    // text or pages, athena nothing of bytes.
    let jobs = ["crate::plan", "crate::convert", "crate::compact", "crate::status", "crate::report"];
    for room in ["store/", "record/", "source/", "encode/", "sort/", "ledger/", "athena/"] {
        jobs.iter().for_each(|job| not_in(job, room));
    }
    let rooms = ["crate::source", "crate::encode", "crate::sort", "crate::ledger", "crate::athena"];
    for room in ["store/", "record/"] {
        rooms.iter().for_each(|other| not_in(other, room));
    }
    not_in("crate::store", "record/");
    not_in("crate::record", "store/");
    for other in ["crate::encode", "crate::sort", "crate::ledger", "crate::athena", "parquet"] {
        not_in(other, "source/");
    }
    let text = ["crate::source", "crate::athena", "crate::record::decode", "crate::record::tokens"];
    for other in ["crate::store", "crate::sort", "crate::ledger"].iter().chain(&text) {
        not_in(other, "encode/");
    }
    for other in ["crate::store", "crate::ledger"].iter().chain(&text) {
        not_in(other, "sort/");
    }
    for other in
        ["crate::sort", "crate::encode::column", "crate::encode::chunk", "crate::record::columns"].iter().chain(&text)
    {
        not_in(other, "ledger/");
    }
    for other in ["crate::store", "crate::source", "object_store", "parquet", "arrow_array", "bytes"] {
        not_in(other, "athena/");
    }
    not_in("crate::convert", "plan.rs");
    // Nothing needs the command line; lib.rs names its one function.
    only_in("crate::cli", &["cli/"]);
    only_in("cli", &["cli/", "lib.rs"]);
    // verify reads a second time: what the conversion reads and writes by must not decide what is found.
    for other in ["crate::convert", "crate::record::decode", "crate::record::tokens", "crate::record::columns"] {
        not_in(other, "verify/");
    }
    for other in
        ["crate::source::gunzip", "crate::encode::column", "crate::encode::chunk", "crate::sort", "libdeflater"]
    {
        not_in(other, "verify/");
    }
    only_in("crate::verify", &["verify/", "cli/", "lib.rs"]);
    // The query engine can be left out: nothing may need it.
    only_in("crate::query", &["query/", "cli/"]);
    for other in ["crate::convert", "crate::verify", "crate::encode::column", "crate::encode::chunk"] {
        not_in(other, "query/");
    }
    not_in("crate::convert", "report.rs");
    // The command line asks for jobs; how their pieces work is none of its business.
    for other in [
        "crate::sort",
        "crate::encode::column",
        "crate::record::decode",
        "crate::record::tokens",
        "crate::record::columns",
        "crate::source::gunzip",
    ] {
        not_in(other, "cli/");
    }
}

/// Returns the module that a file is, as the names on the way to it: `store/mod.rs` is `store`.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').filter(|name| !["lib", "main"].contains(name)).map(str::to_owned).collect()
}

/// Returns all paths in a text of code, those in groups too: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let (mut path, mut groups): (Vec<String>, Vec<Vec<String>>) = (Vec::new(), Vec::new());
    let (mut rest, mut goes_on) = (code, false);
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let step = if rest.starts_with("::") { 2 } else { word.max(first.len_utf8()) };
        if word > 0 {
            if !goes_on {
                all.push(std::mem::replace(&mut path, groups.last().cloned().unwrap_or_default()));
            }
            path.push(rest[..word].to_owned());
        } else if first == '{' {
            groups.push(if goes_on { std::mem::take(&mut path) } else { Vec::new() });
        } else if first == '}' {
            groups.pop();
        }
        goes_on = step == 2 && word == 0;
        rest = &rest[step..];
    }
    all.push(path);
    all.retain(|path| !path.is_empty());
    all
}

/// Returns the files that each file names, tests apart. A file may use what its room's `mod.rs` defines, and that may use
/// the files of its room: one of the two ways does not count.
fn imports(from_rooms: bool) -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources("src");
    let known: BTreeSet<Vec<String>> = sources.iter().map(|source| module_of(&source.path)).collect();
    let mut imports = BTreeMap::new();
    for source in &sources {
        let own = module_of(&source.path);
        let code: Vec<&str> = source.code.iter().map(|(_, line)| line.as_str()).collect();
        let mut named = BTreeSet::new();
        for path in paths(&code.join("\n")) {
            let supers = path.iter().take_while(|name| *name == "super").count();
            let whole = match path.first().map(String::as_str) {
                Some("crate" | "flowparquet") => path[1..].to_vec(),
                Some("self") => [&own[..], &path[1..]].concat(),
                Some("super") => [&own[..own.len().saturating_sub(supers)], &path[supers..]].concat(),
                _ if path.len() > 1 => [&own[..], &path[..]].concat(),
                _ => continue,
            };
            let Some(to) = (1..=whole.len()).rev().map(|end| &whole[..end]).find(|to| known.contains(*to)) else {
                continue;
            };
            let passed_over = if from_rooms { own.starts_with(to) } else { to.starts_with(&own) };
            if !passed_over {
                named.insert(to.join("::"));
            }
        }
        imports.entry(own.join("::")).or_insert_with(BTreeSet::new).extend(named);
    }
    imports
}

/// Returns the shortest way from each file back to itself, if there is one.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let back = |file: &String| {
        let mut ways = VecDeque::from([vec![file]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for next in way.last().and_then(|last| imports.get(*last)).into_iter().flatten() {
                if next == file {
                    return Some(format!(
                        "{} -> {file}",
                        way.iter().map(|f| f.as_str()).collect::<Vec<_>>().join(" -> ")
                    ));
                }
                if seen.insert(next) {
                    ways.push_back([&way[..], &[next]].concat());
                }
            }
        }
        None
    };
    imports.keys().filter_map(back).collect()
}

#[test]
fn circles_are_found() {
    let found = |text: &str| paths(text).iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(found("use super::{ddl, open as o};"), ["use", "super::ddl", "super::open", "super::as", "super::o"]);
    assert_eq!(found("use a::{b::{self, C}, d}; e::F { g }"), ["use", "a::b::self", "a::b::C", "a::d", "e::F", "g"]);
    let imports = [("a", vec!["b", "d"]), ("b", vec!["c"]), ("c", vec!["a"]), ("d", vec![])];
    let owned = |(from, to): (&str, Vec<&str>)| (from.to_owned(), to.into_iter().map(str::to_owned).collect());
    assert_eq!(circles(&imports.map(owned).into()), ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"]);
    let convert = &self::imports(true)["convert"];
    assert!(["convert::round", "error", "report", "store"].iter().all(|file| convert.contains(*file)));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for from_rooms in [true, false] {
        let circles = circles(&imports(from_rooms));
        assert!(circles.is_empty(), "what both need belongs in a third file:\n{}", circles.join("\n"));
    }
}

#[test]
fn everything_printed_passes_the_screen() {
    for source in sources("src").iter().filter(|source| source.path != "cli/screen.rs") {
        for (number, line) in &source.code {
            let prints = ["print!(", "println!(", "io::stdout()", "io::stderr()"].iter().any(|way| line.contains(way));
            let asks = line.contains("is_terminal()");
            assert!(!prints || asks, "src/{}:{number} must print by cli/screen.rs: {}", source.path, line.trim());
        }
    }
}

#[test]
fn the_library_speaks_of_no_flags() {
    // Who calls it types none: messages name options by src/options.rs, and the command line says how it calls them.
    let is_flag = |line: &str| {
        line.match_indices("--").any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
                && line[at + 2..].starts_with(|c: char| c.is_ascii_lowercase())
        })
    };
    assert!(is_flag("\"give --log-format\"") && is_flag("(--merge)") && !is_flag("-- a remark") && !is_flag("---a"));
    let library = sources("src").into_iter().filter(|source| !source.path.starts_with("cli/"));
    for source in library.chain(sources("sql/src")) {
        for (number, line) in &source.code {
            assert!(!is_flag(line), "{}:{number} names a flag: {}", source.path, line.trim());
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    for folder in ["src", "sql/src", "tests"] {
        for source in sources(folder) {
            let first = source.whole.lines().next().unwrap_or_default();
            assert!(
                first.starts_with("//! ") && first.len() > 15,
                "{folder}/{} must open with `//!` and what it is for, not {first:?}",
                source.path
            );
        }
    }
}

/// Tests import modules of scripts, from a folder further back in Python's path: of two with one name they get the wrong one.
#[test]
fn python_modules_have_a_name_each() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = BTreeMap::new();
    for folder in ["scripts", "scripts/bench_queries", "tests/python"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".py") && !name.starts_with("__") {
                let other = seen.insert(name.clone(), folder);
                assert_eq!(other, None, "{name} is in {folder} too: give one of them another name");
            }
        }
    }
    assert!(seen.len() > 20, "only {} modules found", seen.len());
}

#[test]
fn every_test_module_is_listed_in_tests_rs() {
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tests.rs")).unwrap();
    // The fuzz targets and the model are crates of their own.
    let apart = |path: &str| path.starts_with("fuzz/") || path.starts_with("model/");
    let ours = |source: &&Source| source.path != "tests.rs" && !apart(&source.path);
    for source in sources("tests").iter().filter(ours) {
        let module = source.path.trim_end_matches(".rs");
        assert!(
            list.contains(&format!("\nmod {module};")),
            "tests/{} is not compiled: add it to tests/tests.rs",
            source.path
        );
        assert!(list.contains(&format!("//! * [`{module}`]: ")), "say in tests/tests.rs what belongs in {module}");
    }
}

#[test]
fn the_model_names_functions_that_are_there() {
    let code: BTreeMap<String, String> = sources("src").into_iter().map(|file| (file.path, file.whole)).collect();
    let mut named = 0;
    for model in sources("tests/model/src") {
        for name in model.whole.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs::")) {
            let (file, item) = name.split_once("::").unwrap();
            let item = item.rsplit("::").next().unwrap();
            let is = |kind: &&str| code.get(file).is_some_and(|text| text.contains(&format!("{kind} {item}")));
            let found = ["fn", "struct", "enum", "const"].iter().any(is);
            assert!(found, "tests/model/src/{} speaks of {name}, which is not there", model.path);
            named += 1;
        }
    }
    assert!(named > 20, "the model names the functions that its steps stand for");
}

/// A row of SECURITY.md, or of the table of what may lie below SOURCE, says what happens, and a test shows it.
/// A tag may be moved to other code, a commit cannot.
#[test]
fn workflows_name_actions_by_commit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    let mut actions = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\npermissions:\n  contents: read\n"), "{}: may write", path.display());
        for line in text.lines().filter_map(|line| line.split_once("uses:")).map(|(_, action)| action.trim()) {
            let (commit, version) =
                line.split_once('@').and_then(|(_, rest)| rest.split_once(" # v")).unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_commit && !version.is_empty(), "{}: {line}", path.display());
            actions += 1;
        }
    }
    assert!(actions > 2, "{actions}");
}

#[test]
fn every_test_that_tables_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rust: BTreeMap<String, String> = sources("tests").into_iter().map(|file| (file.path, file.whole)).collect();
    let is_test = |name: &str| {
        let (file, test) = name.split_once("::").unwrap();
        match file.ends_with(".py") {
            true => fs::read_to_string(root.join("tests/python").join(file))
                .is_ok_and(|text| text.contains(&format!("\ndef {test}("))),
            false => {
                rust.get(&format!("{file}.rs")).is_some_and(|text| text.contains(&format!("#[test]\nfn {test}()")))
            }
        }
    };
    for (page, tables) in [("SECURITY.md", 5), ("docs/input.md", 4)] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let mut shown = None;
        for line in text.lines() {
            let columns = line.matches('|').count();
            let names: Vec<&str> = line.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
            for name in &names {
                assert!(is_test(name), "{page} names {name}, which is no test");
            }
            shown = if line.ends_with("| Shown by |") { Some(0) } else { shown.filter(|_| columns > 0) };
            if let Some(rows) = &mut shown {
                *rows += 1;
                // Behind the heads of the columns and the line below them.
                assert!(*rows < 3 || !names.is_empty(), "no test shows this: {line}");
            }
        }
        assert!(text.matches("Shown by").count() >= tables, "{page}");
    }
}

#[test]
fn types_of_the_schema_files_are_words_of_the_table_definition() {
    let work = Work::new();
    for (file, log_type) in [("vpc_flow", "vpc"), ("transit_gateway_flow", "tgw")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{file}.toml"));
        let schema: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let of = |field: &toml::Value, key: &str| field[key].as_str().unwrap().to_owned();
        let fields = schema["field"].as_array().unwrap();
        let wanted: BTreeMap<String, String> =
            fields.iter().map(|field| (of(field, "column"), of(field, "type"))).collect();
        for field in fields {
            assert!(["int", "bigint", "string"].contains(&of(field, "type").as_str()), "{field:?}");
            assert_eq!(of(field, "column"), of(field, "name").replace('-', "_"));
        }
        let args = ["--objects", "1", "--rows", "20", "--schema-version", "11", "--log-type", log_type];
        work.run(&[&["generate", log_type], &args[..]].concat()).code(0);
        let table = format!("{log_type}-table");
        work.convert_from(log_type, &table, &["--day", DAY]).code(0);
        let ddl = work.run(&["ddl", &table, "--no-comments"]);
        let columns = ddl.code(0).stdout.lines().filter_map(|line| line.strip_prefix("  `")?.split_once('`'));
        let said: BTreeMap<String, String> =
            columns.map(|(name, rest)| (name.to_owned(), rest.trim().trim_end_matches(',').to_owned())).collect();
        assert_eq!(said, wanted);
    }
}

/// Returns the Markdown pages of the tree: path below the root, text.
fn pages() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = BTreeMap::new();
    for folder in ["", "docs/"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                let page = format!("{folder}{name}");
                let text = fs::read_to_string(root.join(&page)).unwrap();
                pages.insert(page, text);
            }
        }
    }
    pages
}

/// Returns a page's text without its blocks of code.
fn prose(text: &str) -> String {
    let mut code = false;
    let mut prose = String::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if !fence && !code {
            prose.push_str(line);
        }
        prose.push('\n');
        code ^= fence;
    }
    prose
}

/// Returns where the links of a page lead: `[text](target)`.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// Returns the anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text);
    let headings = headings.lines().filter_map(|line| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')));
    let anchor = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

/// Returns why a link leads nowhere, if it does: `page` stands on it, `target` is below the folder of that page.
fn leads_nowhere(pages: &BTreeMap<String, String>, page: &str, target: &str) -> Option<String> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut whole: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part {
            ".." => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    let whole = if path.is_empty() { page.to_owned() } else { whole.join("/") };
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join(&whole).exists() {
        return Some(format!("{page}: {target}: there is no {whole}"));
    }
    let known = |text: &String| anchors(text).iter().any(|known| known == anchor);
    let found = anchor.is_empty() || pages.get(&whole).is_some_and(known);
    (!found).then(|| format!("{page}: {target}: {whole} has no heading #{anchor}"))
}

#[test]
fn anchors_are_those_of_github() {
    assert_eq!(anchors("# A\n```sh\n# b\n```\n## `ddl --like`: a table, yours\n"), ["a", "ddl---like-a-table-yours"]);
    assert_eq!(links("[a](b.md#c) `x`\n```\n[d](e)\n```\n[two\nlines](f)"), ["b.md#c", "f"]);
    let index = "docs/README.md";
    let pages: BTreeMap<String, String> = [(index.to_owned(), "# Here\n".to_owned())].into();
    for (target, leads) in
        [("#here", true), ("#there", false), ("nothing.md", false), ("ledger.md", true), ("../LICENSE", true)]
    {
        assert_eq!(leads_nowhere(&pages, index, target).is_none(), leads, "{target}");
    }
}

#[test]
fn every_link_of_the_docs_leads_somewhere() {
    let pages = pages();
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        for target in links(text).iter().filter(|target| !target.contains("://")) {
            wrong.extend(leads_nowhere(&pages, page, target));
        }
    }
    // Help texts, messages, comments and code in pages name pages from the root: `docs/definitions.md#years`.
    let code = ["src", "sql/src", "tests"].into_iter().flat_map(|folder| {
        sources(folder).into_iter().map(move |source| (format!("{folder}/{}", source.path), source.whole))
    });
    let named = |c: char| c.is_ascii_alphanumeric() || "./-_#".contains(c);
    for (place, text) in pages.clone().into_iter().chain(code).filter(|(place, _)| place != "tests/house.rs") {
        for (at, _) in text.match_indices("docs/").filter(|(at, _)| !text[..*at].ends_with(['/', '.'])) {
            let target = text[at..].split(|c| !named(c)).next().unwrap().trim_end_matches('.');
            if target.contains(".md") {
                wrong.extend(leads_nowhere(&pages, "README.md", target).map(|why| format!("{place}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn every_page_stands_in_the_index_of_the_docs() {
    let pages = pages();
    let index = links(&pages["docs/README.md"]);
    for page in pages.keys().filter_map(|page| page.strip_prefix("docs/")).filter(|page| *page != "README.md") {
        assert!(index.iter().any(|target| target == page), "docs/README.md does not list {page}");
    }
}
