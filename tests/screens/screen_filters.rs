//! What a filter does beside its list: figures and charts follow it where they can, and say what they are of.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::reading::ModelName;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App};
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{press, text, type_};
use samples::{empty, fleet, twelve};

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

/// Class: money of the whole fleet beside the rows of a part of it.
#[test]
fn a_filter_says_that_the_money_is_of_the_whole_fleet() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut app = of(twelve());
        type_(&mut app, "/gpu-0003");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        let frame = text(&app, size.0, size.1);
        assert!(frame.contains("whole fleet"), "{frame}");
        assert!(frame.contains("1 of 12"), "the sums of what passes: {frame}");
    }
}

/// A dashboard that watched twelve nodes for a quarter hour.
fn watched_twelve() -> App {
    let history = History::default();
    let mut last = twelve();
    let end = last.at;
    for second in (0..=900).step_by(5) {
        last.at = end + Span::from_secs(second);
        history.record(&last, Span::from_secs(5));
    }
    let mut app = of(last);
    app.history = history;
    app
}

/// The cells of charts in which something is drawn.
fn dots(frame: &str) -> usize {
    frame.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count()
}

/// Class: charts of all beside rows of one.
#[test]
fn charts_follow_a_filter_that_leaves_one_node_unit_or_model() {
    let figure = |rate: Option<f64>| margintop::tui::format::scaled_tight(rate).trim().to_owned();
    let snapshot = twelve();
    let node = snapshot.nodes.iter().find(|node| node.name.as_str() == "gpu-0003").unwrap();
    let unit = snapshot.units[0].clone();
    for (typed, name, output) in [
        ("/gpu-0003", "gpu-0003".to_owned(), node.output_per_second),
        (&format!("/unit:{}", unit.unit), unit.unit.to_string(), unit.output_per_second),
    ] {
        for size in [(80, 24), (120, 36), (200, 50)] {
            let mut app = watched_twelve();
            type_(&mut app, typed);
            press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
            let frame = text(&app, size.0, size.1);
            let chart = frame.lines().find(|line| line.contains(&format!(" · {name} "))).unwrap_or_else(|| {
                panic!("no chart of {name}: {frame}");
            });
            assert!(chart.starts_with(" ─ "), "{chart}");
            let vital = frame.lines().find(|line| line.to_lowercase().contains("output")).unwrap();
            assert!(vital.contains(&figure(output)), "{} of {name}: {vital}", figure(output));
            if size.0 > 100 {
                assert!(dots(&frame) > 20, "its history: {frame}");
            }
        }
    }
}

/// A part of a unit, or nodes of several models, have no history of their own.
#[test]
fn charts_of_what_has_no_history_of_its_own_stay_the_fleets() {
    for typed in ["/gpu-000", "/util>0", "/nothing-of-this-name"] {
        for size in [(80, 24), (120, 36), (200, 50)] {
            let mut app = watched_twelve();
            type_(&mut app, typed);
            press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
            let frame = text(&app, size.0, size.1);
            assert!(frame.contains(" · whole fleet "), "{typed}: {frame}");
        }
    }
}

/// Class: a filter by model that finds no unit of it.
#[test]
fn units_are_found_by_their_model() {
    let mut snapshot = fleet(0);
    let is_of =
        |node: &&Arc<margintop::snapshot::NodeRow>| node.unit.as_ref().is_some_and(|unit| unit.as_str() == "decode-8");
    let nodes: Vec<_> = snapshot.nodes.iter().filter(is_of).map(|node| node.name.clone()).collect();
    for row in snapshot.engines.iter_mut().filter(|row| nodes.contains(&row.node)) {
        Arc::make_mut(row).model = Some(ModelName::new("qwen3-32b"));
    }
    let mut app = of(snapshot);
    type_(&mut app, "/model:qwen3-32b");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let frame = text(&app, 200, 50);
    assert!(frame.lines().any(|line| line.starts_with(" decode-8 ")), "{frame}");
    assert!(!frame.contains(" decode-7 ") && !frame.contains(" prefill-"), "{frame}");
}

/// Class: an empty map that does not say why.
#[test]
fn a_filter_that_nothing_passes_says_so() {
    let mut app = of(fleet(0));
    type_(&mut app, "/nothing-of-this-name");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    for size in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, size.0, size.1);
        assert!(frame.contains("nothing matches nothing-of-this-name: Esc clears the filter"), "{frame}");
    }
}

/// Class: a bound of a figure that no row has, which looks like one that no row meets.
#[test]
fn a_bound_of_an_unknown_figure_says_so() {
    for (view, known) in
        [("overview", "util, load"), ("nodes", "util, load"), ("engines", "kv, hit"), ("models", "hit, in")]
    {
        let mut app = of(fleet(0));
        type_(&mut app, &format!(":view {view}"));
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        type_(&mut app, "/foo<3");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        let frame = text(&app, 200, 50);
        assert!(!frame.contains("nothing matches"), "{view}: {frame}");
        assert!(frame.contains(&format!("no figure foo here ({known}")), "{view}: {frame}");
    }
}

/// Class: a number where cells are.
#[test]
fn a_unit_of_more_nodes_than_cells_shows_the_worst_and_how_many_more() {
    let mut snapshot = fleet(0);
    let unit = snapshot.nodes.iter().find_map(|node| node.unit.clone().filter(|unit| unit.as_str() == "decode-8"));
    assert!(unit.is_some());
    for node in snapshot.nodes.iter_mut().skip(100) {
        Arc::make_mut(node).unit.clone_from(&unit);
    }
    let count = snapshot.nodes.iter().filter(|node| node.unit == unit).count();
    Arc::make_mut(&mut snapshot.nodes[270]).state = margintop::reading::Health::Lost;
    let frame = text(&of(snapshot), 80, 24);
    let name = unit.unwrap().to_string();
    let row = frame.lines().find(|line| line.starts_with(&format!(" {name} "))).unwrap_or_else(|| panic!("{frame}"));
    let cells = row.chars().filter(|c| ('▁'..='█').contains(c) || "×?·".contains(*c)).count();
    assert!(row.contains('×') && row.contains(&format!("+{}", count - cells)), "{count}: {row}");
}

/// Class: a filter that names a node finds nothing where nodes stand under their units.
#[test]
fn a_node_of_a_unit_is_found_on_the_overview() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut app = of(fleet(0));
        let node = app.shown().nodes[0].clone();
        let unit = node.unit.clone().unwrap();
        for typed in
            [format!("/node:{}", node.name), format!("/{}", node.name), format!("/unit:{unit} node:{}", node.name)]
        {
            type_(&mut app, &typed);
            press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
            let frame = text(&app, size.0, size.1);
            assert!(!frame.contains("nothing matches"), "{typed}: {frame}");
            let profit = margintop::tui::format::signed_whole(node.profit_per_hour.unwrap(), 9);
            let amount = profit.trim_start_matches(['+', '▲', '▼', '−', ' ']);
            assert!(frame.lines().any(|line| line.contains(amount)), "{amount} of the node: {frame}");
            press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        }
        type_(&mut app, "/node:no-such-node");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        assert!(text(&app, size.0, size.1).contains("nothing matches"));
    }
}

/// Class: a row has one node's load and the money of its whole unit.
#[test]
fn engines_of_a_part_of_a_unit_have_no_money_of_all_of_it() {
    let mut app = of(fleet(0));
    let (unit, row) = {
        let shown = app.shown();
        let row = shown.engines.iter().find(|row| row.unit.is_some()).unwrap();
        let unit = shown.units.iter().find(|unit| Some(&unit.unit) == row.unit.as_ref()).unwrap();
        (unit.clone(), row.clone())
    };
    let revenue = margintop::tui::format::bare(unit.revenue_per_hour, 8).trim().to_owned();
    type_(&mut app, "4");
    assert!(text(&app, 200, 50).contains(&revenue), "the whole unit has it");
    type_(&mut app, &format!("/node:{}", row.node));
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let frame = text(&app, 200, 50);
    let list = frame.lines().skip_while(|line| !line.contains("─ Engines")).take(4).collect::<Vec<_>>().join("\n");
    let others = app.shown().engines.iter().filter(|other| other.unit == row.unit).any(|other| other.node != row.node);
    assert!(others && !list.contains(&revenue), "{revenue}: {list}");
    assert!(list.contains(&format!("▸ {} ", row.node)), "{list}");
}
