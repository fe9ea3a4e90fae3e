//! `LoRA` adapters that a page names. A series remains on the page as long as its process lives; its value is the time
//! at which its adapters last ran.

use std::collections::BTreeMap;

use crate::exposition::SeriesLabels;
use crate::reading::Label;
use crate::units::{Span, Timestamp};

/// How long an adapter is named after it last ran.
const NAMED: Span = Span::from_secs(600);
/// The most adapters that are named.
const MOST: usize = 16;

/// The adapters of a process, with the time at which they last ran, if the page has it.
#[derive(Default)]
pub(super) struct Adapters {
    ran: BTreeMap<Label, Option<Timestamp>>,
    /// The latest instant of any series, with adapters or without.
    latest: Option<Timestamp>,
}

impl Adapters {
    /// Reads a series: the running and the waiting adapters, each a list of names separated by commas.
    pub(super) fn take(&mut self, labels: SeriesLabels<'_>, ran: Option<Timestamp>) {
        self.latest = self.latest.max(ran);
        for list in ["running_lora_adapters", "waiting_lora_adapters"].into_iter().filter_map(|name| labels.get(name)) {
            for name in list.text().split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let name = Label::new(name);
                if let Some(known) = self.ran.get_mut(&name) {
                    *known = ran.max(*known);
                } else if self.ran.len() < MOST {
                    self.ran.insert(name, ran);
                }
            }
        }
    }

    /// Drops adapters that ran long before the page was made.
    pub(super) fn drop_old(&mut self, date: Option<Timestamp>) {
        if let Some(now) = date.max(self.latest) {
            self.ran.retain(|_, ran| ran.is_none_or(|ran| now - ran < NAMED));
        }
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<Label> {
        self.ran.keys().cloned().collect()
    }
}
