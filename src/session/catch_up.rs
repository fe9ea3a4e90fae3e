//! The simulated past of `demo`: its charts, changes and causes cover the last hour from the first frame on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::collector::Message;
use super::poll_group::{PollGroup, gpus_first};
use crate::clock::LateClock;
use crate::reading::Event;
use crate::snapshot::Snapshot;
use crate::units::Span;

/// The simulated time between two polls, for small and for large fleets.
const STEPS: [Span; 2] = [Span::from_secs(10), Span::from_secs(60)];
/// The most targets that are polled in short steps.
const FEW: usize = 24;
/// The most pages that are read in the simulated past, which takes some seconds. Those of 278 nodes cover 18 minutes: both
/// minutes of the profit bridge are whole.
const PAGES: usize = 10_100;
/// The longest wait for the present; on a slower machine the first frames show how the past goes on.
const PATIENCE: Duration = Duration::from_secs(6);
/// The wait after which a message is printed.
const QUIET: Duration = Duration::from_millis(700);
/// How far behind the present the first snapshot may be.
const NEAR: Span = Span::from_secs(5);

/// Sets a clock back to the beginning of the simulated past of this many targets, which a session then polls. A ledger in a
/// file has a past of its own: with one, the clock keeps the present.
pub fn begin_late(clock: &LateClock, targets: usize, ledger: Option<&Path>) {
    clock.set_back(if ledger.is_none() { span_and_step(targets).0 } else { Span::ZERO });
}

/// The length of the simulated past with this many targets, and the time between two polls in it.
fn span_and_step(targets: usize) -> (Span, Span) {
    let step = if targets <= FEW { STEPS[0] } else { STEPS[1] };
    let polls = i64::try_from(PAGES / targets.max(1)).unwrap_or(i64::MAX);
    (Span::HOUR.min(Span::from_millis(step.millis().saturating_mul(polls))), step)
}

/// Waits until a session's snapshots have reached the present, so that its first frame shows all of the past. Calls `tell` if that takes
/// longer than a moment.
pub async fn wait_for_present(mut snapshots: watch::Receiver<Arc<Snapshot>>, clock: &LateClock, tell: impl FnOnce()) {
    let present = async {
        while clock.behind() > Span::ZERO || snapshots.borrow_and_update().at + NEAR < clock.now().wall {
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::pin!(present);
    if tokio::time::timeout(QUIET, &mut present).await.is_err() {
        tell();
        let _ = tokio::time::timeout(PATIENCE, present).await;
    }
}

/// Polls every source, step by step, until the clock shows the present. Sources are polled every `interval` from then on.
pub(super) async fn catch_up(clock: &LateClock, group: &mut PollGroup, events: &mpsc::Sender<Message>, interval: Span) {
    let (_, step) = span_and_step(group.len());
    let mut messages = vec![Message::Interval(step)];
    let mut left = clock.behind() > Span::ZERO;
    while left {
        // The last poll is at the present; the next one follows after the usual interval.
        left = clock.behind() > Span::ZERO;
        messages.push(Message::Events(gpus_first(group.poll_all().await).0));
        messages.push(Message::Events(vec![Event::Tick(clock.now())]));
        for message in messages.drain(..) {
            if events.send(message).await.is_err() {
                return;
            }
        }
        clock.catch_up(step);
    }
    // The receiver is dropped only when the program ends.
    let _ = events.send(Message::Interval(interval)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_fleet_begins_an_hour_ago_and_a_large_one_later() {
        assert_eq!(span_and_step(24), (Span::HOUR, STEPS[0]));
        assert_eq!(span_and_step(556), (Span::from_secs(1_080), STEPS[1]));
        assert_eq!(span_and_step(0).0, Span::HOUR);
    }
}
