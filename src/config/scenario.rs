//! Named scenarios: `[[scenario]]`.

use serde::Deserialize;

use super::error::Findings;
use super::faults::TableFaults;
use crate::pricing::Book;
use crate::statement::WhatIfChange;
use crate::units::{HourlyRate, LoadFactor, NodeCount, Share};

/// A `[[scenario]]`: named changes. What it does not mention is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, for `report --what-if NAME`.
    pub name: String,
    /// The list of all tokens.
    pub list: Option<String>,
    /// The paid share.
    pub paid: Option<Share>,
    /// The traffic, as a factor.
    pub load: Option<LoadFactor>,
    /// The share of cached prompt tokens.
    pub hit_rate: Option<Share>,
    /// The price of a GPU-hour.
    pub gpu_rate: Option<HourlyRate>,
    /// The number of nodes.
    pub nodes: Option<NodeCount>,
}

impl Scenario {
    /// What it changes.
    pub fn change(&self) -> WhatIfChange<String> {
        let Self { name: _, list, paid, load, hit_rate, gpu_rate, nodes } = self.clone();
        WhatIfChange { list, paid, load, hit_rate, gpu_rate, nodes }
    }
}

/// Reads the scenarios and reports their mistakes.
pub(super) fn scenarios(tables: Vec<Scenario>, book: &Book, findings: &mut Findings<'_>) -> Vec<Scenario> {
    for (nth, table) in tables.iter().enumerate() {
        findings.faults("scenario", nth, faults(table, &tables[..nth], book));
    }
    tables
}

fn faults(table: &Scenario, before: &[Scenario], book: &Book) -> TableFaults {
    let (name, change) = (&table.name, table.change());
    let mut faults = TableFaults::default();
    if name.trim().is_empty() || name.trim() != name || name.contains('=') || name.chars().any(char::is_control) {
        faults.add(&["name"], format!("name {name:?}: write a word without \"=\", like \"more-cache\""));
    }
    if before.iter().any(|other| other.name == *name) {
        faults.add(&["name"], format!("name \"{name}\" is used twice: each scenario has a name of its own"));
    }
    if change == WhatIfChange::default() {
        faults.add(
            &[],
            format!("scenario \"{name}\" changes nothing: write list, paid, load, hit_rate, gpu_rate or nodes"),
        );
    }
    if let Some(Err(why)) = change.list.as_deref().map(|list| book.own_list(list)) {
        faults.add(&["list"], format!("list: {why}"));
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_says_what_is_wrong_with_it() {
        let book = Book::built_in().unwrap();
        let of = |text: &str| toml::from_str::<Scenario>(text).unwrap();
        assert!(toml::from_str::<Scenario>("name = \"b\"\nnodes = 0").unwrap_err().message().contains("above 0"));
        let good = of(
            "name = \"a\"\nlist = \"deepseek-r1-2025\"\npaid = \"0.5\"\nhit_rate = \"0.6\"\ngpu_rate = \"2.5\"\nnodes = 218.025",
        );
        assert!(faults(&good, &[], &book).is_empty());
        for (text, said) in [
            ("name = \"a=b\"\nnodes = 1", "without \"=\""),
            ("name = \"\"\nnodes = 1", "write a word"),
            ("name = \"a\"\nnodes = 1", "used twice"),
            ("name = \"b\"", "changes nothing"),
            ("name = \"b\"\nlist = \"deepseek-r1-2052\"", "deepseek-r1-2052"),
        ] {
            let messages = faults(&of(text), std::slice::from_ref(&good), &book).into_all();
            assert!(messages.len() == 1 && messages[0].why.contains(said), "{text}: {messages:?}");
        }
    }
}
