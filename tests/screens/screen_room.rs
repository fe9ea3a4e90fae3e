//! What views show where there is room, and what they keep where there is little.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App, Command, Motion};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use samples::hands::text;
use samples::pages::{self, Page};
use samples::watched;

fn at(view: ViewId, (width, height): (u16, u16)) -> String {
    let mut app = watched();
    app.update(Action::Command(Command::Show(view)));
    text(&app, width, height)
}

fn app_without_alerts() -> App {
    let mut app = watched();
    let mut snapshot = (**app.shown()).clone();
    snapshot.alerts.clear();
    app.update(Action::Fresh(Arc::new(snapshot)));
    app.update(Action::Command(Command::Show(ViewId::Alerts)));
    app
}

/// Class: a gauge that gives way to a column that says less.
#[test]
fn engines_keep_the_gauge_of_their_caches_on_120_columns() {
    let frame = at(ViewId::Engines, (120, 36));
    let unit = frame.lines().find(|line| line.starts_with(" ▸ decode-1 ")).unwrap();
    assert!(unit.contains('━'), "{unit}");
    let heading = frame.lines().find(|line| line.starts_with(" ─ Engines")).unwrap();
    assert!(heading.contains("15m") && !heading.contains("15out"), "no heading runs into the next: {heading}");
}

#[test]
fn two_models_stand_side_by_side_on_200_columns() {
    let frame = at(ViewId::Models, (200, 50));
    let heads: Vec<&str> = frame.lines().filter(|line| line.matches(" profit an hour ─").count() == 2).collect();
    assert_eq!(heads.len(), 1, "{frame}");
    assert!(heads[0].contains("─ deepseek-r1 ─") && heads[0].contains("─ deepseek-v3 ─"), "{}", heads[0]);
    for title in ["─ ▪ Output  ", "─ Prompt  ", "─ ▪ Hit rate  ", "─ TTFT ", "─ Latency ", "─ What a token earns "]
    {
        let both = frame.lines().any(|line| line.matches(title).count() == 2);
        assert!(both, "{title} of both, in one row: {frame}");
    }
    let one = at(ViewId::Models, (160, 50));
    assert!(!one.lines().any(|line| line.matches(" profit an hour ─").count() == 2), "{one}");
}

#[test]
fn balance_shows_what_the_ranks_make_and_a_second_unit_where_there_is_room() {
    for size in [(120, 36), (200, 50)] {
        let frame = at(ViewId::Balance, size);
        assert!(frame.contains("─ output tokens a second, a rank ─"), "{frame}");
    }
    let frame = at(ViewId::Balance, (200, 50));
    let titles = frame.matches("  KV cache, a rank ─").count();
    assert_eq!(titles, 2, "the chosen unit and the next one: {frame}");
    // Ranks of several engines are numbered alike: their nodes tell them apart.
    let minutes = frame.lines().find(|line| line.contains("▅▅▅▅▅▅▅▅▅▅▅▅")).unwrap();
    assert!(minutes.contains(" gpu-0"), "{minutes}");
}

/// Class: half of a small screen empty.
#[test]
fn alerts_name_the_rules_where_little_is_wrong() {
    let app = app_without_alerts();
    let frame = text(&app, 80, 24);
    let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
    assert!(frame.contains("─ Rules ") && blank <= 3, "{blank} rows are blank: {frame}");
    let count = |line: &str| line.split_whitespace().last().unwrap().to_owned();
    let rules: Vec<&str> =
        frame.lines().filter(|line| line.starts_with(" lost  ") || line.starts_with(" stalled ")).collect();
    assert_eq!(rules.iter().map(|line| count(line)).collect::<Vec<_>>(), ["0", "0"], "{frame}");
    // What holds now is counted.
    let frame = at(ViewId::Alerts, (80, 24));
    let lost = frame.lines().find(|line| line.starts_with(" lost  ")).unwrap();
    assert_eq!(count(lost), "1", "{lost}");
}

/// Class: a third of a large screen empty where nothing is wrong.
#[test]
fn events_stand_below_the_alerts_of_the_overview_where_there_is_room() {
    let mut app = app_without_alerts();
    app.update(Action::Command(Command::Show(ViewId::Overview)));
    let frame = text(&app, 200, 50);
    let alerts = frame.lines().position(|line| line.contains("─ Alerts  none ─")).unwrap();
    assert!(frame.lines().nth(alerts + 1).unwrap().contains("─ Events · 24 h ─"), "{frame}");
    assert!(frame.contains("gpu-0019 GPU 6: held"), "what is over: {frame}");
}

/// Class: half of a small screen empty where nothing answers, and what to do cut off.
#[test]
fn what_is_wrong_has_the_room_of_the_models_where_none_is_known() {
    for size in [(60, 18), (80, 24)] {
        let mut snapshot = samples::empty();
        for port in [9, 10, 11] {
            let subject = format!("http://127.0.0.1:{port}/metrics");
            let text = "refused: nothing listens there";
            snapshot.alerts.push(samples::alert(Rule::EngineSilent, Severity::Warning, &subject, samples::NOON, text));
        }
        snapshot.engines = samples::one_box(1, 0).engines;
        snapshot.nodes.clear();
        let app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
        let frame = text(&app, size.0, size.1);
        let shown = frame.lines().filter(|line| line.contains("▲") && line.contains("refused")).count();
        assert!(shown >= 3, "{size:?}: {shown} of 3 are reported\n{frame}");
        let blank =
            frame.lines().collect::<Vec<_>>().windows(6).any(|rows| rows.iter().all(|row| row.trim().is_empty()));
        assert!(!blank, "{size:?}:\n{frame}");
    }
}

/// Class: a screen that does not say which program, configuration and ledger it is of.
#[test]
fn help_says_what_it_is_the_help_of() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let frame = at(ViewId::Help, size);
        let basis =
            frame.lines().find(|line| line.starts_with(" basis margintop ")).unwrap_or_else(|| panic!("{frame}"));
        assert!(basis.contains("config ") && basis.contains("ledger "), "{basis}");
    }
}

/// Class: a month that has no room beside what burns.
#[test]
fn the_month_and_of_which_tokens_the_revenue_is_stand_on_120_columns() {
    let mut app = samples::pages::app(samples::pages::Page::Fleet);
    app.update(Action::Command(Command::Show(ViewId::Money)));
    samples::pages::answer(&mut app, samples::pages::Page::Fleet);
    let frame = text(&app, 120, 36);
    let row =
        |begin: &str| frame.lines().find(|line| line.contains(begin)).unwrap_or_else(|| panic!("{begin}: {frame}"));
    let sums = row("revenue ≥ $16.7M");
    assert!(sums.contains("cost $2.09M") && sums.contains("profit ≥ +$14.6M"), "{sums}");
    assert!(row("cost by its end").contains('━'), "the gauge of its budget");
    let by = row("revenue by");
    assert!(["output", "computed", "cached"].iter().all(|class| by.contains(class)), "{by}");
    assert!(by.matches(" %").count() >= 3, "no figure is cut: {by}");
}

/// Class: a list that leaves rows of the screen empty while its columns do not fit.
#[test]
fn rows_that_a_short_list_of_nodes_leaves_show_the_chosen_one() {
    for nodes in [12, 8, 4, 1] {
        let mut snapshot = samples::twelve();
        snapshot.nodes.truncate(nodes);
        let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
        app.update(Action::Command(Command::Show(ViewId::Nodes)));
        // The first ones have no price, and so no revenue; the last one may be silent.
        app.update(Action::Command(Command::Move(Motion::Bottom)));
        app.update(Action::Command(Command::Move(Motion::Up)));
        let frame = text(&app, 80, 24);
        let chosen = app.shown().nodes.iter().map(|node| format!("─ {} ", node.name));
        let heading = chosen.filter(|heading| frame.contains(heading.as_str())).count();
        assert_eq!(heading, 1, "{nodes} nodes: {frame}");
        assert!(frame.contains("revenue ") && frame.contains("profit on cost"), "{frame}");
        let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
        assert!(blank <= 4, "{nodes} nodes: {frame}");
        assert!(nodes > 4 || frame.contains("─ GPUs"), "{frame}");
    }
}

/// Class: a chart without a scale, because the screen is small.
#[test]
fn bars_of_hours_have_a_scale_on_every_screen() {
    for page in [Page::Fleet, Page::Loss] {
        for (width, height) in [(40, 12), (60, 14), (80, 24), (120, 36)] {
            let frame = text(&pages::app(page), width, height);
            let scale =
                frame.lines().skip(1).take(6).find(|line| line.trim_end().ends_with('k') && line.contains(" $"));
            assert!(scale.is_some(), "{width}x{height}: {frame}");
        }
    }
}

/// Class: a title that takes the headings of the figures below it.
#[test]
fn figures_keep_their_headings_on_small_screens() {
    let mut app = watched();
    app.update(Action::Command(Command::Show(ViewId::Models)));
    app.update(Action::Command(Command::Enter));
    for width in [40, 80] {
        let frame = text(&app, width, 24);
        let heading =
            frame.lines().find(|line| line.contains("deepseek-r1 ") && line.contains(" out/s")).unwrap_or_default();
        assert!(heading.contains(" run wait") && heading.contains("out/s"), "{width}: {frame}");
    }
}

/// A snapshot that was the same for a quarter hour.
fn recorded(last: Snapshot) -> App {
    let mut app = samples::hands::app();
    for ago in (0..=900).rev().step_by(5) {
        let at = last.at - Span::from_secs(ago);
        app.history.record(&Snapshot { at, ..last.clone() }, Span::from_secs(5));
    }
    app.update(Action::Fresh(Arc::new(last)));
    app
}

/// Class: a screen that is larger than usual, with rows that nothing takes.
#[test]
fn a_large_screen_is_full() {
    for (name, app) in
        [("fleet", watched()), ("twelve nodes", recorded(samples::twelve())), ("one box", samples::watched_box(0))]
    {
        for (width, height) in [(120, 50), (160, 60), (200, 60), (250, 60), (300, 90), (400, 120)] {
            let frame = text(&app, width, height);
            let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
            assert!(
                blank <= if height > 100 { 20 } else { 8 },
                "{name} at {width}x{height}: {blank} rows are blank\n{frame}"
            );
        }
    }
}

/// Class: a large screen half of which is blank, since only the chosen row is shown below a short list.
#[test]
fn the_largest_screens_have_few_blank_rows() {
    let mut app = watched();
    let mut small = (**app.shown()).clone();
    small.nodes.truncate(12);
    small.units.clear();
    let of_nodes = |row: &Arc<margintop::snapshot::EngineRow>| small.nodes.iter().any(|node| node.name == row.node);
    small.engines.retain(of_nodes);
    app.update(Action::Fresh(Arc::new(small)));
    for size in [(300, 80), (400, 120)] {
        for (view, most) in [
            (ViewId::Overview, 6),
            (ViewId::Nodes, 12),
            (ViewId::Models, 26),
            (ViewId::Engines, 12),
            (ViewId::Alerts, 30),
        ] {
            app.update(Action::Command(Command::Show(view)));
            let frame = text(&app, size.0, size.1);
            let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
            assert!(blank <= most, "{view:?} at {size:?}: {blank} blank rows\n{frame}");
        }
        let frame = text(&pages::app(Page::Fleet), size.0, size.1);
        let blank = frame.lines().filter(|line| line.trim().is_empty()).count();
        assert!(blank <= 12, "money at {size:?}: {blank} blank rows\n{frame}");
    }
}

/// Class: rows below a short list stay blank where the list beside it is cut.
#[test]
fn rows_of_the_tables_go_to_what_has_more_to_say() {
    for (name, app) in [("fleet", watched()), ("twelve nodes", recorded(samples::twelve()))] {
        let frame = text(&app, 200, 50);
        let burns = frame.lines().position(|line| line.contains("─ Where it burns ")).unwrap();
        let tables: Vec<&str> = frame.lines().skip(burns).take_while(|line| !line.contains(" basis ")).collect();
        let left = tables.iter().filter(|line| line.chars().take(64).all(|c| c == ' ')).count();
        // Where a list is cut, no other column has rows for it.
        let is_cut = tables.iter().any(|line| line.chars().skip(66).take(66).collect::<String>().contains(" more "));
        assert!(left <= 2 || !is_cut, "{name}: {left} blank rows beside a list that is cut\n{frame}");
        assert!(name == "fleet" || frame.contains("─ Balance "), "{name}: {frame}");
    }
}
