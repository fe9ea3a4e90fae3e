//! The large digits of a model: the profit so far, as of the fleet and of a node, with the rate below.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::{Measure, Query, Subject};
use margintop::snapshot::Snapshot;
use margintop::tui::app::App;
use margintop::units::{Money, Span};
use samples::hands::{text, type_};

/// The models view of one box whose minutes are known, with this part of their revenue counted.
fn models(part: f64) -> (String, f64, f64) {
    let watched = samples::watched_box(0);
    let mut snapshot: Snapshot = watched.shown().as_ref().clone();
    let sum = |measure| {
        let query = Query {
            subject: Subject::Model(snapshot.models[0].model.clone()),
            measure,
            until: snapshot.at.minute() + Span::MINUTE,
            step: Span::MINUTE,
            points: 600,
        };
        watched.history.series(&query).points.into_iter().flatten().sum::<f64>() / 60.0
    };
    let (revenue, cost) = (sum(Measure::Revenue), sum(Measure::Cost));
    snapshot.models[0].money.revenue = Some(Money::from_micros((revenue * part * 1e6) as i64));
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 4);
    app.history = watched.history.clone();
    type_(&mut app, "3");
    (text(&app, 120, 36), revenue, cost)
}

/// Class: the digits of one view are an amount, those of another a rate.
#[test]
fn the_digits_of_a_model_are_its_profit_so_far_and_the_rate_stands_below() {
    let (frame, revenue, cost) = models(1.0);
    assert!(revenue > 1.0 && cost > 1.0, "{revenue} {cost}");
    assert!(frame.contains(" since 14:02 ≈ ─") && !frame.contains(" an hour ─"), "{frame}");
    assert!(frame.contains("+$26.48/h") && frame.contains(&format!("cost ≈ ${cost:.2}")), "{cost}\n{frame}");
}

/// Where minutes are missing, an amount of the others would be too small.
#[test]
fn without_all_minutes_the_digits_are_the_rate() {
    let (frame, ..) = models(1.1);
    assert!(frame.contains(" an hour ─") && !frame.contains("cost ≈"), "{frame}");
}
