//! The sources that a session begins with, grouped by timing, and the targets that they announce at once.

use crate::clock::Clock;
use crate::fleet::TargetInfo;
use crate::source::{MessageReceiver, PollTiming, Source, SourceMessage, sink};

/// The sources of a session.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Sources that the schedule polls repeatedly.
    pub(super) scheduled: Vec<Box<dyn Source>>,
    /// Sources that need only one poll.
    pub(super) once: Vec<Box<dyn Source>>,
    /// Started sources that time their own polls.
    pub(super) own: Vec<SelfTimed>,
    /// The targets that were announced.
    pub(super) targets: Vec<TargetInfo>,
}

/// A started source that times its own polls, with the channel of its messages.
#[derive(Debug)]
pub(super) struct SelfTimed {
    pub(super) source: Box<dyn Source>,
    pub(super) receiver: MessageReceiver,
    pub(super) first_messages: Vec<SourceMessage>,
}

impl Opened {
    /// Starts the sources that time their own polls, and collects the targets they announce.
    pub(super) fn new(sources: Vec<Box<dyn Source>>, clock: &Clock) -> Self {
        let mut opened = Self::default();
        for source in sources {
            opened.add(source, clock);
        }
        opened
    }

    fn add(&mut self, mut source: Box<dyn Source>, clock: &Clock) {
        match source.timing() {
            PollTiming::Scheduled => self.scheduled.push(source),
            PollTiming::Once => self.once.push(source),
            PollTiming::Own => {
                let (sink, mut receiver) = sink();
                source.start(sink, clock);
                let (mut first_messages, mut found) = (Vec::new(), Vec::new());
                while let Ok(one) = receiver.try_recv() {
                    match one {
                        SourceMessage::Targets(targets) => found.extend(targets),
                        other => first_messages.push(other),
                    }
                }
                self.own.push(SelfTimed { source, receiver, first_messages });
                for target in found {
                    self.targets.push(target.info);
                    target.source.into_iter().for_each(|source| self.add(source, clock));
                }
            }
        }
    }
}
