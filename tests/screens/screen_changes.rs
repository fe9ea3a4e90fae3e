//! Changes of one frame agree: the profit, its causes and the figures beside it are compared between the same two minutes.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::{History, Measure, Query, Subject};
use margintop::ledger::Past;
use margintop::reading::EngineRole;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use margintop::units::{Span, Timestamp};
use samples::past::{Making, R1, classes, gpu_time};
use samples::{dollars, hands::text, twelve};

const MINUTE: Span = Span::from_secs(60);

/// Forty minutes of one node: even traffic, a dip in the last quarter hour, and more than ever in the last minute. The
/// mean of the last quarter hour is below that of the one before.
fn past(until: Timestamp) -> Past {
    let begin = until - Span::from_secs(2_400);
    let mut making = Making(Past { since: begin, until, began: begin, ..Past::default() });
    let tariff = making.tariff("deepseek-r1-standard", "standard", R1);
    let snapshot = twelve();
    let (node, model) = (snapshot.nodes[0].name.to_string(), snapshot.models[0].model.to_string());
    let account = making.account(&node, None, &model, EngineRole::Unified);
    let pays = making.cost_account(Some(&node), None, Some("2.00"));
    for minute in 0..40 {
        let at = begin + Span::from_secs(60 * minute);
        let output = match minute {
            39 => 1_100_000,
            25..39 => 300_000,
            _ => 1_000_000,
        };
        making.tokens(at, account, Some(tariff), classes(output, output, output));
        making.rent(at, pays, gpu_time(8, 1), gpu_time(0, 1));
    }
    making.0
}

fn part(past: &Past, from: Timestamp, until: Timestamp) -> Past {
    let mut past = Past { since: from, until, ..past.clone() };
    past.tokens.retain(|cell| from <= cell.bucket && cell.bucket < until);
    past.gpu_times.retain(|cell| from <= cell.bucket && cell.bucket < until);
    past
}

/// A dashboard after those minutes, with the bridge that the recorder asks for.
fn app() -> App {
    let snapshot = Snapshot { alerts: Vec::new(), ..twelve() };
    let at = snapshot.at.minute() + Span::from_secs(25);
    let snapshot = Arc::new(Snapshot { at, ..snapshot });
    let until = at.minute();
    let past = past(until);
    let history = History::default();
    history.read_past(&past);
    let then = until - Span::from_secs(900);
    history.read_bridge(at, &part(&past, then - MINUTE, then), &part(&past, until - MINUTE, until));
    let mut app = App::new(snapshot, TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    app
}

fn show(app: &mut App, view: ViewId) {
    app.update(Action::Command(Command::Show(view)));
}

/// Class: a profit that falls beside tokens that rise, for one compares means and the other instants.
#[test]
fn all_changes_of_a_frame_are_between_the_same_minutes() {
    let mut app = app();
    let (then, now) = app.compared();
    assert_eq!((now - then).millis(), 900_000);
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        assert!(frame.contains("▲ $"), "{width}: {frame}");
        assert!(frame.contains("▲ 10 %"), "{width}: {frame}");
        let above_the_nodes = frame.split("─ Nodes").next().unwrap().replace("▲▼", "");
        assert!(!above_the_nodes.contains('▼'), "{width}: {frame}");
        assert!(!frame.contains("15 min means"), "{width}: {frame}");
    }
    let clock = margintop::tui::format::clock_minute(then, &TimeZone::UTC);
    let clock = clock.trim();
    let wide = text(&app, 200, 50);
    assert!(wide.contains(&format!(" than at {clock}")), "{wide}");
    assert!(wide.contains(&format!("/h against {clock}")), "{wide}");
    assert!(!wide.contains("over 15 min"), "{wide}");
    // One node and one model are compared between the same minutes.
    for key in ["2", "3"] {
        samples::hands::type_(&mut app, key);
        app.update(Action::Command(Command::Enter));
        let frame = text(&app, 120, 36);
        let changed: Vec<&str> =
            frame.lines().filter(|line| line.contains("/h vs ") || line.contains("/h against ")).collect();
        assert!(changed.iter().all(|line| !line.contains('▼')), "{frame}");
    }
}

/// Class: two figures of now, in one frame or in two views. The bridge ends with the last whole minute, which is not now.
#[test]
fn the_profit_of_now_is_one_figure_in_every_view() {
    let mut app = app();
    let bridge = app.history.bridge().unwrap();
    let live = app.shown().money.profit_per_hour.unwrap();
    assert_ne!(live.rounded(2), bridge.bridge.after.rounded(2));
    let [live, ended] = [live, bridge.bridge.after].map(|profit| margintop::tui::format::digits_within(profit, 7));
    for view in [ViewId::Overview, ViewId::Money] {
        show(&mut app, view);
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let frame = text(&app, width, height);
            assert!(frame.contains(&format!("{live} /h")) || view == ViewId::Money && width < 200, "{live}: {frame}");
            assert!(!frame.contains(&format!("{ended} /h")), "{ended}: {frame}");
            let now = |line: &&str| line.contains(" now ") && line.contains(&ended);
            assert_eq!(frame.lines().find(now), None, "{frame}");
        }
    }
}

/// Class: an instant of the past shown with the minute after it, and its change by another rule than the present's.
#[test]
fn an_earlier_instant_is_shown_as_it_was_then() {
    let mut app = app();
    app.history.record(app.shown(), Span::from_secs(5));
    let live = app.compared();
    let bridge = app.history.bridge().unwrap().bridge.change();
    // Back to the end of the last whole minute.
    app.update(Action::Command(Command::Step(margintop::tui::app::Direction::Previous)));
    while app.then().is_some_and(|then| then > live.1) {
        app.update(Action::Command(Command::Step(margintop::tui::app::Direction::Previous)));
    }
    assert_eq!(app.compared().1, app.then().unwrap().minute());
    if app.then() == Some(live.1) {
        let query = |until| Query { subject: Subject::Fleet, measure: Measure::Profit, until, step: MINUTE, points: 1 };
        let of = |until| app.history.series(&query(until)).points[0].unwrap();
        assert!((of(live.1) - of(live.0) - bridge.rounded(2) as f64 / 100.0).abs() < 0.02);
        let shown = app.shown().money.profit_per_hour.unwrap().rounded(2) as f64 / 100.0;
        assert!((shown - of(live.1)).abs() < 0.02, "{shown}");
    }
}

/// Class: profit, revenue and cost of one frame are of different instants.
#[test]
fn the_digits_change_only_with_the_figures_they_are_the_difference_of() {
    let at = |second: i64| {
        let mut snapshot = twelve();
        snapshot.at = snapshot.at + Span::from_secs(second);
        let money = &mut snapshot.money;
        (money.revenue, money.cost) = (Some(dollars(500.0 + 11.0 * second as f64)), Some(dollars(200.0)));
        money.profit = Some(dollars(300.0 + 11.0 * second as f64));
        (money.uncosted_revenue, money.uncosted_engines) = (dollars(0.0), 0);
        Arc::new(snapshot)
    };
    let mut app = App::new(at(0), TimeZone::UTC, Span::from_secs(1), 1);
    let mut before: Option<(String, String)> = None;
    for second in 0..12 {
        app.update(Action::Fresh(at(second)));
        let frame = text(&app, 120, 36);
        let digits: String =
            frame.lines().skip(3).take(3).map(|line| line.chars().take(38).collect::<String>()).collect();
        let revenue =
            frame.lines().find(|line| line.contains("revenue ≥") || line.contains("revenue  ")).map(str::to_owned);
        let revenue = revenue.unwrap_or_else(|| frame.lines().nth(7).unwrap().to_owned());
        let revenue: String = revenue.chars().take(38).collect();
        if let Some((old, facts)) = &before {
            assert_eq!(*old == digits, *facts == revenue, "second {second}: {frame}");
        }
        before = Some((digits, revenue));
    }
}

/// Class: a measure of the cells that changes the word in the footer and nothing else.
#[test]
fn every_measure_of_the_cells_is_drawn_and_named() {
    let mut app = App::new(Arc::new(twelve()), TimeZone::UTC, Span::from_secs(1), 1);
    let mut seen = std::collections::BTreeSet::new();
    for (measure, heading) in [
        ("load", "GPUs"),
        ("memory", "memory"),
        ("KV", "KV use"),
        ("profit/h", "profit"),
        ("hits", "hits"),
        ("temp", "temp"),
        ("power", "power"),
    ] {
        let frame = text(&app, 120, 36);
        let title = frame.lines().find(|line| line.contains("─ Nodes")).unwrap();
        assert!(title.contains(&format!(" {heading} ")), "{measure}: {title}");
        let row = frame.lines().find(|line| line.trim_start().starts_with("gpu-0000")).unwrap();
        let heat: String = row.chars().filter(|c| "▁▂▃▄▅▆▇·".contains(*c)).take(8).collect();
        assert!(!heat.contains('·'), "{measure}: {row}");
        seen.insert(heat);
        samples::hands::type_(&mut app, "m");
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

/// Class: power that is known of every GPU and drawn of none, for no exporter tells its limit.
#[test]
fn power_without_a_limit_is_drawn_on_the_scale_of_the_highest() {
    let mut snapshot = samples::fleet(0);
    for node in &mut snapshot.nodes {
        for gpu in &mut Arc::make_mut(node).gpus {
            (gpu.power_watts, gpu.power_limit_watts) = (Some(400.0 + f64::from(gpu.index) * 10.0), None);
        }
    }
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
    app.charts.cells = margintop::tui::app::Cells::Power;
    for (width, height) in [(120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let row = frame.lines().find(|line| line.trim_start().starts_with("decode-1")).unwrap();
        assert!(row.contains("▇") || row.contains("▆"), "{frame}");
    }
    assert!(text(&app, 200, 50).contains("0 to the highest"));
    app.update(Action::Command(Command::Cells));
}

/// Class: the sums of the day are those of the snapshot in one part of a frame, and those of the ledger in another.
#[test]
fn the_money_view_has_one_sum_of_each_kind() {
    let mut app = samples::pages::app(samples::pages::Page::Fleet);
    show(&mut app, ViewId::Money);
    let page = app.money.page.clone().unwrap();
    let snapshot = app.money.snapshot.clone().unwrap();
    let total = &page.models.total;
    assert_eq!(
        (snapshot.money.revenue, snapshot.money.cost, snapshot.money.profit),
        (total.revenue, total.cost, total.profit)
    );
    let revenue = margintop::tui::format::amount_within(total.revenue, "USD", 8);
    let frame = text(&app, 120, 36);
    assert!(frame.contains(revenue.trim()), "{revenue}: {frame}");
}

/// Class: after a restart the mean of the absence, which the ledger posts in its minutes, is compared as if it were watched.
#[test]
fn nothing_is_compared_with_a_minute_that_was_not_watched() {
    // The minute that ends a quarter hour before the last whole one is the middle of the absence.
    let absence = |app: &App, until: i64| {
        let (then, now) = app.compared();
        (then - Span::from_secs(90), now - Span::from_secs(until))
    };
    let drawn_at = |until: i64| {
        let mut app = app();
        let snapshot = Snapshot { absence: Some(absence(&app, until)), ..Snapshot::clone(app.shown()) };
        let (at, bridge) = (snapshot.at, app.history.bridge().unwrap().bridge.clone());
        let history = History::default();
        let past = past(at.minute());
        history.read_past(&past);
        let returned = snapshot.absence.unwrap().1;
        for seconds in (0..(at - returned).millis() / 1_000).step_by(5) {
            history.record(&Snapshot { at: returned + Span::from_secs(seconds), ..snapshot.clone() }, MINUTE);
        }
        history.record(&snapshot, Span::from_secs(5));
        let minute = |end: Timestamp| part(&past, end - MINUTE, end);
        history.read_bridge(at, &minute(bridge.before_span.1), &minute(bridge.after_span.1));
        assert!(history.bridge().is_none(), "the bridge begins in the absence");
        app.history = history;
        app.update(Action::Fresh(Arc::new(snapshot)));
        (app.compared(), text(&app, 200, 50), returned)
    };
    // Five minutes after the return the first whole minute since then is compared.
    let ((then, now), frame, returned) = drawn_at(330);
    assert!(then - MINUTE >= returned && then < now, "{then:?} {returned:?}");
    let clock = margintop::tui::format::clock_minute(then, &TimeZone::UTC);
    assert!(frame.contains(&format!("at {}", clock.trim())), "{frame}");
    // Half a minute after it nothing is.
    let (_, frame, _) = drawn_at(30);
    assert!(!frame.contains("than at") && !frame.contains("/h against") && !frame.contains("about as at"), "{frame}");
}

/// Class: keys change the span of all charts but the largest one; and a span is named that nothing is known of.
#[test]
fn a_chosen_span_is_that_of_every_chart() {
    use margintop::tui::app::Direction;
    let title = |app: &App, words: &str| {
        let frame = text(app, 200, 50);
        frame.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned()
    };
    let mut app = app();
    assert!(title(&app, "Revenue = cost").contains("since "), "a day is not known: {}", title(&app, "Revenue = cost"));
    app.update(Action::Command(Command::StepSpan(Direction::Previous)));
    assert!(title(&app, "Revenue = cost").contains(", 15 min "), "{}", title(&app, "Revenue = cost"));
    let small =
        |app: &App| text(app, 80, 24).lines().find(|line| line.contains("scale ─")).unwrap_or_default().to_owned();
    app.history.record(app.shown(), Span::from_secs(5));
    for _ in 0..3 {
        app.update(Action::Command(Command::StepSpan(Direction::Next)));
    }
    assert!(small(&app).contains("─ Since ") && !small(&app).contains("24 h"), "{}", small(&app));
}
