//! What a minute costs on the wire to the terminal, through the real backend, at 200x50.

use crate::samples;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App, Command, Direction};
use margintop::tui::terminal::StyleSortedBackend;
use margintop::tui::theme::{Depth, Theme, ThemeRegistry};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use samples::pages::{self, Page};

#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A box of which nothing moves but the clock.
fn still(second: i64) -> Snapshot {
    let mut still = samples::one_box(8, 0);
    still.at = still.at + Span::from_secs(second);
    still
}

/// Bytes of the frames of a minute, a snapshot a second, after the first frame.
fn a_minute(of: impl Fn(u64) -> Snapshot) -> usize {
    a_minute_of(of, ViewId::Overview)
}

fn a_minute_of(of: impl Fn(u64) -> Snapshot, view: ViewId) -> usize {
    a_minute_spared(of, view, false)
}

fn a_minute_spared(of: impl Fn(u64) -> Snapshot, view: ViewId, spares: bool) -> usize {
    let theme = Theme::new(&ThemeRegistry::built_in().unwrap().palettes()[0], Depth::True);
    let counter = Counter::default();
    let backend = StyleSortedBackend::new(counter.clone(), || Ok(Size::new(200, 50)));
    let mut terminal = Terminal::new(backend).unwrap();
    let mut app = App::new(Arc::new(of(0)), TimeZone::UTC, Span::from_secs(1), 1);
    app.has_past = true;
    app.update(Action::Spare(spares));
    app.update(Action::Command(Command::Show(view)));
    pages::answer(&mut app, Page::Fleet);
    let mut show = |app: &App| {
        terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &theme))).unwrap();
    };
    show(&app);
    let first = counter.0.load(Ordering::Relaxed);
    for beat in 1..=60 {
        app.update(Action::Fresh(Arc::new(of(beat))));
        pages::answer(&mut app, Page::Fleet);
        show(&app);
    }
    counter.0.load(Ordering::Relaxed) - first
}

#[test]
fn one_box_with_every_figure_moving_stays_under_90_kb() {
    let bytes = a_minute(|beat| samples::one_box(8, beat));
    assert!(bytes < 90_000, "{bytes} bytes a minute");
}

#[test]
fn one_box_with_nothing_moving_stays_under_4_kb() {
    let bytes = a_minute(|beat| still(beat.cast_signed()));
    assert!(bytes < 4_000, "{bytes} bytes");
}

/// Class: charts of a young dashboard that grow every five seconds, or change their axis, though nothing that they show has
/// moved.
#[test]
fn the_minutes_of_a_young_still_box_stay_under_4_kb() {
    let of = |second: i64| {
        let mut idle = still(second);
        (idle.tokens.output_per_second, idle.tokens.prompt_per_second) = (Some(0.0), Some(0.0));
        idle.vitals = margintop::snapshot::Vitals::default();
        idle
    };
    let theme = Theme::new(&ThemeRegistry::built_in().unwrap().palettes()[0], Depth::True);
    let counter = Counter::default();
    let backend = StyleSortedBackend::new(counter.clone(), || Ok(Size::new(200, 50)));
    let mut terminal = Terminal::new(backend).unwrap();
    let history = History::default();
    let mut app = App::new(Arc::new(of(0)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history.clone();
    let mut minutes = vec![0];
    for second in 0..420 {
        history.record(&of(second), Span::from_secs(1));
        app.update(Action::Fresh(Arc::new(of(second))));
        terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &theme))).unwrap();
        if second % 60 == 59 {
            minutes.push(counter.0.load(Ordering::Relaxed));
        }
    }
    let minutes: Vec<usize> = minutes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(minutes.iter().skip(1).all(|bytes| *bytes < 4_000), "{minutes:?} bytes");
}

/// Class: a clock that costs more than all else on a screen on which nothing is served.
#[test]
fn an_idle_box_stays_under_4_kb_in_every_view() {
    let idle = |beat: u64| {
        let mut idle = still(beat.cast_signed());
        (idle.tokens.output_per_second, idle.tokens.prompt_per_second) = (Some(0.0), Some(0.0));
        idle.money.revenue_per_hour = Some(margintop::units::Money::ZERO);
        // The rent of eight GPUs runs on.
        let rent = samples::dollars(0.0082 * f64::from(u32::try_from(beat).unwrap()));
        idle.money.cost = idle.money.cost.map(|cost| cost + rent);
        idle.money.profit = idle.money.profit.map(|profit| profit - rent);
        idle
    };
    for view in ViewId::ALL {
        let bytes = a_minute_of(idle, *view);
        assert!(bytes < 4_000, "{view:?}: {bytes} bytes");
    }
}

/// Class: charts that are drawn one way in one second and another way in the next, over the same past.
#[test]
fn charts_of_a_still_past_stand_still() {
    const HOUR: i64 = 3_600;
    for span in [0, 1] {
        let history = History::default();
        for second in (0..2 * HOUR).step_by(5) {
            history.record(&still(second), Span::from_secs(1));
        }
        let mut app = App::new(Arc::new(still(2 * HOUR)), TimeZone::UTC, Span::from_secs(1), 1);
        app.history = history.clone();
        (0..span).for_each(|_| drop(app.update(Action::Command(Command::StepSpan(Direction::Previous)))));
        let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
        let mut frames = Vec::new();
        for second in 2 * HOUR..2 * HOUR + 20 {
            history.record(&still(second), Span::from_secs(1));
            app.update(Action::Fresh(Arc::new(still(second))));
            terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles()))).unwrap();
            frames.push(terminal.backend().buffer().clone());
        }
        let changed: Vec<usize> = frames.windows(2).map(|pair| pair[0].diff(&pair[1]).len()).collect();
        // Each chart shifts by a cell at most once in this time.
        let moved = changed.iter().filter(|cells| **cells > 60).count();
        assert!(moved <= 2, "cells that changed from one second to the next: {changed:?}");
    }
}

#[test]
fn a_fleet_of_2224_gpus_stays_under_120_kb() {
    let bytes = a_minute(samples::fleet);
    assert!(bytes < 120_000, "{bytes} bytes");
}

#[test]
fn every_list_of_a_fleet_stays_under_120_kb() {
    for view in [ViewId::Nodes, ViewId::Models, ViewId::Engines, ViewId::Balance, ViewId::Alerts] {
        let bytes = a_minute_of(samples::fleet, view);
        assert!(bytes < 120_000, "{view:?}: {bytes} bytes a minute");
    }
}

#[test]
fn the_money_of_a_fleet_stays_under_100_kb() {
    let bytes = a_minute_of(samples::fleet, ViewId::Money);
    assert!(bytes < 100_000, "{bytes} bytes a minute");
}

/// What the governor asks for: tables that move half as often.
#[test]
fn a_dashboard_that_spares_writes_less() {
    for view in [ViewId::Nodes, ViewId::Engines, ViewId::Overview] {
        let (usual, spared) =
            (a_minute_spared(samples::fleet, view, false), a_minute_spared(samples::fleet, view, true));
        assert!(spared * 10 < usual * 9, "{view:?}: {spared} of {usual} bytes");
    }
}
