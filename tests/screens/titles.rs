//! Titles and facts that are short of room: what is left out is never the figure.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::Label;
use margintop::snapshot::ValueAtList;
use margintop::tui::app::{Action, App, ChartSpan};
use margintop::tui::format::cuts_figure;
use margintop::units::Span;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{press, text, type_};

/// The models view with a model that has no price and is worth an amount at another list.
fn unpriced(list: &str, micros: i64) -> App {
    let mut snapshot = samples::fleet(0);
    let worth = margintop::units::Money::from_micros(micros);
    snapshot.models[2].money.compare_per_hour = Some(worth);
    snapshot.money.compare = Some(ValueAtList { list: Label::new(list), amount: worth, per_hour: Some(worth) });
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
    type_(&mut app, "3G");
    app
}

/// Class: a fact is cut inside its figure, as the name before it takes the room.
#[test]
fn what_a_model_is_worth_is_never_cut() {
    for list in ["deepseek-r1-standard", "r1", "a-list-of-a-provider-with-a-long-name-2026"] {
        for (micros, amount) in [(148_400_000, "148.40"), (12_345_678_000_000, "12.3M")] {
            for (width, height) in [(80, 24), (97, 36), (120, 36), (150, 40), (200, 50)] {
                let app = unpriced(list, micros);
                let frame = text(&app, width, height);
                let is_said = frame.contains(&format!("worth ≈ ${amount}/h"));
                assert!(is_said || width < 96 && !frame.contains("worth"), "{list} at {width}\n{frame}");
                assert!(!frame.lines().any(cuts_figure), "{list} at {width}\n{frame}");
            }
        }
    }
}

/// Class: the title of a latency loses its p99 to the span that it is over.
#[test]
fn the_title_of_a_latency_keeps_its_p99() {
    for span in [ChartSpan::Quarter, ChartSpan::Hour, ChartSpan::SixHours, ChartSpan::Day] {
        for (width, height) in [(100, 36), (110, 36), (120, 36), (140, 40), (200, 50)] {
            for view in ["3", "4"] {
                let mut app = samples::watched_box(0);
                app.charts.span = span;
                type_(&mut app, view);
                let frame = text(&app, width, height);
                let title = |name: &str| {
                    let line = frame.lines().find(|line| line.contains(&format!("─ {name} ")));
                    let line = line.unwrap_or_else(|| panic!("no {name} in\n{frame}"));
                    let after = line.split(&format!("─ {name} ")).nth(1).unwrap_or_default();
                    after.split(" ─").next().unwrap_or_default().to_owned()
                };
                // A model has the chart from a certain width on.
                if view == "3" && width < 120 {
                    continue;
                }
                for name in if view == "3" { &["TTFT"][..] } else { &["TTFT", "ITL"][..] } {
                    let title = title(name);
                    let figure = title.split("p99 ").nth(1).unwrap_or_default();
                    assert!(!title.contains('…'), "{title}");
                    assert!(figure.ends_with(" s") || figure.ends_with(" ms"), "{name} {title} at {width}\n{frame}");
                    assert!(title.contains("p50 ") || title.starts_with("p99 "), "no word of the median: {title}");
                }
            }
        }
    }
}

/// Class: a heading that changes its width with every poll, so that what is read moves.
#[test]
fn the_window_of_a_latency_moves_no_heading() {
    let at = |seconds: f64, (width, height): (u16, u16)| {
        let mut app = samples::watched_box(2);
        let snapshot = margintop::snapshot::Snapshot { window_seconds: Some(seconds), ..app.shown().as_ref().clone() };
        app.update(Action::Fresh(Arc::new(snapshot)));
        type_(&mut app, "2");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        let frame = text(&app, width, height);
        let line = frame.lines().find(|line| line.contains("ttft p99")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no ttft in\n{frame}"))
    };
    for size in [(80, 40), (120, 50), (200, 60)] {
        let place = |seconds| {
            let line = at(seconds, size);
            let columns =
                ["model", "ttft p99", "itl p99"].map(|name| line.find(name).map(|end| line[..end].chars().count()));
            (columns, line.contains(&format!("{seconds:.0}s")))
        };
        let first = place(5.0);
        for seconds in [10.0, 70.0, 140.0] {
            assert_eq!(place(seconds), first, "{seconds} at {size:?}: {} {}", at(5.0, size), at(seconds, size));
        }
        assert!(first.1, "{}", at(5.0, size));
    }
}

/// Class: a table leaves a third of its width blank beside bars that could use it.
#[test]
fn bars_of_a_gpu_table_use_the_width() {
    for (width, height) in [(200, 50), (260, 60)] {
        let mut app = samples::watched_box(0);
        let mut snapshot = app.shown().as_ref().clone();
        for gpu in &mut Arc::make_mut(&mut snapshot.nodes[0]).gpus {
            (gpu.pcie, gpu.ecc) = Default::default();
            gpu.processes.clear();
        }
        snapshot.at = snapshot.at + Span::from_secs(10);
        app.update(Action::Fresh(Arc::new(snapshot)));
        type_(&mut app, "2");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        let frame = text(&app, width, height);
        let title = frame.lines().find(|line| line.contains("─ GPUs ")).unwrap_or_else(|| panic!("{frame}"));
        let end = title.trim_end().trim_end_matches('─').trim_end().chars().count();
        assert!(end + 24 > usize::from(width), "{end} of {width}\n{frame}");
    }
}
