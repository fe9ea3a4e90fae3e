//! Rows and their totals: of one instant, from one source, and they add up.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::reading::{EngineRole, UnitName};
use margintop::snapshot::{Snapshot, TokenTotals};
use margintop::tui::app::{Action, App, Command, Direction};
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::fleet;
use samples::hands::{draw, press, text, type_};

const NODES: usize = 4;

/// Four engines on four nodes whose figures change with every poll, and their sums.
fn moving(beat: u64) -> Snapshot {
    let mut snapshot = fleet(beat);
    snapshot.nodes.truncate(NODES);
    snapshot.engines.truncate(NODES);
    snapshot.samples.clear();
    snapshot.units.clear();
    snapshot.models.truncate(1);
    let (mut prompt, mut output, mut waiting) = (0.0, 0.0, 0);
    for place in 0..NODES {
        let own = 1.0 + place as f64 + (beat % 60) as f64 * 3.0;
        let (node, row) = (Arc::make_mut(&mut snapshot.nodes[place]), Arc::make_mut(&mut snapshot.engines[place]));
        node.unit = None;
        (row.unit, row.role, row.rank) = (None, EngineRole::Unified, None);
        (row.prompt_per_second, row.output_per_second) = (Some(own * 331.0), Some(own * 97.0));
        (row.waiting, row.running) = (Some(beat / 5 % 12), Some(7));
        (node.prompt_per_second, node.output_per_second) = (row.prompt_per_second, row.output_per_second);
        (prompt, output, waiting) = (prompt + own * 331.0, output + own * 97.0, waiting + beat / 5 % 12);
    }
    let model = &mut snapshot.models[0];
    (model.prompt_per_second, model.output_per_second) = (Some(prompt), Some(output));
    snapshot.tokens =
        TokenTotals { prompt_per_second: Some(prompt), output_per_second: Some(output), ..snapshot.tokens };
    snapshot.requests.waiting = Some(waiting);
    snapshot
}

/// A dashboard after ten minutes of a fleet.
fn recorded_of(fleet: fn(u64) -> Snapshot) -> App {
    let history = History::default();
    for beat in (0..=600).step_by(5) {
        history.record(&fleet(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(fleet(600)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    draw(&mut app);
    app
}

/// Class: a total of five seconds below rows of a minute.
#[test]
fn totals_of_an_earlier_instant_are_those_of_its_rows() {
    let mut app = recorded_of(moving);
    let mut seen = 0;
    for _ in 0..30 {
        app.update(Action::Command(Command::Step(Direction::Previous)));
        let shown = app.shown();
        let waiting: u64 = shown.engines.iter().filter_map(|row| row.waiting).sum();
        assert_eq!(shown.requests.waiting, Some(waiting), "at {:?}", app.then());
        let rows: [Vec<Option<f64>>; 3] = [
            shown.nodes.iter().map(|row| row.prompt_per_second).collect(),
            shown.engines.iter().map(|row| row.prompt_per_second).collect(),
            shown.models.iter().map(|row| row.prompt_per_second).collect(),
        ];
        let total = shown.tokens.prompt_per_second.unwrap();
        for rows in rows {
            let sum: f64 = rows.iter().flatten().sum();
            assert!((sum - total).abs() < 1e-6 * total, "{sum} of {total} at {:?}", app.then());
        }
        assert!(shown.gpus.utilization.is_some());
        seen += usize::from(app.then().is_some());
    }
    assert!(seen > 20, "{seen}");
}

/// Class: prompts of a pair of prefill and decode counted on the pages of both.
#[test]
fn a_pair_of_prefill_and_decode_has_the_prompts_of_one_in_every_grouping() {
    let mut snapshot = moving(0);
    for (place, role) in [(0, EngineRole::Prefill), (1, EngineRole::Decode)] {
        let row = Arc::make_mut(&mut snapshot.engines[place]);
        (row.role, row.unit) = (role, Some(UnitName::new(if place == 0 { "one" } else { "two" })));
        (row.prompt_per_second, row.output_per_second) = (Some(5_120.0), Some(640.0));
    }
    snapshot.engines.truncate(2);
    snapshot.nodes.truncate(2);
    let model = &mut snapshot.models[0];
    (model.prompt_per_second, model.output_per_second) = (Some(5_120.0), Some(640.0));
    snapshot.tokens.prompt_per_second = Some(5_120.0);
    snapshot.tokens.output_per_second = Some(640.0);
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
    type_(&mut app, "4uu");
    for keys in ["", "/", "o"] {
        type_(&mut app, keys);
        if keys == "/" {
            type_(&mut app, "role:decode node:gpu-000*");
            press(&mut app, KeyCode::Esc, KeyModifiers::NONE);
        }
        let screen = text(&app, 160, 40);
        assert!(screen.contains("5.12k") && !screen.contains("10.2k"), "{screen}");
        assert!(!screen.contains("1,280"), "{screen}");
    }
}

/// An unpriced fleet whose first node has two ranks.
fn ranked(beat: u64) -> Snapshot {
    let mut snapshot = moving(beat);
    snapshot.models[0].money.list = None;
    snapshot.models[0].money.revenue_per_hour = None;
    snapshot.models[0].money.cost_per_hour = Some(margintop::units::Money::from_micros(31_200_000));
    snapshot.money.unpriced_tokens = 1_000;
    let model = snapshot.models[0].model.clone();
    for node in &mut snapshot.nodes {
        let node = Arc::make_mut(node);
        (node.revenue, node.revenue_per_hour, node.profit, node.profit_per_hour) = (None, None, None, None);
    }
    for engine in &mut snapshot.engines {
        Arc::make_mut(engine).model = Some(model.clone());
    }
    let mut second = (*snapshot.engines[0]).clone();
    second.rank = Some(margintop::reading::Rank::new("1"));
    Arc::make_mut(&mut snapshot.engines[0]).rank = Some(margintop::reading::Rank::new("0"));
    snapshot.engines.push(Arc::new(second));
    snapshot
}

/// Class: what is known of an earlier instant, and blank.
#[test]
fn a_node_of_an_earlier_instant_is_unpriced_and_has_its_requests() {
    let mut app = recorded_of(ranked);
    app.update(Action::Command(Command::Step(Direction::Previous)));
    assert!(app.then().is_some());
    let frame = text(&app, 200, 50);
    let row = |name: &str| {
        frame.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{frame}"))
    };
    for name in ["gpu-0000", "gpu-0001"] {
        assert!(row(name).contains("unpriced"), "{frame}");
    }
    assert!(row("gpu-0000").contains(" 14 "), "both of its ranks: {frame}");
    assert!(row("gpu-0001").contains(" 7 "), "{frame}");
    // The keys of time stand once.
    let footer = frame.lines().rev().find(|line| line.contains("End now")).unwrap_or_else(|| panic!("{frame}"));
    assert_eq!(footer.matches("← →").count(), 1, "{footer}");
}

/// Class: a sum up to now in a frame of an earlier instant.
#[test]
fn what_burnt_up_to_now_is_not_in_an_earlier_frame() {
    let mut app = recorded_of(ranked);
    let has_sum = |app: &App| {
        let frame = text(app, 200, 50);
        let row = frame.lines().find(|line| line.contains(" its rent ")).unwrap_or_else(|| panic!("{frame}"));
        let row: String = row.chars().take(67).collect();
        row.trim_end().ends_with(|last: char| last.is_ascii_digit())
    };
    assert!(has_sum(&app));
    app.update(Action::Command(Command::Step(Direction::Previous)));
    assert!(app.then().is_some() && !has_sum(&app));
}
