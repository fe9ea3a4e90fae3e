//! What stands beside charts and in tables of the overview, the money view and what-if: keys of colours, causes, what to do.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::reading::UnitName;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use samples::hands::{text, watched};
use samples::pages::{self, Page, quarters};
use samples::{Case, case, empty, fleet};

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

fn row_of<'f>(frame: &'f str, word: &str) -> &'f str {
    frame.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("no {word} in\n{frame}"))
}

/// Class: a colour that nothing explains. A wide title has the keys, a narrow chart has them beside its scale.
#[test]
fn the_colours_of_prompts_are_reported_at_any_width() {
    let app = watched();
    for width in [120, 140, 160, 180, 200] {
        let frame = text(&app, width, 36);
        let is_in_title = row_of(&frame, "─ Prompt  ").contains("▪ hit ▪ computed");
        let is_beside = frame.contains("▪hit") && frame.contains("▪comp");
        assert!(is_in_title != is_beside, "{width}: {frame}");
    }
}

/// Class: an alert that is cut before it says what to do, beside empty rows.
#[test]
fn an_alert_that_finds_no_room_goes_on_in_a_second_row() {
    let frame = text(&of(case(Case::Loss)), 200, 50);
    let rows: Vec<&str> = frame.lines().collect();
    let at = rows.iter().position(|row| row.contains("▲ :8000: KV near full at peak")).unwrap();
    assert!(rows[at + 1].contains("→ raise gpu-memory-utilization"), "{frame}");
    // Where they do not all find two rows each has one, and the rule says where the others are.
    let frame = text(&of(fleet(0)), 120, 36);
    assert!(row_of(&frame, "─ Alerts 5").contains(" · 3 more, key 7"), "{frame}");
}

/// Class: a list that folds its last rows below others that say the same twice.
#[test]
fn a_box_of_eight_gpus_shows_all_of_them_on_80_columns() {
    let frame = text(&of(case(Case::Loss)), 80, 24);
    for gpu in 0..8 {
        row_of(&frame, &format!(" {gpu} H100"));
    }
    assert!(row_of(&frame, "? help").contains("7 alerts 2"), "{frame}");
}

/// Class: a legend of what is in no chart of the view.
#[test]
fn the_header_explains_the_charts_that_are_there() {
    let at = |view, width| {
        let mut app = watched();
        app.update(Action::Command(Command::Show(view)));
        row_of(&text(&app, width, 40), " 1 overview").to_owned()
    };
    for width in [120, 200] {
        assert!(at(ViewId::Overview, width).contains("╌ break-even"));
        for (view, said) in [
            (ViewId::Money, "today by the hour"),
            (ViewId::Models, "[ 1 h ]"),
            (ViewId::Alerts, "[ 1 h ]"),
            (ViewId::Balance, "7 alerts"),
        ] {
            let row = at(view, width);
            assert!(row.contains(said) && !row.contains("break-even"), "{view:?}: {row}");
        }
    }
    assert!(at(ViewId::Money, 200).contains("╌ yesterday"));
    let mut app = pages::app(Page::PublishedDay);
    app.update(Action::Command(Command::WhatIf));
    assert!(row_of(&text(&app, 120, 36), " 1 overview").ends_with("what if  not real money "));
}

/// Class: a change without what it was made of, beside empty columns.
#[test]
fn causes_of_a_change_are_reported_with_their_figures() {
    let mut app = pages::app(Page::PublishedDay);
    app.update(Action::Command(Command::Show(ViewId::Overview)));
    let history = History::default();
    let [before, after] = quarters(Page::PublishedDay, app.shown().at);
    history.read_bridge(app.shown().at, &before, &after);
    let causes = history.bridge().unwrap().causes;
    assert!(causes.is_some());
    app.history = history;
    for size in [(120, 36), (200, 50)] {
        let frame = text(&app, size.0, size.1);
        assert!(row_of(&frame, " traffic  ").contains("% tokens"), "{frame}");
    }
}

/// Class: an empty half of a large screen.
#[test]
fn what_if_has_the_price_lists_below_its_levers() {
    let mut app = pages::app(Page::PublishedDay);
    app.update(Action::Command(Command::WhatIf));
    pages::answer(&mut app, Page::PublishedDay);
    let frame = text(&app, 200, 50);
    assert!(frame.contains("─ Same tokens at ") && frame.contains("deepseek-r1-standard ●"), "{frame}");
    let lists = frame.lines().filter(|row| row.chars().take(98).collect::<String>().contains(" x ")).count();
    assert!(lists >= 5, "{lists} lists in\n{frame}");
}

/// The fleet with its last units taken apart: their nodes are in none, and serve `model`.
fn with_loose_nodes() -> Snapshot {
    let mut snapshot = fleet(0);
    let kept: Vec<_> = snapshot.units.iter().filter(|unit| unit.unit.as_str().starts_with("decode")).cloned().collect();
    let is_kept =
        |unit: &Option<UnitName>| unit.as_ref().is_some_and(|name| kept.iter().any(|unit| unit.unit == *name));
    for node in &mut snapshot.nodes {
        let node = Arc::make_mut(node);
        node.unit = node.unit.take().filter(|unit| is_kept(&Some(unit.clone())));
    }
    for engine in &mut snapshot.engines {
        let engine = Arc::make_mut(engine);
        engine.unit = engine.unit.take().filter(|unit| is_kept(&Some(unit.clone())));
    }
    snapshot.units = kept;
    snapshot
}

/// Class: names whose places change with every figure.
#[test]
fn small_units_that_are_all_shown_stand_by_their_names() {
    let mut snapshot = with_loose_nodes();
    for (place, unit) in snapshot.units.iter_mut().enumerate() {
        unit.revenue_per_hour = Some(samples::dollars(4_000.0 - 100.0 * place as f64));
    }
    let small: Vec<_> = fleet(0).units.into_iter().filter(|unit| unit.unit.as_str().starts_with("prefill")).collect();
    for (place, mut unit) in small.into_iter().take(6).enumerate() {
        // The last by name is the worst.
        unit.revenue_per_hour = Some(samples::dollars(90.0 - place as f64));
        let nodes = fleet(0).nodes.into_iter().filter(|node| node.unit.as_ref() == Some(&unit.unit));
        for node in nodes {
            let own = snapshot.nodes.iter_mut().find(|own| own.name == node.name).unwrap();
            Arc::make_mut(own).unit = node.unit.clone();
        }
        snapshot.units.push(unit);
    }
    let frame = text(&of(snapshot), 120, 36);
    assert!(frame.contains("the worst stand above"), "{frame}");
    let row = row_of(&frame, "prefill-");
    let places = ["01", "02", "03"].map(|name| row.find(name));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{row}\n{frame}");
}

/// Class: a bound that is given another reason than its own.
#[test]
fn an_upper_bound_says_why_it_is_one() {
    for (on_trial, growth_uncertain, why) in [
        (true, false, "growth on trial, may be taken back"),
        (true, true, "growth on trial, may be taken back"),
        (false, true, "a part may be older than this run, or of a process that stopped"),
        (false, false, "unknown hits, unproven tokens"),
    ] {
        let mut snapshot = case(Case::Loss);
        (snapshot.money.upper_bound, snapshot.money.on_trial, snapshot.money.growth_uncertain) =
            (true, on_trial, growth_uncertain);
        let frame = text(&of(snapshot), 200, 50);
        let words = ["growth on trial", "a part may be older", "unknown hits, unproven"];
        assert!(frame.contains(why), "{why}:\n{frame}");
        assert_eq!(words.iter().filter(|word| frame.contains(**word)).count(), 1, "{why}:\n{frame}");
    }
}
