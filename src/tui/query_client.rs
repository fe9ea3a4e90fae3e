//! Sends queries to the ledger and receives their results without blocking.

use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};

use super::app::{Action, App, Effect};
use super::ledger_query::{LedgerQueries, LedgerResult};
use super::loop_events::LoopEvent;

/// Sends one query at a time, and holds the receiver of its result.
pub(super) struct QueryClient {
    past: Option<LedgerQueries>,
    wake: SyncSender<LoopEvent>,
    pending: Option<Receiver<LedgerResult>>,
}

impl QueryClient {
    /// A client of the thread that answers queries, if there is one.
    pub(super) const fn new(past: Option<LedgerQueries>, wake: SyncSender<LoopEvent>) -> Self {
        Self { past, wake, pending: None }
    }

    /// Applies a received result and sends the next query that is due. Returns whether there is something new to draw.
    pub(super) fn go_on(&mut self, app: &mut App) -> bool {
        let result = match self.pending.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => None,
            Some(Ok(result)) => Some(Action::QueryResult(result)),
            Some(Err(TryRecvError::Disconnected)) => Some(Action::QueryDropped),
        };
        let news = result.is_some_and(|action| {
            self.pending = None;
            app.update(action) == Effect::Redraw
        });
        if let Some(past) = &self.past
            && let Some(query) = app.next_query()
        {
            // The channel has room for the one result, and a full queue wakes the loop anyway: the ledger's thread never waits.
            let (sender, pending) = mpsc::sync_channel(1);
            let wake = self.wake.clone();
            self.pending = Some(pending);
            past.ask(
                query,
                Box::new(move |result| {
                    let _ = sender.try_send(result);
                    let _ = wake.try_send(LoopEvent::QueryResult);
                }),
            );
        }
        news
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::tz::TimeZone;

    use super::super::app::Command;
    use super::super::ledger_query::OnResult;
    use super::super::view::ViewId;
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::reading::Label;
    use crate::units::Span;

    /// The callbacks of queries that the ledger has not answered.
    type WaitingCallbacks = Arc<Mutex<Vec<OnResult>>>;

    fn asking() -> (QueryClient, App, WaitingCallbacks, Receiver<LoopEvent>) {
        let waiting = WaitingCallbacks::default();
        let (wake, wakes) = mpsc::sync_channel(1);
        let inbox = waiting.clone();
        let past = LedgerQueries::new(move |_, result| inbox.lock().unwrap().push(result));
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), Clock::System.now());
        let mut snapshot = fleet.snapshot();
        snapshot.at = crate::units::Timestamp::from_millis(1);
        let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
        app.has_past = true;
        app.update(Action::Command(Command::Show(ViewId::Money)));
        (QueryClient::new(Some(past), wake), app, waiting, wakes)
    }

    #[test]
    fn there_is_never_more_than_one_question() {
        let (mut client, mut app, waiting, wakes) = asking();
        assert!(!client.go_on(&mut app));
        app.update(Action::Command(Command::Against));
        assert!(!client.go_on(&mut app));
        assert_eq!(waiting.lock().unwrap().len(), 1);
        let result = waiting.lock().unwrap().pop().unwrap();
        result(LedgerResult::Money(Err(Label::new("busy"))));
        assert!(matches!(wakes.try_recv(), Ok(LoopEvent::QueryResult)));
        assert!(client.go_on(&mut app), "there is something to draw");
        assert_eq!(app.money.failure.as_ref().unwrap().as_str(), "busy");
        assert_eq!(waiting.lock().unwrap().len(), 1, "the other end of the bridge is asked for now");
    }

    #[test]
    fn an_answer_is_received_though_the_queue_is_full_and_nobody_waits_for_room() {
        let (mut client, mut app, waiting, _wakes) = asking();
        client.wake.try_send(LoopEvent::Resumed).unwrap();
        client.go_on(&mut app);
        let result = waiting.lock().unwrap().pop().unwrap();
        result(LedgerResult::Money(Err(Label::new("busy"))));
        assert!(client.go_on(&mut app));
    }

    #[test]
    fn a_question_that_was_dropped_is_asked_again() {
        let (mut client, mut app, waiting, _wakes) = asking();
        client.go_on(&mut app);
        drop(waiting.lock().unwrap().pop());
        assert!(client.go_on(&mut app));
        assert!(app.money.failure.is_some());
        app.update(Action::Command(Command::Against));
        client.go_on(&mut app);
        assert_eq!(waiting.lock().unwrap().len(), 1);
    }
}
