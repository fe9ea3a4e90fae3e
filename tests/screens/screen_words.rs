//! No word of the screen is cut: what does not fit has a shorter form, or is left out whole.

use crate::samples;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{Health, Label};
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App};
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{press, text, type_, watched};
use samples::pages::{self, Page};
use samples::{Case, alert, case, empty};

/// Letters from which a run of them is a word that can be distinguished from an abbreviation.
const LEAST: usize = 3;

/// Runs of letters, with what stands before and behind each.
fn words(line: &str) -> Vec<(Option<char>, String, Option<char>)> {
    let chars: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|c| c.is_ascii_alphabetic()).count();
        if length >= LEAST {
            let word = chars[at..at + length].iter().collect();
            found.push((at.checked_sub(1).map(|before| chars[before]), word, chars.get(at + length).copied()));
        }
        at += length.max(1);
    }
    found
}

/// Every word of the sources and of the tests' snapshots: whatever is shown whole is among them.
fn vocabulary(folder: &Path, known: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            vocabulary(&path, known);
        } else if path.extension().is_some_and(|ext| ext == "rs" || ext == "toml") {
            known.extend(words(&fs::read_to_string(&path).unwrap()).into_iter().map(|(_, word, _)| word));
        }
    }
}

fn known() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for folder in ["src", "prices", "themes", "tests/samples"] {
        vocabulary(&root.join(folder), &mut known);
    }
    known
}

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

/// Sizes of every kind of screen, and those just beside where another layout begins.
fn sizes() -> Vec<(u16, u16)> {
    let widths =
        [40, 41, 47, 55, 56, 60, 66, 73, 76, 78, 80, 90, 100, 107, 110, 120, 133, 159, 162, 180, 200, 250, 320, 400];
    let heights = [12, 18, 24, 36, 50, 120];
    widths.into_iter().flat_map(|width| heights.map(|height| (width, height))).collect()
}

/// The words of a frame that are no words, but the beginning of one: cut by whatever stands behind them. What a sign of
/// shortening stands beside is a name, and its middle is left out on purpose.
fn cut_words(frame: &str, known: &BTreeSet<String>) -> Vec<String> {
    let is_beginning = |word: &str| {
        let after = known.range(word.to_owned()..).next();
        after.is_some_and(|longer| longer.starts_with(word))
    };
    let lines = frame.lines().flat_map(|line| words(line).into_iter().map(move |word| (line, word)));
    let is_cut = |(_, (before, word, behind)): &(&str, (Option<char>, String, Option<char>))| {
        let is_name = *before == Some('…') || *behind == Some('…');
        !is_name && !known.contains(word) && is_beginning(word)
    };
    lines.filter(is_cut).map(|(line, (_, word, _))| format!("{word:?} in {line}")).collect()
}

#[test]
fn a_cut_word_is_found() {
    let known = known();
    assert_eq!(cut_words("15x4 is too sma\nprofit on cost", &known).len(), 1);
    assert!(cut_words("is too small, Llama-3…nstruct", &known).is_empty());
}

#[test]
fn no_word_is_cut_at_any_size() {
    let known = known();
    let mut apps: Vec<(String, App)> = Vec::new();
    for which in [Case::OneBox, Case::Fleet, Case::Loss, Case::Nothing, Case::Blank, Case::Unpriced, Case::Uncosted] {
        apps.push((which.name().to_owned(), of(case(which))));
    }
    for key in ["1", "2", "7", "?"] {
        let mut app = watched();
        type_(&mut app, key);
        apps.push((format!("key {key}"), app));
    }
    let mut node = watched();
    type_(&mut node, "2");
    press(&mut node, KeyCode::Enter, KeyModifiers::NONE);
    apps.push(("node".to_owned(), node));
    apps.push(("money".to_owned(), pages::app(Page::Fleet)));
    let mut cut = Vec::new();
    for (name, app) in &apps {
        for (width, height) in sizes() {
            let found = cut_words(&text(app, width, height), &known);
            cut.extend(found.into_iter().map(|word| format!("{name} {width}x{height}: {word}")));
        }
    }
    let some: Vec<&String> = cut.iter().take(60).collect();
    assert!(cut.is_empty(), "{} words are cut: {some:#?}", cut.len());
}

/// The smallest terminals say what they can in whole words.
#[test]
fn a_tiny_screen_says_so_in_whole_words() {
    let known = known();
    let app = of(case(Case::OneBox));
    for width in 1..40 {
        for height in 1..12 {
            let found = cut_words(&text(&app, width, height), &known);
            assert!(found.is_empty(), "{width}x{height}: {found:?}");
        }
    }
}

/// Class: half of a sentence, cut in its middle.
#[test]
fn a_lost_gpu_says_so_however_narrow_its_row_is() {
    let mut snapshot = case(Case::OneBox);
    let node = Arc::make_mut(&mut snapshot.nodes[0]);
    node.gpus[1].state = Health::Lost;
    node.gpus[1].reason =
        Some(Label::new("its exporter answers without it: it fell off the bus, or the exporter lost it"));
    let app = of(snapshot);
    for (width, whole) in [(80, "lost"), (120, "lost"), (200, "lost: its exporter answers without it")] {
        let frame = text(&app, width, if width == 80 { 24 } else { 50 });
        let row = frame.lines().find(|line| line.starts_with(" × 1 ")).unwrap_or_else(|| panic!("{frame}"));
        assert!(row.contains(whole) && !row.contains('…'), "{row}");
    }
}

/// Class: a cause that the data does not show.
#[test]
fn ranks_of_engines_that_do_not_answer_are_not_said_to_need_a_unit() {
    let mut snapshot = case(Case::OneBox);
    snapshot.engines.clear();
    (snapshot.coverage.engines_live, snapshot.coverage.engines_known) = (0, 2);
    let mut app = of(snapshot.clone());
    type_(&mut app, "6");
    let frame = text(&app, 120, 36);
    assert!(frame.contains("No engine answers now") && !frame.contains("Name a `unit`"), "{frame}");
    (snapshot.coverage.engines_live, snapshot.coverage.engines_known) = (2, 2);
    let mut app = of(snapshot);
    type_(&mut app, "6");
    assert!(text(&app, 120, 36).contains("Name a `unit`"));
}

/// Class: an alert that is cut before it says what is wrong.
#[test]
fn an_alert_that_finds_no_room_is_named_by_its_rule() {
    let mut snapshot = case(Case::OneBox);
    let at = snapshot.at - Span::from_secs(60);
    let long = "the cache of keys and values is full and requests wait for it: give it more memory";
    snapshot.alerts =
        (0..9).map(|gpu| alert(Rule::KvNearFull, Severity::Warning, &format!("engine-{gpu}"), at, long)).collect();
    let frame = text(&of(snapshot), 80, 24);
    assert!(frame.contains("engine-0: KV near full"), "{frame}");
}
