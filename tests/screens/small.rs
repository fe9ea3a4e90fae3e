//! What small screens show, and figures that are spelled alike wherever they stand.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::snapshot::{Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App, Command};
use margintop::tui::theme::Theme;
use margintop::tui::view::ViewId;
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use samples::hands::{text, type_, watched};
use samples::pages::{self, Page};
use samples::{Case, case, fleet, twelve};

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(samples::empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

fn at(mut app: App, view: ViewId, size: (u16, u16)) -> String {
    app.update(Action::Command(Command::Show(view)));
    text(&app, size.0, size.1)
}

fn line<'f>(frame: &'f str, part: &str) -> &'f str {
    frame.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part}: {frame}"))
}

/// The most blank rows one under another.
fn blank(frame: &str) -> usize {
    let rows: Vec<bool> = frame.lines().map(|line| line.trim().is_empty()).collect();
    rows.split(|blank| !blank).map(<[bool]>::len).max().unwrap_or(0)
}

/// Class: half of a small screen is an almost empty chart, and figures that would fit are left out.
#[test]
fn the_money_view_of_80_columns_has_profits_below_its_bars_and_what_burns() {
    let frame = at(pages::app(Page::Fleet), ViewId::Money, (80, 24));
    let hours = frame.lines().position(|line| line.contains(" 00 01 02 ")).unwrap();
    assert!(frame.lines().nth(hours + 1).unwrap().contains(" k$"), "{frame}");
    assert!(hours <= 8, "five rows of bars: {frame}");
    assert!(frame.contains("─ Where it burns ") && frame.contains("total "), "{frame}");
    assert!(blank(&frame) <= 2, "{frame}");
}

/// Class: rows between two parts stay blank where the digits and the worst nodes fit.
#[test]
fn sixty_columns_have_digits_and_nodes() {
    for (name, snapshot) in [("twelve", twelve()), ("fleet", fleet(0))] {
        let frame = text(&of(snapshot), 60, 16);
        assert!(frame.contains("▀") && frame.contains("revenue"), "{name}: {frame}");
        assert!(frame.contains("─ Nodes ") || frame.contains("─ Units "), "{name}: {frame}");
        assert_eq!(blank(&frame), 0, "{name}: {frame}");
    }
}

/// Class: what changed is reported after a quarter hour and not before.
#[test]
fn a_young_watch_compares_with_its_first_whole_minute() {
    for (seconds, minutes) in [(100, None), (400, Some(4)), (700, Some(9)), (1_800, Some(15))] {
        let history = History::default();
        for second in (0..=seconds).step_by(5) {
            history.record(&fleet(second), Span::from_secs(5));
        }
        let mut app = of(fleet(seconds));
        app.history = history;
        let frame = text(&app, 120, 36);
        let titles = line(&frame, "─ ▪ Output");
        let has_change = titles.split("─ ▪ Hits").next().unwrap().contains(['▲', '▼', '▬']);
        assert_eq!(has_change, minutes.is_some(), "{seconds}: {titles}");
        if let Some(minutes) = minutes {
            assert!(line(&frame, "1 overview").contains(&format!("▲▼ {minutes} min")), "{seconds}: {frame}");
        }
    }
}

/// Class: amounts with and without cents in one column.
#[test]
fn the_amounts_of_a_column_have_the_same_decimals() {
    let frame = text(&of(fleet(0)), 200, 50);
    let unpriced = frame.lines().find(|line| line.contains("qwen3-32b") && line.contains("unpriced ")).unwrap();
    assert!(unpriced.contains("  88  unpriced"), "{unpriced}");
    // In a column without thousands they keep their cents, whatever the total.
    assert!(text(&of(twelve()), 120, 36).lines().any(|line| line.contains('.') && line.contains("gpu-00")));
}

/// Class: a price list named by its tier, as if two models had the same one.
#[test]
fn models_name_their_lists_in_full() {
    let frame = at(watched(), ViewId::Models, (120, 36));
    for model in ["deepseek-r1 ", "deepseek-v3 "] {
        let row = line(&frame, model);
        assert!(row.contains(&format!("{}-20", model.trim())), "{row}");
    }
}

/// Class: the same tokens at the least plausible list first.
#[test]
fn the_nearest_lists_follow_those_in_force() {
    let frame = at(pages::app(Page::Fleet), ViewId::Money, (120, 36));
    assert!(frame.contains("─ Same tokens at · ● in force "), "{frame}");
    let times = |line: &str| line.split(" x ").next()?.split_whitespace().last()?.parse::<f64>().ok();
    let from = frame.lines().position(|line| line.contains("Same tokens at")).unwrap();
    let rows: Vec<&str> = frame.lines().skip(from + 1).take(4).filter(|line| line.contains(" x ")).collect();
    let others: Vec<f64> = rows.iter().filter(|line| !line.contains('●')).filter_map(|line| times(line)).collect();
    assert!(others.iter().all(|times| (0.2..5.0).contains(times)), "{rows:?}");
}

/// Class: a list and its chart name one engine by two names, and an even rank is drawn as a warning.
#[test]
fn balance_names_a_group_alike_everywhere() {
    let frame = at(watched(), ViewId::Balance, (120, 36));
    assert!(frame.contains("─ Ranks ") || frame.contains("─ Nodes "), "{frame}");
    assert!(!frame.contains("Ranks of  by") && !frame.contains("tells of none"), "{frame}");
    let row = frame.lines().skip_while(|line| !line.contains(" balancer ")).nth(1).unwrap();
    let name = row.split_whitespace().next().unwrap();
    assert!(frame.matches(&format!("─ {name}  ")).count() >= 1, "{name}: {frame}");
    assert!(frame.contains(&format!("of it in {name} ")), "{name}: {frame}");
}

/// Class: an alert's remedy after a colon in one place and after an arrow in another, and its text twice.
#[test]
fn alerts_say_what_to_do_after_an_arrow_and_once() {
    let mut snapshot = twelve();
    let what = "KV cache 98 % full and 64 waiting: give it more memory or fewer requests";
    snapshot.alerts = vec![samples::alert(Rule::KvNearFull, Severity::Warning, "gpu-0008", snapshot.at, what)];
    let frame = at(of(snapshot), ViewId::Alerts, (200, 50));
    let alert = "KV cache 98 % full and 64 waiting → give it more memory or fewer requests";
    assert_eq!(frame.matches(alert).count(), 1, "{frame}");
    assert!(!frame.contains("waiting: give"), "{frame}");
    let rules = frame.lines().filter(|line| line.contains(" silent  ")).count();
    assert_eq!(rules, frame.lines().filter(|l| l.contains("node silent") || l.contains("engine silent")).count());
}

/// Class: a legend whose words give way to the cursor though they fit.
#[test]
fn the_cursor_keeps_the_words_of_the_legend() {
    let mut app = watched();
    type_(&mut app, "c");
    // To a cell whose minute is over.
    type_(&mut app, "{");
    let frame = text(&app, 120, 36);
    let title = line(&frame, "─ Revenue");
    assert!(title.contains("▪ profit ≥ $") && title.contains("▪ cost $"), "{title}");
}

/// Class: a tab is lit under a screen of its own.
#[test]
fn what_if_lights_no_tab() {
    let mut app = pages::app(Page::Fleet);
    app.update(Action::Command(Command::Show(ViewId::Alerts)));
    type_(&mut app, "w");
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles()))).unwrap();
    let buffer = terminal.backend().buffer();
    let row: String = (0..120).map(|x| buffer[(x, 1)].symbol().to_owned()).collect();
    let of = |name: &str| buffer[(row.find(name).unwrap() as u16, 1)].fg;
    assert!(row.contains("not real money"), "{row}");
    assert_eq!(of("7 alerts"), of("3 models"), "{row}");
}

/// Class: commands that begin in as many columns as there are.
#[test]
fn what_to_do_begins_in_one_column() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let app = of(case(Case::Nothing));
        let frame = text(&app, size.0, size.1);
        let column = |line: &str| line.chars().position(|c| c == '→');
        let from = frame.lines().position(|line| line.contains("─ Looked for")).unwrap();
        let mut columns: Vec<usize> = frame.lines().skip(from).filter_map(column).collect();
        columns.sort_unstable();
        let most = columns.chunk_by(|a, b| a == b).map(<[usize]>::len).max().unwrap();
        assert!(most * 2 >= columns.len(), "{size:?} {columns:?}: {frame}");
    }
}
