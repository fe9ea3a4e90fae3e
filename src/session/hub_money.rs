//! The money of a hub's ledger, for the charts of a dashboard that is attached to it: asked for as the hub's own charts ask
//! their ledger.

use super::recorder::{hours, read_bridge, read_hours};
use crate::history::{EVENTS_KEPT, History};
use crate::ledger::{Grain, Past};
use crate::statement::settled_minute;
use crate::store::Store;
use crate::units::{Span, Timestamp};

/// The hours that are asked for at the beginning.
const HOURS: i64 = 25;
/// The time between two questions about the last minutes.
const EVERY: Span = Span::from_secs(15);
/// The minutes that are asked for again: postings of a slow source come late.
const LATE: Span = Span::from_secs(180);

/// What was asked, and when.
#[derive(Debug, Default)]
pub struct HubMoney {
    day: bool,
    minutes: Option<Timestamp>,
    bridge: Option<Timestamp>,
}

impl HubMoney {
    /// Asks for what is due at `now`, by the hub's clock.
    pub fn follow(&mut self, store: &Store, history: &History, now: Timestamp) {
        if !std::mem::replace(&mut self.day, true) {
            let log = history.clone();
            store.events(EVENTS_KEPT, Box::new(move |events| log.restore_events(events)));
            read_hours(store, history.clone(), hours(now, HOURS));
        }
        if self.minutes.is_none_or(|last| now - last >= EVERY) {
            self.minutes = Some(now);
            let read = history.clone();
            let answer = move |past: Result<Past, _>| {
                if let Ok(past) = past {
                    read.read_past(&past);
                }
            };
            store.past((now - LATE).minute(), now, Grain::Minute, Box::new(answer));
        }
        let until = settled_minute(now);
        if self.bridge.replace(until) != Some(until) {
            read_bridge(store, history.clone(), now, until);
        }
    }

    /// Asks for everything again: the hub has begun anew.
    pub fn begin_again(&mut self) {
        *self = Self::default();
    }
}
