//! What views show where there is room, and what they keep where there is little.

use crate::picture;

use std::sync::Arc;

use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use picture::hands::text;
use picture::watched;

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
    for title in ["─ Output  ", "─ Prompt  ", "─ Hit rate  ", "─ TTFT ", "─ Latency ", "─ What a token earns "]
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
