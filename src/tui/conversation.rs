//! Asking the past and hearing its answers, without ever waiting for either side.

use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};

use super::app::{Action, App, Effect};
use super::inquiry::{AskPast, Reply};
use super::wake::Wake;

/// One question at a time, and the place where its answer will lie.
pub(super) struct Conversation {
    past: Option<AskPast>,
    wake: SyncSender<Wake>,
    answer: Option<Receiver<Reply>>,
}

impl Conversation {
    /// With whoever answers questions of the past, if anyone does.
    pub(super) const fn new(past: Option<AskPast>, wake: SyncSender<Wake>) -> Self {
        Self { past, wake, answer: None }
    }

    /// Hands an answer on if there is one, and asks what is due. Whether there is something new to draw.
    pub(super) fn go_on(&mut self, app: &mut App) -> bool {
        let heard = match self.answer.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => None,
            Some(Ok(reply)) => Some(Action::Answered(reply)),
            Some(Err(TryRecvError::Disconnected)) => Some(Action::Unanswered),
        };
        let news = heard.is_some_and(|action| {
            self.answer = None;
            app.update(action) == Effect::Redraw
        });
        if let Some(past) = &self.past
            && let Some(question) = app.question()
        {
            // There is room for the one answer, and a full queue wakes the loop anyway: whoever answers never waits.
            let (tell, answer) = mpsc::sync_channel(1);
            let wake = self.wake.clone();
            self.answer = Some(answer);
            past.ask(
                question,
                Box::new(move |reply| {
                    let _ = tell.try_send(reply);
                    let _ = wake.try_send(Wake::Answered);
                }),
            );
        }
        news
    }
}
