//! The state of the what-if form: its fields and the last answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::reading::Label;
use crate::statement::WhatIfChange;
use crate::tui::ledger_query::{WhatIfPage, WhatIfQuery};
use crate::units::{Decimal, HourlyRate, LoadFactor, NodeCount, Share, Timestamp};

/// The most characters of a number.
const LONGEST: usize = 9;
/// The most characters of a scenario's name, and the most scenarios.
const LONGEST_NAME: usize = 32;
const MOST_KEPT: usize = 50;
/// The largest number of nodes that can be entered.
const MOST_NODES: u32 = 1_000_000;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field {
    /// The price list.
    #[default]
    List,
    /// The paid share.
    Paid,
    /// The traffic.
    Load,
    /// The hit rate.
    HitRate,
    /// The rate of a GPU.
    GpuRate,
    /// The number of nodes.
    Nodes,
}

impl Field {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 6] = [Self::List, Self::Paid, Self::Load, Self::HitRate, Self::GpuRate, Self::Nodes];

    /// Its label on the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "price list",
            Self::Paid => "paid share",
            Self::Load => "load",
            Self::HitRate => "hit rate",
            Self::GpuRate => "GPU rate /h",
            Self::Nodes => "nodes",
        }
    }

    /// The smallest value, in the units of its scale.
    const fn least(self) -> i64 {
        if matches!(self, Self::Nodes) { 1 } else { 0 }
    }

    /// One step and the largest value: parts per million, micro-units of currency, millionths of a node.
    const fn scale(self) -> (i64, i64) {
        match self {
            Self::List => (0, 0),
            Self::Paid | Self::HitRate => (50_000, 1_000_000),
            Self::Load => (50_000, 100_000_000),
            Self::GpuRate => (100_000, 999_999_900_000),
            Self::Nodes => (1_000_000, MOST_NODES as i64 * 1_000_000),
        }
    }
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct WhatIfForm {
    /// Whether it is open.
    pub open: bool,
    /// The selected field.
    pub field: Field,
    /// The selected list.
    pub list: Option<Label>,
    /// The text of the other fields; an empty field changes nothing.
    texts: [String; Field::ALL.len()],
    /// Whether the selected field's text is being typed: what is typed first replaces what stands there.
    is_typing: bool,
    /// The last answer.
    pub page: Option<Arc<WhatIfPage>>,
    /// The error of the last query, if it has no answer.
    pub failure: Option<Label>,
    /// The saved scenarios.
    pub scenarios: Vec<FormScenario>,
    /// The name that is being entered for the form's values.
    pub naming: Option<String>,
    /// The scenario that was loaded or saved last.
    pub scenario: Option<String>,
}

/// The values of a form, under a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FormScenario {
    /// Its name.
    pub name: String,
    /// The price list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The text of the other fields, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

impl FormScenario {
    /// The changes, as they would be entered.
    pub fn of(name: &str, changed: &WhatIfChange<Label>) -> Self {
        let WhatIfChange { list, paid, load, hit_rate, gpu_rate, nodes } = changed;
        let share = |share: &Option<Share>| share.map(|share| i64::from(share.ppm()));
        let values = [
            (Field::Paid, share(paid)),
            (Field::Load, load.map(LoadFactor::micros)),
            (Field::HitRate, share(hit_rate)),
            (Field::GpuRate, gpu_rate.map(HourlyRate::micros)),
            (Field::Nodes, nodes.map(NodeCount::micros)),
        ];
        let typed = |(field, value): (Field, Option<i64>)| Some((field.name().to_owned(), written(field, value?)));
        Self {
            name: name.to_owned(),
            list: list.as_ref().map(ToString::to_string),
            fields: values.into_iter().filter_map(typed).collect(),
        }
    }
}

impl WhatIfForm {
    /// Starts to enter a name for the form's values.
    pub(super) fn begin_naming(&mut self) {
        self.naming = Some(self.scenario.clone().unwrap_or_default());
    }

    /// Saves the form's values under the entered name, replacing a scenario of that name. Returns the message.
    pub(super) fn keep(&mut self) -> Result<String, String> {
        let name = self.naming.take().unwrap_or_default().trim().to_owned();
        if name.is_empty() {
            return Err("not kept: a scenario needs a name".to_owned());
        }
        let typed = Field::ALL.into_iter().filter(|field| !self.text(*field).is_empty());
        let fields = typed.map(|field| (field.name().to_owned(), self.text(field).to_owned())).collect();
        let kept = FormScenario { name: name.clone(), list: self.list.as_ref().map(ToString::to_string), fields };
        self.scenarios.retain(|scenario| scenario.name != name);
        if self.scenarios.len() >= MOST_KEPT {
            self.scenarios.remove(0);
        }
        self.scenarios.push(kept);
        self.scenario = Some(name.clone());
        Ok(format!("kept as {name}"))
    }

    /// Fills the form with the next scenario. Returns the message.
    pub(super) fn load_next(&mut self) -> Result<String, String> {
        let at = self.scenario.as_ref().and_then(|name| self.scenarios.iter().position(|known| known.name == *name));
        let next = at.map_or(0, |at| (at + 1) % self.scenarios.len().max(1));
        let Some(scenario) = self.scenarios.get(next).cloned() else {
            return Err("no scenario is kept yet: s keeps one".to_owned());
        };
        self.list = scenario.list.as_deref().map(Label::new);
        self.is_typing = false;
        for field in Field::ALL {
            self.texts[field as usize] = scenario.fields.get(field.name()).cloned().unwrap_or_default();
        }
        self.scenario = Some(scenario.name.clone());
        Ok(format!("scenario {}, {} of {}", scenario.name, next + 1, self.scenarios.len()))
    }

    /// Clears all fields.
    pub(super) fn reset(&mut self) {
        (self.texts, self.list, self.scenario) = (<[String; Field::ALL.len()]>::default(), None, None);
        self.is_typing = false;
    }

    /// The text of a field.
    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    /// Whether the text of a field is invalid.
    pub fn is_wrong(&self, field: Field) -> bool {
        !self.text(field).is_empty() && self.value(field).is_none()
    }

    /// The query of the form.
    pub fn changed(&self) -> WhatIfChange<Label> {
        let share = |field| self.value(field).and_then(|ppm| Share::from_ppm(u32::try_from(ppm).ok()?));
        WhatIfChange {
            list: self.list.clone(),
            paid: share(Field::Paid),
            load: self.value(Field::Load).and_then(LoadFactor::from_micros),
            hit_rate: share(Field::HitRate),
            gpu_rate: self.value(Field::GpuRate).and_then(|micros| HourlyRate::of_parts(micros, 1)),
            nodes: self.value(Field::Nodes).and_then(NodeCount::from_micros),
        }
    }

    /// Whether the last answer is to the present query.
    pub fn is_answered(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.changed == self.changed())
    }

    /// The number in a field, in the units of its scale.
    fn value(&self, field: Field) -> Option<i64> {
        let number = Decimal::parse(self.text(field)).ok()?;
        let value = match field {
            Field::List => None,
            Field::Paid | Field::HitRate | Field::Load => number.shifted(-2).scaled(6).ok(),
            Field::GpuRate | Field::Nodes => number.scaled(6).ok(),
        };
        value.filter(|value| *value <= field.scale().1 && *value >= field.least())
    }

    /// The positions of a field on its slider, from 0 to 1: the present and the entered value. Rates and nodes range up
    /// to twice the present value; a list has no slider.
    pub fn slider(&self, field: Field, nodes: usize) -> (Option<f64>, Option<f64>) {
        let (now, then) = (self.now(field, nodes), self.value(field));
        let top = match field {
            Field::List => return (None, None),
            Field::Paid | Field::HitRate => field.scale().1,
            Field::GpuRate | Field::Nodes | Field::Load => {
                now.unwrap_or(0).saturating_mul(2).max(then.unwrap_or(0)).max(1)
            }
        };
        let share = |value: Option<i64>| value.map(|value| value as f64 / top as f64);
        (share(now), share(then))
    }

    pub(super) fn typed(&mut self, c: char) {
        if let Some(name) = &mut self.naming {
            if name.chars().count() < LONGEST_NAME {
                name.push(c);
            }
            return;
        }
        if self.field == Field::List || !(c.is_ascii_digit() || c == '.') {
            return;
        }
        let text = &mut self.texts[self.field as usize];
        if !std::mem::replace(&mut self.is_typing, true) {
            text.clear();
        }
        if text.len() < LONGEST {
            text.push(c);
        }
    }

    pub(super) fn erase(&mut self) {
        if let Some(name) = &mut self.naming {
            name.pop();
            return;
        }
        // What is left is continued.
        self.is_typing = true;
        self.texts[self.field as usize].pop();
        if self.field == Field::List {
            self.list = None;
        }
    }

    /// Selects the next or previous field.
    pub(super) fn turn(&mut self, next: bool) {
        let count = Field::ALL.len();
        self.is_typing = false;
        self.field = Field::ALL[(self.field as usize + if next { 1 } else { count - 1 }) % count];
    }

    /// Moves the selected field up or down; an empty one starts at the present value, with `nodes` allocated.
    pub(super) fn step(&mut self, up: bool, nodes: usize) {
        if self.field == Field::List {
            return self.step_list(up);
        }
        let (step, most) = self.field.scale();
        let Some(from) = self.value(self.field).or_else(|| self.now(self.field, nodes)) else { return };
        self.is_typing = false;
        let to = if up { (from / step + 1) * step } else { (from - 1).div_euclid(step) * step };
        self.texts[self.field as usize] = written(self.field, to.clamp(self.field.least().min(step), most));
    }

    /// Selects the next choice: no change, then every list of the book.
    fn step_list(&mut self, up: bool) {
        let lists = self.page.as_ref().map_or(&[][..], |page| &page.lists);
        let place = self.list.as_ref().and_then(|name| lists.iter().position(|list| list == name));
        let (ring, at) = (lists.len() + 1, place.map_or(0, |place| place + 1));
        let next = (at + if up { 1 } else { ring - 1 }) % ring;
        self.list = next.checked_sub(1).and_then(|place| lists.get(place)).cloned();
    }

    /// The present value of a field.
    fn now(&self, field: Field, nodes: usize) -> Option<i64> {
        let levels = self.page.as_ref().map(|page| page.what_if.levels).unwrap_or_default();
        match field {
            Field::List => None,
            Field::Paid => Some(levels.paid_ppm.unwrap_or(Share::ALL.ppm()).into()),
            Field::Load => Some(1_000_000),
            Field::HitRate => levels.hit_rate_ppm.map(i64::from),
            Field::GpuRate => i64::try_from(levels.gpu_rate?.rounded(6)).ok(),
            Field::Nodes => {
                let known = i64::try_from(nodes).ok()?.checked_mul(1_000_000);
                levels.nodes_milli.map(|milli| milli * 1_000).or(known)
            }
        }
    }

    /// The answer that is shown at an instant.
    pub(super) fn wanted(&self, at: Timestamp) -> WhatIfQuery {
        WhatIfQuery { at, changed: self.changed() }
    }

    pub(super) fn answered(&mut self, answer: Result<Arc<WhatIfPage>, Label>) {
        match answer {
            Ok(page) => (self.page, self.failure) = (Some(page), None),
            Err(failure) => self.failure = Some(failure),
        }
    }
}

/// A number as it would be entered.
fn written(field: Field, value: i64) -> String {
    let (whole, rest, places) = match field {
        Field::Paid | Field::HitRate | Field::Load => (value / 10_000, value % 10_000, 4),
        Field::GpuRate | Field::Nodes => (value / 1_000_000, value % 1_000_000, 6),
        Field::List => (value, 0, 0),
    };
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:0places$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> WhatIfForm {
        let mut form = WhatIfForm { field: Field::Load, ..WhatIfForm::default() };
        "120".chars().for_each(|c| form.typed(c));
        form
    }

    fn named(form: &mut WhatIfForm, name: &str) -> Result<String, String> {
        form.begin_naming();
        while form.naming.as_ref().is_some_and(|name| !name.is_empty()) {
            form.erase();
        }
        name.chars().for_each(|c| form.typed(c));
        form.keep()
    }

    #[test]
    fn a_scenario_is_kept_under_its_name_and_comes_back() {
        let mut form = filled();
        assert!(named(&mut form, " ").is_err(), "it needs a name");
        assert_eq!(named(&mut form, "more load"), Ok("kept as more load".to_owned()));
        form.reset();
        assert_eq!(form.changed(), WhatIfChange::default());
        assert!(form.load_next().is_ok());
        assert_eq!(form.changed().load, LoadFactor::from_micros(1_200_000));
        "1200".chars().for_each(|c| form.typed(c));
        assert_eq!(named(&mut form, "more load"), Ok("kept as more load".to_owned()));
        assert_eq!(form.scenarios.len(), 1, "one of the same name is replaced");
        assert_eq!(form.scenarios[0].fields["load"], "1200");
    }

    /// Class: a figure that is typed is appended to the one that stands there.
    #[test]
    fn what_is_typed_replaces_what_stands_there() {
        let mut form = WhatIfForm { field: Field::HitRate, ..WhatIfForm::default() };
        "62.5".chars().for_each(|c| form.typed(c));
        assert_eq!(form.text(Field::HitRate), "62.5");
        form.turn(true);
        form.turn(false);
        "70".chars().for_each(|c| form.typed(c));
        assert_eq!(form.text(Field::HitRate), "70");
        form.step(true, 1);
        form.typed('8');
        assert_eq!(form.text(Field::HitRate), "8", "a step is no typing");
        form.turn(true);
        form.turn(false);
        form.erase();
        form.typed('9');
        assert_eq!(form.text(Field::HitRate), "9", "what is left after an erased digit is continued");
        form.typed('0');
        assert_eq!(form.text(Field::HitRate), "90");
    }

    #[test]
    fn a_scenario_of_the_configuration_reads_as_it_would_be_typed() {
        let form = filled();
        let scenario = FormScenario::of("x", &form.changed());
        assert_eq!(scenario.fields.into_iter().collect::<Vec<_>>(), [("load".to_owned(), "120".to_owned())]);
        assert!(WhatIfForm::default().load_next().is_err());
    }
}
