//! A demonstration begins an hour ago: its first minute has charts, changes and causes to show.

use tokio::sync::mpsc;

use super::collector::Message;
use super::round::{PollGroup, in_order};
use crate::clock::LateClock;
use crate::reading::Event;
use crate::units::Span;

/// How far back it begins.
const HOUR: Span = Span::from_secs(3_600);
/// From one poll to the next; the longer one for large fleets.
const STEPS: [Span; 2] = [Span::from_secs(10), Span::from_secs(60)];
/// Targets up to which the short step is taken.
const FEW: usize = 24;
/// The most pages that are read on the way: a second or two.
const PAGES: usize = 9_000;

/// How far back to begin with so many targets.
pub fn catch_up_span(targets: usize) -> Span {
    span_and_step(targets).0
}

/// How far back to begin with so many targets, and from one poll to the next.
fn span_and_step(targets: usize) -> (Span, Span) {
    let step = if targets <= FEW { STEPS[0] } else { STEPS[1] };
    let polls = i64::try_from(PAGES / targets.max(1)).unwrap_or(i64::MAX);
    (HOUR.min(Span::from_millis(step.millis().saturating_mul(polls))), step)
}

/// Polls every source, step by step, until the clock shows the present. Sources are polled every `interval` from then on.
pub(super) async fn catch_up(clock: &LateClock, group: &mut PollGroup, events: &mpsc::Sender<Message>, interval: Span) {
    let (_, step) = span_and_step(group.len());
    let mut messages = vec![Message::Interval(step)];
    let mut left = clock.behind() > Span::ZERO;
    while left {
        // The last poll is at the present: what follows it comes in the usual interval.
        left = clock.behind() > Span::ZERO;
        messages.push(Message::Events(in_order(group.poll_all().await).0));
        messages.push(Message::Events(vec![Event::Tick(clock.now())]));
        for message in messages.drain(..) {
            if events.send(message).await.is_err() {
                return;
            }
        }
        clock.catch_up(step);
    }
    // The collector is gone only when the program ends.
    let _ = events.send(Message::Interval(interval)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_fleet_begins_an_hour_ago_and_a_large_one_later() {
        assert_eq!(span_and_step(24), (HOUR, STEPS[0]));
        assert_eq!(span_and_step(556), (Span::from_secs(960), STEPS[1]));
        assert_eq!(span_and_step(0).0, HOUR);
    }
}
