//! Figures say what they are of, so that two of one name do not contradict each other, and nothing declined is advised.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::LedgerBasis;
use margintop::tui::app::{Action, App, Command, WatchedFleet};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use samples::hands::text;
use samples::pages::{self, Page};
use samples::{Case, case};

fn of(of: Case) -> App {
    App::new(Arc::new(case(of)), TimeZone::UTC, Span::from_secs(1), 1)
}

#[test]
fn a_hit_rate_says_its_span() {
    let screen = text(&of(Case::OneBox), 200, 50);
    let tile = screen.lines().find(|line| line.contains("Hit rate")).unwrap_or_default().to_owned();
    assert!(tile.contains(" % last 10s"), "{tile}");
}

#[test]
fn a_day_that_lags_shows_its_real_speed() {
    let mut app = pages::app(Page::PublishedDay);
    app.fleet = WatchedFleet::PublishedDay { speed: Some(86_400) };
    let header = |app: &_, width| text(app, width, 36).lines().next().unwrap_or_default().to_owned();
    assert!(header(&app, 120).contains(" x 86,400 ●"), "{}", header(&app, 120));
    app.real_speed = Some(80_000);
    assert!(header(&app, 120).contains(" x 86,400 ●"), "a tenth less is no lag");
    app.real_speed = Some(3_600);
    assert!(header(&app, 120).contains(" x 3,600 (asked x 86,400) ●"), "{}", header(&app, 120));
    assert!(header(&app, 80).contains(" x 3,600 ●"), "{}", header(&app, 80));
}

#[test]
fn what_was_declined_is_not_advised() {
    let mut nothing = case(Case::Nothing);
    nothing.money.ledger = LedgerBasis::default();
    let app = App::new(Arc::new(nothing), TimeZone::UTC, Span::from_secs(1), 1);
    let screen = text(&app, 120, 36);
    let ledger = screen.lines().find(|line| line.contains("ledger")).unwrap_or_default();
    assert!(screen.contains("in memory only"), "{screen}");
    assert!(!ledger.contains("--ledger"), "{ledger}");
}

#[test]
fn rows_that_the_engines_leave_tell_of_the_chosen_one() {
    let mut app = of(Case::OneBox);
    app.update(Action::Command(Command::Show(ViewId::Engines)));
    let screen = text(&app, 80, 24);
    let is_empty = |line: &&str| line.trim().is_empty();
    assert!(screen.contains("Requests  28 run") && screen.contains("KV cache"), "{screen}");
    assert!(screen.lines().filter(is_empty).count() < 8, "{screen}");
    let tall = text(&app, 80, 36);
    assert!(tall.contains("TTFT") && tall.contains("ITL"), "{tall}");
}
