//! The schedule of polls: an interval has twenty slots, and the sources of a slot are polled together.
//!
//! A timer for each source would cost more than reading its page. The hash of a source's id gives its slot, so that a
//! fleet's load is spread and stays so after a restart. A source is not polled again during a poll, nor while it rests
//! after a slow one (`idle_sources`).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::collector::Message;
use super::idle_sources::IdleSources;
use super::opened::SelfTimed;
use super::poll_group::{APART, TOGETHER, poll_once};
use crate::clock::Clock;
use crate::reading::{Event, TargetId};
use crate::source::discover::{Pids, note_pids};
use crate::source::{MessageReceiver, Next, SECOND_POLL, Source, SourceMessage, sink};
use crate::units::Span;

/// Slots in an interval.
const SLOTS: u32 = 20;
/// How long sources have to answer after a change of the interval.
const ANSWERS: Duration = Duration::from_secs(1);

/// Held by each task that polls; when all are dropped, the last poll is over.
#[derive(Debug)]
pub(super) enum WorkGuard {}

/// Polls sources, from the first poll to the last.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) clock: Clock,
    /// The time between two polls of a source.
    pub(super) interval: watch::Receiver<Duration>,
    /// The channel to the collector.
    pub(super) events: mpsc::Sender<Message>,
    /// Becomes true when the last poll is requested.
    pub(super) last: watch::Receiver<bool>,
    /// A guard for each task that polls.
    pub(super) at_work: mpsc::WeakSender<WorkGuard>,
    /// The processes that use this machine's GPUs.
    pub(super) pids: watch::Sender<Pids>,
}

/// What controls a schedule, and what is known from it.
#[derive(Debug)]
pub(super) struct ScheduleControl {
    /// The interval between polls; may be set at any time.
    pub(super) interval: watch::Sender<Duration>,
    /// Requests the last poll.
    pub(super) last: watch::Sender<bool>,
    /// Closes when all guards are dropped, thus when the last poll is over.
    pub(super) at_work: mpsc::Receiver<WorkGuard>,
    /// The guard of the tasks that are yet to be started.
    pub(super) working: mpsc::Sender<WorkGuard>,
    /// The processes that use this machine's GPUs.
    pub(super) pids: watch::Receiver<Pids>,
}

impl Schedule {
    /// A schedule that sends to `events`, and its control.
    pub(super) fn new(clock: Clock, interval: Duration, events: mpsc::Sender<Message>) -> (Self, ScheduleControl) {
        let ((last, ending), (set_interval, interval)) = (watch::channel(false), watch::channel(interval));
        let ((working, at_work), (pids, seen_pids)) = (mpsc::channel(1), watch::channel(Pids::new()));
        let schedule = Self { clock, interval, events, last: ending, at_work: working.downgrade(), pids };
        (schedule, ScheduleControl { interval: set_interval, last, at_work, working, pids: seen_pids })
    }

    /// Polls sources until the receiver is dropped: at once, after 300 ms, then each in its slot of every interval; at once
    /// and in new slots after a change of the interval. When `last` becomes true, polls once more and ends.
    pub(super) fn watch(self, sources: Vec<Box<dyn Source>>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.watch_slots(sources))
    }

    async fn watch_slots(self, sources: Vec<Box<dyn Source>>) {
        let _working = self.at_work.upgrade();
        let apart = if sources.len() > TOGETHER { APART } else { Duration::ZERO };
        let mut slots: Vec<Vec<Box<dyn Source>>> = (0..SLOTS).map(|_| Vec::new()).collect();
        for source in sources {
            slots[slot_of(source.id()) as usize].push(source);
        }
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for (slot, sources) in (0..).zip(slots).filter(|(_, sources)| !sources.is_empty()) {
            let place =
                PollSlot { began: began + apart * slot, interval: *self.interval.borrow(), number: slot, apart };
            tasks.spawn(self.clone().watch_slot(sources, place));
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn watch_slot(mut self, sources: Vec<Box<dyn Source>>, mut slot: PollSlot) {
        let (sink, mut receiver) = sink();
        let mut idle = IdleSources::new(sources);
        for source in idle.iter_mut() {
            source.start(sink.clone(), &self.clock);
        }
        let mut polls = JoinSet::new();
        let mut due = slot.began;
        let mut ending = false;
        loop {
            tokio::select! {
                () = sleep_until(due), if !ending => {
                    for source in idle.take_rested() {
                        polls.spawn(timed(poll_once(source)));
                    }
                    due = next_due(due, slot.began, slot.interval, slot.offset());
                }
                every = changed(&mut self.interval), if !ending => {
                    let began = Instant::now() + slot.apart * slot.number;
                    slot = PollSlot { began, interval: every, ..slot };
                    due = began;
                }
                () = last_poll_requested(&mut self.last), if !ending => {
                    ending = true;
                    for source in idle.take_all() {
                        polls.spawn(timed(poll_once(source)));
                    }
                }
                Some(ended) = polls.join_next() => {
                    let mut ended = Some(ended);
                    while let Some(poll) = ended {
                        // A source that has ended is dropped.
                        if let Ok(((source, Next::Scheduled | Next::At(_)), took)) = poll {
                            idle.put(source, took, slot.interval);
                        }
                        ended = polls.try_join_next();
                    }
                    if !self.pass(take_all(&mut receiver)).await || (polls.is_empty() && (ending || idle.is_empty())) {
                        return;
                    }
                }
                Some(first) = receiver.recv() => {
                    let messages = std::iter::once(first).chain(take_all(&mut receiver)).collect();
                    if !self.pass(messages).await {
                        return;
                    }
                }
            }
        }
    }

    /// Passes on the messages of a source that times its own polls, and passes changes of the interval to it.
    pub(super) async fn follow(mut self, started: SelfTimed) {
        let SelfTimed { mut source, mut receiver, first_messages } = started;
        if !self.pass(first_messages).await {
            return;
        }
        loop {
            tokio::select! {
                Some(first) = receiver.recv() => {
                    if !self.pass(std::iter::once(first).chain(take_all(&mut receiver)).collect()).await {
                        return;
                    }
                }
                // A source that has ended is kept, since others may depend on it.
                every = changed(&mut self.interval) => source.set_interval(every),
            }
        }
    }

    /// Passes on messages of sources, and polls the targets found. Returns whether the collector is still receiving.
    pub(super) async fn pass(&self, messages: Vec<SourceMessage>) -> bool {
        let (mut events, mut found) = (Vec::new(), Vec::new());
        for one in messages {
            let (message, sources) = match one {
                SourceMessage::Events(some) => {
                    for event in some.iter().filter(|event| matches!(event, Event::Gpus { .. })) {
                        self.pids.send_if_modified(|known| note_pids(known, event));
                    }
                    events.extend(some);
                    continue;
                }
                other => Message::from_source(other),
            };
            found.extend(sources);
            if !self.send(std::mem::take(&mut events)).await || self.events.send(message).await.is_err() {
                return false;
            }
        }
        let goes_on = self.send(events).await;
        if goes_on && !found.is_empty() {
            // They are polled after their announcement was passed on, which keeps messages in order.
            tokio::spawn(self.clone().watch(found));
        }
        goes_on
    }

    async fn send(&self, events: Vec<Event>) -> bool {
        events.is_empty() || self.events.send(Message::Events(events)).await.is_ok()
    }

    /// Sends a tick every interval, shortly after its last slot has begun, so that time passes even if no source answers.
    pub(super) async fn tick(mut self) {
        let mut every = *self.interval.borrow_and_update();
        loop {
            let lag = every / 40;
            sleep_until(Instant::now() + SECOND_POLL.min(every) + lag).await;
            let mut ticks = interval_at(Instant::now() + every, every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            every = loop {
                if !self.send(vec![Event::Tick(self.clock.now())]).await {
                    return;
                }
                tokio::select! {
                    _ = ticks.tick() => {}
                    other = changed(&mut self.interval) => break other,
                }
            };
        }
    }

    /// Passes changes of the interval to the collector.
    pub(super) async fn follow_interval(mut self) {
        let mut before = *self.interval.borrow_and_update();
        loop {
            let every = changed(&mut self.interval).await;
            if every < before {
                // Sources are polled at once but have not answered yet; they would be stale by the new interval.
                tokio::time::sleep(ANSWERS).await;
            }
            before = every;
            if self.events.send(Message::Interval(Span::from(every))).await.is_err() {
                return;
            }
        }
    }
}

/// Takes all messages in the channel.
fn take_all(receiver: &mut MessageReceiver) -> Vec<SourceMessage> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

/// The timing of a slot's polls.
#[derive(Debug, Clone, Copy)]
struct PollSlot {
    /// The time of the first poll.
    began: Instant,
    interval: Duration,
    number: u32,
    /// The time between the first polls of two slots.
    apart: Duration,
}

impl PollSlot {
    fn offset(self) -> Duration {
        self.interval * self.number / SLOTS
    }
}

fn slot_of(target: &TargetId) -> u32 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    (hasher.finish() % u64::from(SLOTS)) as u32
}

/// What comes of work, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (work.await, began.elapsed())
}

/// Waits until the last poll is requested.
async fn last_poll_requested(last: &mut watch::Receiver<bool>) {
    if last.wait_for(|last| *last).await.is_err() {
        // The sender was dropped.
        std::future::pending::<()>().await;
    }
}

/// Waits for a change of the interval.
async fn changed(interval: &mut watch::Receiver<Duration>) -> Duration {
    if interval.changed().await.is_err() {
        // The sender was dropped, so the interval no longer changes.
        std::future::pending::<()>().await;
    }
    *interval.borrow_and_update()
}

/// The first poll is at once, the second soon after, later ones in the slot; missed slots are skipped.
fn next_due(due: Instant, began: Instant, interval: Duration, offset: Duration) -> Instant {
    let second = began + SECOND_POLL.min(interval);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::source::{PollFuture, Sink};

    #[test]
    fn the_second_poll_is_soon_and_the_others_in_their_slot() {
        let began = Instant::now() + Duration::from_secs(3600);
        let (second, offset) = (Duration::from_secs(1), Duration::from_millis(350));
        let first = next_due(began, began, second, offset);
        assert_eq!(first - began, SECOND_POLL);
        let third = next_due(first, began, second, offset);
        assert_eq!(third - began, Duration::from_millis(1350));
        assert_eq!(next_due(third, began, second, offset) - third, second);
    }

    #[tokio::test]
    async fn another_interval_holds_at_once() {
        let (events, mut ticks) = mpsc::channel(64);
        let (schedule, control) = Schedule::new(Clock::System, Duration::from_secs(60), events);
        tokio::spawn(schedule.tick());
        control.interval.send_replace(Duration::from_millis(20));
        for _ in 0..5 {
            let tick = tokio::time::timeout(Duration::from_secs(10), ticks.recv()).await;
            assert!(tick.is_ok_and(|events| events.is_some()));
        }
    }

    /// A source whose polls take a while, and the number of polls.
    #[derive(Debug)]
    struct Slow {
        id: TargetId,
        polls: Arc<AtomicU32>,
    }

    impl Source for Slow {
        fn id(&self) -> &TargetId {
            &self.id
        }

        fn start(&mut self, _sink: Sink, _clock: &Clock) {}

        fn poll(&mut self) -> PollFuture<'_> {
            self.polls.fetch_add(1, Ordering::SeqCst);
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(80)).await;
                Next::Scheduled
            })
        }
    }

    #[tokio::test]
    async fn a_slow_source_is_polled_for_at_most_half_of_the_time() {
        let (events, _messages) = mpsc::channel(64);
        let (schedule, _control) = Schedule::new(Clock::System, Duration::from_millis(100), events);
        let polls = Arc::<AtomicU32>::default();
        let slow = Slow { id: TargetId::new("http://127.0.0.1:8000"), polls: Arc::clone(&polls) };
        let _ = tokio::time::timeout(Duration::from_secs(2), schedule.watch(vec![Box::new(slow)])).await;
        let polls = polls.load(Ordering::SeqCst);
        assert!((2..=13).contains(&polls), "{polls} polls of 80 ms in 2 s");
    }

    #[test]
    fn a_target_keeps_its_slot() {
        let target = TargetId::new("http://127.0.0.1:8000");
        assert_eq!(slot_of(&target), slot_of(&target.clone()));
        assert!(slot_of(&target) < SLOTS);
    }
}
