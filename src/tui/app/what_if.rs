//! The what-if form: what is typed and stepped through, and what came back for it.

use std::sync::Arc;

use super::money::is_old;
use crate::reading::Label;
use crate::tui::inquiry::{Changed, WhatIfPage, WhatIfQuestion};
use crate::units::{Decimal, HourlyRate, NodeCount, Share, Timestamp};

/// The most characters of a figure.
const LONGEST: usize = 9;
/// The most nodes that are worth asking for.
const MOST_NODES: u32 = 1_000_000;

/// One thing that may be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field {
    /// The price list.
    #[default]
    List,
    /// The share that is paid.
    Paid,
    /// The hit rate.
    HitRate,
    /// The rate of a GPU.
    GpuRate,
    /// The number of nodes.
    Nodes,
}

impl Field {
    /// All of them, as they stand.
    pub const ALL: [Self; 5] = [Self::List, Self::Paid, Self::HitRate, Self::GpuRate, Self::Nodes];

    /// Its name on the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "price list",
            Self::Paid => "paid share",
            Self::HitRate => "hit rate",
            Self::GpuRate => "GPU rate /h",
            Self::Nodes => "nodes held",
        }
    }

    /// The least that it takes, in the units of its scale.
    const fn least(self) -> i64 {
        if matches!(self, Self::Nodes) { 1 } else { 0 }
    }

    /// How far one step goes, and the most: parts per million, micro-units of currency, millionths of a node.
    const fn scale(self) -> (i64, i64) {
        match self {
            Self::List => (0, 0),
            Self::Paid | Self::HitRate => (50_000, 1_000_000),
            Self::GpuRate => (100_000, 999_999_900_000),
            Self::Nodes => (1_000_000, MOST_NODES as i64 * 1_000_000),
        }
    }
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct WhatIfForm {
    /// Whether it is shown.
    pub open: bool,
    /// The field that keys go to.
    pub field: Field,
    /// The list that is chosen.
    pub list: Option<Label>,
    /// What is typed in the other fields; empty stays as it was.
    texts: [String; Field::ALL.len()],
    /// The last answer.
    pub page: Option<Arc<WhatIfPage>>,
    /// Why the last question had none.
    pub trouble: Option<Label>,
    asked: Option<WhatIfQuestion>,
}

impl WhatIfForm {
    /// What is typed in a field.
    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    /// Whether what is typed in a field cannot be taken.
    pub fn is_wrong(&self, field: Field) -> bool {
        !self.text(field).is_empty() && self.value(field).is_none()
    }

    /// What is asked for.
    pub fn changed(&self) -> Changed {
        let share = |field| self.value(field).and_then(|ppm| Share::from_ppm(u32::try_from(ppm).ok()?));
        Changed {
            list: self.list.clone(),
            paid: share(Field::Paid),
            hit_rate: share(Field::HitRate),
            gpu_rate: self.value(Field::GpuRate).and_then(|micros| HourlyRate::of_parts(micros, 1)),
            nodes: self.value(Field::Nodes).and_then(NodeCount::from_micros),
        }
    }

    /// Whether the last answer is to what is asked for now.
    pub fn is_answered(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.changed == self.changed())
    }

    /// A field's figure in the units of its scale.
    fn value(&self, field: Field) -> Option<i64> {
        let number = Decimal::parse(self.text(field)).ok()?;
        let value = match field {
            Field::List => None,
            Field::Paid | Field::HitRate => number.shifted(-2).scaled(6).ok(),
            Field::GpuRate | Field::Nodes => number.scaled(6).ok(),
        };
        value.filter(|value| *value <= field.scale().1 && *value >= field.least())
    }

    /// Where a field stands on its slider, from 0 to 1: as it is, and as it is typed. Rates and nodes reach to twice what
    /// they are; a list has no slider.
    pub fn slider(&self, field: Field, nodes: usize) -> (Option<f64>, Option<f64>) {
        let (now, then) = (self.now(field, nodes), self.value(field));
        let top = match field {
            Field::List => return (None, None),
            Field::Paid | Field::HitRate => field.scale().1,
            Field::GpuRate | Field::Nodes => now.unwrap_or(0).saturating_mul(2).max(then.unwrap_or(0)).max(1),
        };
        let share = |value: Option<i64>| value.map(|value| value as f64 / top as f64);
        (share(now), share(then))
    }

    pub(super) fn typed(&mut self, c: char) {
        let text = &mut self.texts[self.field as usize];
        if self.field != Field::List && text.len() < LONGEST && (c.is_ascii_digit() || c == '.') {
            text.push(c);
        }
    }

    pub(super) fn erase(&mut self) {
        self.texts[self.field as usize].pop();
        if self.field == Field::List {
            self.list = None;
        }
    }

    /// Chooses the field after or before this one.
    pub(super) fn turn(&mut self, next: bool) {
        let count = Field::ALL.len();
        self.field = Field::ALL[(self.field as usize + if next { 1 } else { count - 1 }) % count];
    }

    /// Moves the chosen field up or down; one that is empty begins at what is so now, with `nodes` held.
    pub(super) fn step(&mut self, up: bool, nodes: usize) {
        if self.field == Field::List {
            return self.step_list(up);
        }
        let (step, most) = self.field.scale();
        let Some(from) = self.value(self.field).or_else(|| self.now(self.field, nodes)) else { return };
        let to = if up { (from / step + 1) * step } else { (from - 1).div_euclid(step) * step };
        self.texts[self.field as usize] = written(self.field, to.clamp(self.field.least().min(step), most));
    }

    /// Goes round: as it was, then every list of the book.
    fn step_list(&mut self, up: bool) {
        let lists = self.page.as_ref().map_or(&[][..], |page| &page.lists);
        let place = self.list.as_ref().and_then(|name| lists.iter().position(|list| list == name));
        let (ring, at) = (lists.len() + 1, place.map_or(0, |place| place + 1));
        let next = (at + if up { 1 } else { ring - 1 }) % ring;
        self.list = next.checked_sub(1).and_then(|place| lists.get(place)).cloned();
    }

    /// What a field is in truth.
    fn now(&self, field: Field, nodes: usize) -> Option<i64> {
        let levels = self.page.as_ref().map(|page| page.what_if.levels).unwrap_or_default();
        match field {
            Field::List => None,
            Field::Paid => Some(levels.paid_ppm.unwrap_or(Share::ALL.ppm()).into()),
            Field::HitRate => levels.hit_rate_ppm.map(i64::from),
            Field::GpuRate => i64::try_from(levels.gpu_rate?.rounded(6)).ok(),
            Field::Nodes => {
                let known = i64::try_from(nodes).ok()?.checked_mul(1_000_000);
                levels.nodes_milli.map(|milli| milli * 1_000).or(known)
            }
        }
    }

    /// The question that is due at `at`.
    pub(super) fn due(&mut self, at: Timestamp) -> Option<WhatIfQuestion> {
        let question = WhatIfQuestion { at, changed: self.changed() };
        let stands = |asked: &WhatIfQuestion| asked.changed == question.changed && !is_old(asked.at, at);
        if self.asked.as_ref().is_some_and(stands) {
            return None;
        }
        self.asked = Some(question.clone());
        Some(question)
    }

    pub(super) fn answered(&mut self, answer: Result<Arc<WhatIfPage>, Label>) {
        match answer {
            Ok(page) => (self.page, self.trouble) = (Some(page), None),
            Err(trouble) => self.trouble = Some(trouble),
        }
    }
}

/// A figure as it would be typed.
fn written(field: Field, value: i64) -> String {
    let (whole, rest, places) = match field {
        Field::Paid | Field::HitRate => (value / 10_000, value % 10_000, 4),
        Field::GpuRate | Field::Nodes => (value / 1_000_000, value % 1_000_000, 6),
        Field::List => (value, 0, 0),
    };
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:0places$}").trim_end_matches('0').to_owned()
}
