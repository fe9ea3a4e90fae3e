//! `LoRA` adapters that a page names. A series stays on the page for as long as its process lives; its value says when
//! its adapters last ran.

use std::collections::BTreeMap;

use crate::exposition::SeriesLabels;
use crate::reading::Label;
use crate::units::{Span, Timestamp};

/// How long after it last ran an adapter is named.
const NAMED: Span = Span::from_secs(600);
/// The most adapters that are named.
const MOST: usize = 16;

/// The adapters of a process, with when they last ran, where the page says.
#[derive(Default)]
pub(super) struct Adapters {
    ran: BTreeMap<Label, Option<Timestamp>>,
    /// The latest instant of any series, with adapters or without.
    latest: Option<Timestamp>,
}

impl Adapters {
    /// Takes a series: those that run and those that wait, each a list with commas between the names.
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

    /// Drops those that ran long before the page was made.
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
