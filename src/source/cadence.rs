//! When each target is asked: twenty slots an interval, a slot's targets together.
//!
//! A timer for each target would cost more than reading its page. A target is in the slot of its name's hash, so that a
//! fleet's load is spread and a restart changes nothing. A look that is still under way is never started again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::clock::Clock;
use crate::reading::{Event, TargetId};

/// Slots in an interval.
const SLOTS: u32 = 20;
/// When the second look follows the first: rates are there a moment after the counters.
const SECOND_LOOK: Duration = Duration::from_millis(300);
/// How many targets are asked in the same instant. A page under way holds a hundred kilobytes of buffers, which the program
/// would keep for good once a fleet of hundreds had them all at once.
const TOGETHER: usize = 64;
/// How long the next ones wait for those before them, where more are asked at once: targets that hang delay no others.
const APART: Duration = Duration::from_millis(10);

/// Something that can be looked at, again and again.
pub trait Look: Send + 'static {
    /// Who it is.
    fn target(&self) -> &TargetId;
    /// Looks once. It always ends, and with one event.
    fn look(&mut self) -> impl Future<Output = Event> + Send;
}

impl Look for super::scrape::Scraper {
    fn target(&self) -> &TargetId {
        &Self::target(self).id
    }

    async fn look(&mut self) -> Event {
        Self::look(self).await
    }
}

/// Looks at every target, [`TOGETHER`] at once, and waits for all.
pub async fn round<L: Look>(lookers: &mut Vec<L>) -> Vec<Event> {
    let mut looks = JoinSet::new();
    let (mut events, mut done) = (Vec::new(), Vec::new());
    let mut take = |result| {
        if let Ok((looker, event)) = result {
            done.push(looker);
            events.push(event);
        }
    };
    let mut room = TOGETHER;
    for looker in lookers.drain(..) {
        while room == 0 {
            match timeout(APART, looks.join_next()).await {
                Ok(Some(result)) => {
                    take(result);
                    room += 1;
                }
                Ok(None) | Err(_) => room = TOGETHER,
            }
        }
        looks.spawn(look_once(looker));
        room -= 1;
    }
    while let Some(result) = looks.join_next().await {
        take(result);
    }
    // Looks end in any order; targets and events keep theirs.
    done.sort_by(|a, b| a.target().cmp(b.target()));
    events.sort_by_key(|event| event.at().boot);
    *lookers = done;
    events
}

async fn look_once<L: Look>(mut looker: L) -> (L, Event) {
    let event = looker.look().await;
    (looker, event)
}

/// Looks at targets until the receiver is gone: at once, after 300 ms, then each in its slot of every interval; at once and
/// in new slots when the interval changes. When `last` turns true, looks once more and ends.
pub async fn watch<L: Look, M: From<Vec<Event>> + Send + 'static>(
    lookers: Vec<L>,
    interval: watch::Receiver<Duration>,
    events: mpsc::Sender<M>,
    last: watch::Receiver<bool>,
) {
    let apart = if lookers.len() > TOGETHER { APART } else { Duration::ZERO };
    let mut slots: Vec<Vec<L>> = (0..SLOTS).map(|_| Vec::new()).collect();
    for looker in lookers {
        slots[slot_of(looker.target()) as usize].push(looker);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (slot, lookers) in (0..).zip(slots).filter(|(_, lookers)| !lookers.is_empty()) {
        let place = Slot { began: began + apart * slot, interval: *interval.borrow(), number: slot, apart };
        tasks.spawn(watch_slot(lookers, place, interval.clone(), events.clone(), last.clone()));
    }
    while tasks.join_next().await.is_some() {}
}

fn slot_of(target: &TargetId) -> u32 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    (hasher.finish() % u64::from(SLOTS)) as u32
}

/// When the targets of a slot are asked.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// When it is asked first.
    began: Instant,
    interval: Duration,
    number: u32,
    /// How much later than the slot before it is asked first.
    apart: Duration,
}

impl Slot {
    fn offset(self) -> Duration {
        self.interval * self.number / SLOTS
    }
}

async fn watch_slot<L: Look, M: From<Vec<Event>> + Send + 'static>(
    lookers: Vec<L>,
    mut slot: Slot,
    mut interval: watch::Receiver<Duration>,
    events: mpsc::Sender<M>,
    mut last: watch::Receiver<bool>,
) {
    let mut idle = lookers;
    let mut looks = JoinSet::new();
    let mut due = slot.began;
    let mut ending = false;
    loop {
        tokio::select! {
            () = sleep_until(due), if !ending => {
                for looker in idle.drain(..) {
                    looks.spawn(look_once(looker));
                }
                due = next_due(due, slot.began, slot.interval, slot.offset());
            }
            every = changed(&mut interval), if !ending => {
                let began = Instant::now() + slot.apart * slot.number;
                slot = Slot { began, interval: every, ..slot };
                due = began;
            }
            () = told(&mut last), if !ending => {
                ending = true;
                for looker in idle.drain(..) {
                    looks.spawn(look_once(looker));
                }
            }
            Some(result) = looks.join_next() => {
                let mut batch = Vec::new();
                let mut result = Some(result);
                while let Some(ended) = result {
                    if let Ok((looker, event)) = ended {
                        idle.push(looker);
                        batch.push(event);
                    }
                    result = looks.try_join_next();
                }
                if events.send(M::from(batch)).await.is_err() || (ending && looks.is_empty()) {
                    return;
                }
            }
            else => return,
        }
    }
}

/// Waits until the end is asked for.
async fn told(last: &mut watch::Receiver<bool>) {
    if last.wait_for(|last| *last).await.is_err() {
        // The receiver is gone.
        std::future::pending::<()>().await;
    }
}

/// Waits for another interval.
async fn changed(interval: &mut watch::Receiver<Duration>) -> Duration {
    if interval.changed().await.is_err() {
        // No sender is left that could change it.
        std::future::pending::<()>().await;
    }
    *interval.borrow_and_update()
}

/// The first look is at once, the second soon after, the others in the slot; slots that were missed are skipped.
fn next_due(due: Instant, began: Instant, interval: Duration, offset: Duration) -> Instant {
    let second = began + SECOND_LOOK.min(interval);
    if due < second {
        return second;
    }
    let mut next = began + offset;
    let passed = Instant::now().max(due).saturating_duration_since(next);
    next += interval * (passed.as_nanos() / interval.as_nanos().max(1)) as u32;
    while next <= due + interval / 2 {
        next += interval;
    }
    next
}

/// Sends a tick every interval, a moment after its last slot has begun: with every source dead, time still passes.
pub async fn tick<M: From<Vec<Event>> + Send + 'static>(
    clock: Clock,
    mut interval: watch::Receiver<Duration>,
    events: mpsc::Sender<M>,
) {
    let mut every = *interval.borrow_and_update();
    loop {
        let lag = every / 40;
        sleep_until(Instant::now() + SECOND_LOOK.min(every) + lag).await;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        every = loop {
            if events.send(M::from(vec![Event::Tick(clock.now())])).await.is_err() {
                return;
            }
            tokio::select! {
                _ = ticks.tick() => {}
                other = changed(&mut interval) => break other,
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_look_is_soon_and_the_others_in_their_slot() {
        let began = Instant::now() + Duration::from_secs(3600);
        let (second, offset) = (Duration::from_secs(1), Duration::from_millis(350));
        let first = next_due(began, began, second, offset);
        assert_eq!(first - began, SECOND_LOOK);
        let third = next_due(first, began, second, offset);
        assert_eq!(third - began, Duration::from_millis(1350));
        assert_eq!(next_due(third, began, second, offset) - third, second);
    }

    #[tokio::test]
    async fn another_interval_holds_at_once() {
        let (set, interval) = watch::channel(Duration::from_secs(60));
        let (events, mut ticks) = mpsc::channel::<Vec<Event>>(64);
        tokio::spawn(tick(Clock::System, interval, events));
        set.send_replace(Duration::from_millis(20));
        for _ in 0..5 {
            let tick = tokio::time::timeout(Duration::from_secs(10), ticks.recv()).await;
            assert!(tick.is_ok_and(|events| events.is_some()));
        }
    }

    #[test]
    fn a_target_keeps_its_slot() {
        let target = TargetId::new("http://127.0.0.1:8000");
        assert_eq!(slot_of(&target), slot_of(&target.clone()));
        assert!(slot_of(&target) < SLOTS);
    }
}
