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

/// The simulated time between two polls: of a small fleet; of a large one in the last minutes, whose causes are compared
/// by the minute; and of a large one before them.
const STEPS: [Span; 3] = [Span::from_secs(10), Span::from_secs(60), Span::from_secs(300)];
/// The most targets that are polled in short steps.
const FEW: usize = 24;
/// The last part of the simulated past of a large fleet: both minutes of the profit bridge are whole.
const RECENT: Span = Span::from_secs(1_080);
/// The most pages that are read in the simulated past, which takes a second or two. Those of 278 nodes cover the hour.
const PAGES: usize = 15_100;
/// The longest wait for the present; on a slower machine the first frames show how the past goes on.
const PATIENCE: Duration = Duration::from_secs(6);
/// The wait after which a message is printed.
const QUIET: Duration = Duration::from_millis(700);
/// How far behind the present the first snapshot may be.
const NEAR: Span = Span::from_secs(5);

/// Sets a clock back to the beginning of the simulated past of this many targets, which a session then polls. A ledger in a
/// file has a past of its own: with one, the clock keeps the present.
pub fn begin_late(clock: &LateClock, targets: usize, ledger: Option<&Path>) {
    clock.set_back(if ledger.is_none() { past(targets) } else { Span::ZERO });
}

/// The length of the simulated past with this many targets.
fn past(targets: usize) -> Span {
    let polls = i64::try_from(PAGES / targets.max(1)).unwrap_or(i64::MAX);
    let times = |step: Span, polls: i64| Span::from_millis(step.millis().saturating_mul(polls.max(0)));
    if targets <= FEW {
        return Span::HOUR.min(times(STEPS[0], polls));
    }
    let recent = RECENT.min(times(STEPS[1], polls));
    Span::HOUR.min(recent + times(STEPS[2], polls - recent.millis() / STEPS[1].millis()))
}

/// The time to the next poll with this many targets, so far behind the present.
fn step(targets: usize, behind: Span) -> Span {
    if targets <= FEW {
        return STEPS[0];
    }
    if behind > RECENT { STEPS[2].min(behind - RECENT) } else { STEPS[1] }
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
    let mut last = None;
    let mut left = clock.behind() > Span::ZERO;
    while left {
        // The last poll is at the present; the next one follows after the usual interval.
        left = clock.behind() > Span::ZERO;
        let polled = gpus_first(group.poll_all().await).0;
        let next = step(group.len(), clock.behind());
        // A snapshot covers the time since the poll before it, until which rates are as long as that.
        let interval = last.unwrap_or(next);
        for message in
            [Message::Interval(interval), Message::Events(polled), Message::Events(vec![Event::Tick(clock.now())])]
        {
            if events.send(message).await.is_err() {
                return;
            }
        }
        clock.catch_up(next);
        last = Some(next);
    }
    // The receiver is dropped only when the program ends.
    let _ = events.send(Message::Interval(interval)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_an_hour_unless_the_fleet_is_huge() {
        for targets in [0, 24, 25, 100, 556] {
            assert_eq!(past(targets), Span::HOUR, "{targets}");
        }
        assert!(past(2_000) >= Span::from_secs(300) && past(2_000) < Span::HOUR);
    }

    #[test]
    fn an_hour_of_a_large_fleet_takes_few_polls_and_is_fine_at_its_end() {
        let (mut behind, mut polls) = (Span::HOUR, 0);
        while behind > Span::ZERO {
            let next = step(556, behind);
            assert!(behind > RECENT || next == STEPS[1], "{behind:?}");
            (behind, polls) = (behind - next, polls + 1);
        }
        assert_eq!(polls, 9 + 18);
        assert_eq!(step(24, Span::HOUR), STEPS[0]);
    }
}
