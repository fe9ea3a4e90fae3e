//! Sends queries to the ledger and receives their results without blocking.

use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};

use super::app::{Action, App, Effect};
use super::ledger_query::{LedgerAnswer, LedgerQueries};
use super::loop_events::LoopEvent;

/// One question at a time, and the place where its answer will lie.
pub(super) struct QueryClient {
    past: Option<LedgerQueries>,
    wake: SyncSender<LoopEvent>,
    answer: Option<Receiver<LedgerAnswer>>,
}

impl QueryClient {
    /// With the thread that answers questions of the past, if there is one.
    pub(super) const fn new(past: Option<LedgerQueries>, wake: SyncSender<LoopEvent>) -> Self {
        Self { past, wake, answer: None }
    }

    /// Hands an answer on if there is one, and asks what is due. Whether there is something new to draw.
    pub(super) fn go_on(&mut self, app: &mut App) -> bool {
        let reply = match self.answer.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => None,
            Some(Ok(reply)) => Some(Action::Answered(reply)),
            Some(Err(TryRecvError::Disconnected)) => Some(Action::Unanswered),
        };
        let news = reply.is_some_and(|action| {
            self.answer = None;
            app.update(action) == Effect::Redraw
        });
        if let Some(past) = &self.past
            && let Some(question) = app.question()
        {
            // There is room for the one answer, and a full queue wakes the loop anyway: the answering thread never waits.
            let (tell, answer) = mpsc::sync_channel(1);
            let wake = self.wake.clone();
            self.answer = Some(answer);
            past.ask(
                question,
                Box::new(move |reply| {
                    let _ = tell.try_send(reply);
                    let _ = wake.try_send(LoopEvent::Answered);
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
    use super::super::ledger_query::OnAnswer;
    use super::super::view::ViewId;
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::reading::Label;
    use crate::units::Span;

    /// Replies that wait for the ledger to give them.
    type WaitingReplies = Arc<Mutex<Vec<OnAnswer>>>;

    fn asking() -> (QueryClient, App, WaitingReplies, Receiver<LoopEvent>) {
        let waiting = WaitingReplies::default();
        let (wake, wakes) = mpsc::sync_channel(1);
        let inbox = waiting.clone();
        let past = LedgerQueries::new(move |_, reply| inbox.lock().unwrap().push(reply));
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
        let (mut conversation, mut app, waiting, wakes) = asking();
        assert!(!conversation.go_on(&mut app));
        app.update(Action::Command(Command::Against));
        assert!(!conversation.go_on(&mut app));
        assert_eq!(waiting.lock().unwrap().len(), 1);
        let reply = waiting.lock().unwrap().pop().unwrap();
        reply(LedgerAnswer::Money(Err(Label::new("busy"))));
        assert!(matches!(wakes.try_recv(), Ok(LoopEvent::Answered)));
        assert!(conversation.go_on(&mut app), "there is something to draw");
        assert_eq!(app.money.failure.as_ref().unwrap().as_str(), "busy");
        assert_eq!(waiting.lock().unwrap().len(), 1, "the other end of the bridge is asked for now");
    }

    #[test]
    fn an_answer_is_received_though_the_queue_is_full_and_nobody_waits_for_room() {
        let (mut conversation, mut app, waiting, _wakes) = asking();
        conversation.wake.try_send(LoopEvent::Resumed).unwrap();
        conversation.go_on(&mut app);
        let reply = waiting.lock().unwrap().pop().unwrap();
        reply(LedgerAnswer::Money(Err(Label::new("busy"))));
        assert!(conversation.go_on(&mut app));
    }

    #[test]
    fn a_question_that_was_dropped_is_asked_again() {
        let (mut conversation, mut app, waiting, _wakes) = asking();
        conversation.go_on(&mut app);
        drop(waiting.lock().unwrap().pop());
        assert!(conversation.go_on(&mut app));
        assert!(app.money.failure.is_some());
        app.update(Action::Command(Command::Against));
        conversation.go_on(&mut app);
        assert_eq!(waiting.lock().unwrap().len(), 1);
    }
}
