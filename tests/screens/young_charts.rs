//! The large chart of the first minutes of a watch.

use crate::ledger_watch::{LedgerWatch, began, file};
use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::tui::app::{Action, App};
use margintop::units::Span;
use samples::empty;
use samples::hands::text;

/// The large chart of a frame: the scale's top, the axis, and the columns from the left.
#[derive(Debug, Clone, PartialEq)]
struct Drawn {
    top: String,
    axis: String,
    columns: Vec<String>,
}

impl Drawn {
    fn of(frame: &str) -> Self {
        let rows: Vec<Vec<char>> = frame.lines().map(|row| row.chars().collect()).collect();
        let is_title = |row: &Vec<char>| row.iter().collect::<String>().contains("Revenue = cost + profit");
        let title = rows.iter().position(is_title).unwrap_or_else(|| panic!("no chart in\n{frame}"));
        let left = rows[title].iter().collect::<String>().find(" ─ Revenue").unwrap();
        let left = rows[title].iter().collect::<String>()[..left].chars().count() + 1;
        let below = (title + 1..rows.len()).find(|row| rows[*row][left..].contains(&'─')).unwrap();
        let is_dots = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
        let column = |x: usize| (title + 1..below).map(|y| rows[y][x]).collect::<String>();
        let columns = (left..rows[title].len() - 9)
            .map(column)
            .map(|column| if column.chars().any(is_dots) { column } else { String::new() });
        let end = rows[title + 1].len() - 8;
        let top = rows[title + 1][end..].iter().collect();
        Self { top, axis: rows[below][left..].iter().collect(), columns: columns.collect() }
    }

    fn filled(&self) -> usize {
        self.columns.iter().rposition(|column| !column.is_empty()).map_or(0, |last| last + 1)
    }
}

/// The chart at every fifth second of a watch that begins so many seconds after the minute. Traffic changes each second.
fn watched(after: i64, seconds: i64, size: (u16, u16)) -> Vec<(i64, Drawn)> {
    let (_home, path) = file();
    let history = History::default();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(after)).with_history(history.clone());
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    let (mut made, mut drawn) = (1_000_000, Vec::new());
    for second in 0..=seconds {
        watch.gpus(&["GPU-a", "GPU-b"]);
        made += if (second / 20) % 2 == 0 { 9_000 } else { 4_000 } + u64::try_from(second % 7).unwrap() * 100;
        watch.poll(made, None);
        watch.tick();
        app.update(Action::Fresh(watch.snapshot()));
        if (after + second) % 5 == 0 && second > 5 {
            drawn.push((second, Drawn::of(&text(&app, size.0, size.1))));
        }
        watch.advance(1);
    }
    watch.leave();
    drawn
}

/// Class: time before the watch is filled, and the chart moves when the first minute is over.
#[test]
fn a_young_chart_begins_with_the_watch_and_grows_a_dot_a_second() {
    for after in [42, 3, 58] {
        for (second, drawn) in watched(after, 90, (120, 36)) {
            let dots = second + after % 2;
            let cells = usize::try_from(dots / 2 + 1).unwrap();
            assert!((cells - 1..=cells).contains(&drawn.filled()), "{after} + {second}: {drawn:#?}");
            // A rate is known from the second poll on.
            let first = drawn.columns.iter().position(|column| !column.is_empty()).unwrap();
            assert!(first <= 2, "{after} + {second}: {drawn:#?}");
        }
    }
}

/// Class: a cell that is over gets another height while its minute goes on.
#[test]
fn a_passed_cell_of_a_young_chart_never_changes() {
    for (seconds, size) in [(130, (120, 36)), (260, (200, 50))] {
        let drawn = watched(42, seconds, size);
        let mut compared = 0;
        for pair in drawn.windows(2) {
            let [(_, before), (second, now)] = pair else { unreachable!() };
            if before.top != now.top || before.axis != now.axis {
                continue;
            }
            compared += 1;
            let passed = before.filled() - 1;
            assert_eq!(before.columns[..passed], now.columns[..passed], "{second} at {size:?}");
        }
        assert!(compared > 15, "{compared} of {}", drawn.len());
        let last = &drawn.last().unwrap().1;
        let heights: std::collections::BTreeSet<&String> = last.columns[..last.filled()].iter().collect();
        assert!(heights.len() > 5, "slabs: {last:#?}");
    }
}
