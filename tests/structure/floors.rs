//! The structure as data: which module may import which, where clocks are read, where no float may stand, how long a file is.

use std::collections::BTreeSet;
use std::path::Path;

use super::circles::{circles, described, named_inside, takes};
use super::files::{Source, files_of};
use super::names::Modules;
use super::types::defined;

/// Modules from the ground up. A module imports from lower floors, and on its own floor only from a module named before it.
const FLOORS: [&[&str]; 8] = [
    &["natural_order", "suggestion", "system_error", "units", "columns", "reading"],
    &["exposition", "dialect", "pricing", "ledger"],
    &["counters", "statement", "reconcile", "calculator"],
    &["inventory", "metering", "snapshot", "alert", "balance", "burn", "efficiency", "fleet", "history"],
    &["platform", "clock", "wire", "source"],
    &["store", "lease_history", "record", "session", "attach"],
    &["tui", "http"],
    &["config", "cli"],
];

/// Modules that may measure how long they wait; nothing that they measure reaches a reading.
const MAY_WAIT: [&str; 6] = ["source", "wire", "record", "session", "tui", "cli"];
/// What reads a clock.
const CLOCK_READERS: [&str; 5] = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "clock_gettime"];
/// Where money is made: integers only.
const NO_FLOATS: [&str; 9] = [
    "src/units/decimal.rs",
    "src/units/number.rs",
    "src/units/money.rs",
    "src/units/price.rs",
    "src/units/rate.rs",
    "src/units/power.rs",
    "src/ledger",
    "src/pricing",
    "src/statement",
];
/// Modules inside others that are named from outside, and why they are no mere part of those.
const OPEN_MODULES: [(&str, &str); 9] = [
    ("source::discover", "a source"),
    ("source::nvml", "a source"),
    ("source::scrape", "a source"),
    ("source::simulate", "a source"),
    ("counters::plausibility", "bounds of what hardware can do, which the ledger is checked by"),
    ("tui::app", "the state that a dashboard begins with"),
    ("tui::format", "how figures are written, on a screen or in a report"),
    ("tui::headline", "the sentence of the state, which the card says too"),
    ("tui::theme", "the themes, which are listed and configured too"),
];
/// Names that stand for one thing in each of several modules: what a module keeps to itself and cannot do without.
const NAMES_OF_MANY: [&str; 2] = ["Error", "Settings"];
/// The folders whose files are short and say their purpose.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];
/// The most lines of a file.
const LONGEST: usize = 500;

fn sources() -> Vec<Source> {
    let found = files_of("src");
    assert!(found.len() > 50, "the sources are here");
    found
}

/// The module of a file: `src/fleet/saved.rs` and `src/clock.rs` are `fleet` and `clock`.
fn module(path: &Path) -> Option<String> {
    let inside = path.strip_prefix("src").unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main")).then(|| name.to_owned())
}

/// Where a module stands: its floor, and its place on it.
fn place(module: &str) -> (usize, usize) {
    let at = |(floor, modules): (usize, &&[&str])| {
        modules.iter().position(|name| *name == module).map(|place| (floor, place))
    };
    FLOORS
        .iter()
        .enumerate()
        .find_map(at)
        .unwrap_or_else(|| panic!("module {module} is on no floor: name it in tests/structure/floors.rs"))
}

/// Modules that a file names by `crate::`, inside a list of imports too.
fn imports(code: &str) -> Vec<String> {
    let names = code.match_indices("crate::").flat_map(|(at, _)| {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => top_level(list),
            None => vec![identifier(rest)],
        }
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of a brace list's elements.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (0, Vec::new(), true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                names.push(identifier(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn modules_import_downwards_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(module) = module(&source.path) else { continue };
        for name in imports(&source.code) {
            if name != module && place(&name) >= place(&module) {
                wrong.push(format!("{}: {module} may not import {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// No two files of a module import each other, straight or through others: what both need stands in a third.
///
/// Every file is a node, and what counts is where a path leads: an import, or a path in the code, whichever `use` it goes through. A
/// `mod.rs` that declares and re-exports is on no circle, because a path through it leads to the file behind it and a re-export is
/// counted only where its own file uses the name. One that defines what its children take, and calls them, is. Tests count for
/// nothing; nor do methods, which no path names.
#[test]
fn no_files_of_a_module_import_one_another() {
    let takes = takes(&Modules::of(&sources()));
    let wrong: Vec<_> = circles(&takes).iter().map(|circle| described(circle, &takes)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A module is named from outside by what it hands on, not by the files that it is made of.
#[test]
fn no_module_reaches_into_another() {
    let named = named_inside(&Modules::of(&sources()));
    let mut wrong = Vec::new();
    for (module, files) in &named {
        if !OPEN_MODULES.iter().any(|(open, _)| open == module) {
            wrong.push(format!("crate::{module} is named from outside: re-export what is wanted of it; {files:?}"));
        }
    }
    for (open, why) in OPEN_MODULES {
        if !named.contains_key(open) {
            wrong.push(format!("nobody names crate::{open} from outside: take it from OPEN_MODULES ({why})"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_on_a_floor_exists() {
    let existing: BTreeSet<String> = sources().iter().filter_map(|source| module(&source.path)).collect();
    let named: BTreeSet<String> = FLOORS.into_iter().flatten().map(|name| (*name).to_owned()).collect();
    assert_eq!(named, existing);
}

#[test]
fn only_the_clock_tells_the_time() {
    let fault = |source: &Source| {
        let module = module(&source.path).unwrap_or_default();
        let reads: Vec<_> = CLOCK_READERS.into_iter().filter(|reader| source.code.contains(reader)).collect();
        let waits = reads.iter().all(|reader| *reader == "Instant::now") && MAY_WAIT.contains(&module.as_str());
        (!reads.is_empty() && module != "clock" && !waits).then(|| format!("{}: {reads:?}", source.path.display()))
    };
    let wrong: Vec<_> = sources().iter().filter_map(fault).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_float_is_near_money() {
    let in_money = |source: &&Source| NO_FLOATS.iter().any(|place| source.path.starts_with(place));
    let floats = |source: &Source| source.code.contains("f64") || source.code.contains("f32");
    let wrong: Vec<_> = sources().iter().filter(in_money).filter(|s| floats(s)).map(|s| s.path.clone()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(sources().iter().filter(in_money).count() > 10, "the money is where it is looked for");
}

/// What is particular to an engine is in its dialect: elsewhere no engine is named, but where pages are fetched or made.
#[test]
fn engines_are_named_in_their_dialects() {
    const MAY_NAME: [&str; 4] = ["reading", "dialect", "source", "cli"];
    let named = |source: &Source| {
        let names =
            source.code.match_indices("EngineKind::").map(|(at, kind)| identifier(&source.code[at + kind.len()..]));
        let names: Vec<_> = names.filter(|name| !["UNKNOWN", "as_str", "reported"].contains(&name.as_str())).collect();
        let free = module(&source.path).is_none_or(|module| MAY_NAME.contains(&module.as_str()));
        (!names.is_empty() && !free).then(|| format!("{}: {names:?}", source.path.display()))
    };
    let wrong: Vec<_> = sources().iter().filter_map(named).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_state_is_shared_behind_a_lock() {
    // A driver thread hands its outcomes over in a basket; above the sources nothing is locked.
    let locks = |source: &Source| source.code.contains("Arc<Mutex<") || source.code.contains("Arc<RwLock<");
    let above = |source: &&Source| module(&source.path).is_none_or(|module| place(&module) > place("source"));
    let wrong: Vec<_> = sources().iter().filter(above).filter(|s| locks(s)).map(|s| s.path.clone()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_its_purpose_and_is_short() {
    let mut wrong = Vec::new();
    for source in FOLDERS.into_iter().flat_map(files_of) {
        let lines = source.text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{}: {lines} lines, split it", source.path.display()));
        }
        if !source.text.starts_with("//!") {
            wrong.push(format!("{}: does not say what it is for", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One name, one concept: whoever reads a type's name knows which type it is.
#[test]
fn a_type_name_stands_for_one_thing() {
    let twice: Vec<_> = defined(&sources())
        .into_iter()
        .filter(|(name, places)| places.len() > 1 && !NAMES_OF_MANY.contains(&name.as_str()))
        .collect();
    assert!(twice.is_empty(), "give the new type a name of its own: {twice:#?}");
}

#[test]
fn types_are_found_by_their_names() {
    let files = [
        ("src/a.rs", "pub struct A; impl T for A { type Output = B; } fn f() { struct C; }"),
        ("src/b.rs", "enum A { E } pub(crate) trait T {} type B<'s> = &'s A;"),
        ("src/lock.rs", "struct L;"),
        ("src/lock_windows.rs", "struct L;"),
    ];
    let sources: Vec<_> = files.iter().map(|(path, text)| Source::of(path.into(), (*text).to_owned())).collect();
    let found = defined(&sources);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["A", "B", "L", "T"]);
    assert_eq!(found["A"], ["src/a.rs", "src/b.rs"]);
    assert_eq!(found["L"], ["src/lock.rs"]);
}

/// The modules of a made-up program: paths of files and their text.
fn modules_of(files: &[(&str, &str)]) -> Modules {
    let sources: Vec<_> = files.iter().map(|(path, text)| Source::of(path.into(), (*text).to_owned())).collect();
    Modules::of(&sources)
}

#[test]
fn a_circle_is_found_through_imports_paths_and_re_exports() {
    let circles_of = |a: &str, b: &str, m: &str| {
        let files =
            [("src/lib.rs", "pub mod m; pub mod n;"), ("src/m/mod.rs", m), ("src/m/a.rs", a), ("src/m/b.rs", b)];
        let takes = takes(&modules_of(&files));
        circles(&takes).iter().map(|circle| described(circle, &takes)).collect::<Vec<_>>()
    };
    let m = "mod a; mod b; pub use a::A; pub(crate) use b::{B as C, f};";
    let found = circles_of("use super::b::B; struct A;", "use super::A; struct B;", m);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("src/m/a.rs takes B from src/m/b.rs"), "{found:?}");
    assert!(found[0].contains("src/m/b.rs takes A from src/m/a.rs"), "{found:?}");
    for (a, b) in [
        ("fn g() { super::b::f(); }", "fn f() -> crate::m::A { todo!() }"),
        ("use crate::m; fn g() { m::f() }", "use super::a; fn f() { vec![a::A] }"),
        ("use super::{C, b::{self}}; struct A(b::B);", "use super::a::*; fn f() {}"),
    ] {
        assert_eq!(circles_of(a, b, m).len(), 1, "{a} / {b}");
    }
    for (a, b) in [
        ("use super::b::B; struct A;", "struct B; impl B { fn of(a: u8) -> Self { /* super::A */ todo!() } }"),
        (
            "use super::b::B; struct A;",
            "struct B; #[cfg(test)] mod tests { use super::super::A; } fn f() { \"super::A\"; }",
        ),
        ("use super::b::B; struct A;", "#[cfg(test)] use super::A; struct B;"),
        ("use super::b::B; struct A;", "use crate::n::A; struct B;"),
    ] {
        assert!(circles_of(a, b, m).is_empty(), "{a} / {b}: {:?}", circles_of(a, b, m));
    }
    // Behind what is compiled for tests the file goes on.
    assert_eq!(
        circles_of("use super::b::B; struct A;", "#[cfg(test)] mod tests {} use super::A; struct B;", m).len(),
        1
    );
    let own = "mod a; mod b; pub struct A; fn go() { a::run() }";
    assert_eq!(circles_of("use super::A; pub fn run() {}", "", own).len(), 1);
}

#[test]
fn what_reaches_into_a_module_is_found() {
    let files = |from: &'static str| {
        let n = ("src/n/mod.rs", "pub mod open; mod shut; pub use shut::shut;");
        let files =
            [("src/lib.rs", "pub mod m; pub mod n;"), n, ("src/n/open.rs", "pub struct O;"), ("src/n/shut.rs", "")];
        let mut files = files.to_vec();
        files.push(("src/m.rs", from));
        named_inside(&modules_of(&files)).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(files("use crate::n::open::O;"), ["n::open"]);
    assert_eq!(files("use crate::n; fn f() -> n::open::O { todo!() }"), ["n::open"]);
    assert!(files("use crate::n::shut; fn f() { shut() }").is_empty());
}

#[test]
fn the_reader_of_imports_reads_what_is_written() {
    assert_eq!(imports("use crate::units::Money; crate::fleet::Fleet::new()"), ["units", "fleet"]);
    assert_eq!(imports("use crate::{units::{Money, Ratio}, tui, fleet::Fleet};"), ["units", "tui", "fleet"]);
}
