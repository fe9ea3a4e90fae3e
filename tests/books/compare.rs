//! What margintop says of a case beside what the model says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::amounts::micros;
use super::case::Case;
use super::drive::Kept;
use super::model::Books;
use super::program::{Program, Ran, micros as printed};
use super::rows::{By, Sum, Sums, TOTAL, rows, whole_costs};

/// A case's ledger beside its model.
pub struct Comparison {
    pub kept: Kept,
    differ: Vec<String>,
}

/// Every difference, in words.
pub fn compare(case: &Case) -> Vec<String> {
    let mut comparison = Comparison { kept: Kept::of(case), differ: Vec::new() };
    let books = Books::of(case);
    for by in By::ALL {
        let report = comparison.report(&["--by", by.word()]);
        comparison.rows(by, &report, &rows(case, &books, by));
        if matches!(by, By::Node | By::Unit) {
            comparison.whole_costs(by, &report, &whole_costs(&books, by));
        }
        if by == By::Day {
            comparison.unchanged(case, &books, &report);
            comparison.csv(&report);
        }
    }
    comparison.views(&rows(case, &books, By::Day));
    comparison.differ
}

impl Comparison {
    /// `report` with the configuration of the last run.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let arguments: Vec<&str> = ["report"].iter().chain(arguments).copied().collect();
        let program = Program::new(&arguments).env("MARGINTOP_LEDGER", &self.kept.ledger);
        let ran = program.env("MARGINTOP_CONFIG", &self.kept.config).run();
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        ran
    }

    /// The same as JSON.
    pub fn report(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = ["--json"].iter().chain(arguments).copied().collect();
        self.run(&arguments).json()
    }

    /// Takes down what differs.
    pub fn differs<T: PartialEq + std::fmt::Debug + ?Sized>(&mut self, what: &str, said: &T, exact: &T) {
        if said != exact {
            self.differ.push(format!("{what}: {said:?} for {exact:?}"));
        }
    }

    /// Each row is rounded as it adds up to the total, in the order in which the rows are printed.
    fn rows(&mut self, by: By, report: &Value, sums: &Sums) {
        let (mut upto, mut missing, mut cost) = (Sum::default(), sums.clone(), 0);
        let total = missing.remove(TOTAL).unwrap_or_default();
        for row in report["rows"].as_array().unwrap() {
            let key = row["start"].as_str().filter(|_| by != By::Lease).unwrap_or(row["key"].as_str().unwrap());
            let sum = missing.remove(key).unwrap_or_default();
            let before = upto;
            upto.add(&sum);
            let what = format!("{} {key}", by.word());
            self.row(&what, row, (&before, &upto), &total);
            if by.has_cost() {
                self.differs(&format!("{what} cost"), &amount(&row["cost"]), &part(&before, &upto, |sum| sum.cost));
            }
            cost += amount(&row["cost"]);
        }
        let what = format!("{} total", by.word());
        self.row(&what, &report["total"], (&Sum::default(), &total), &total);
        let said = amount(&report["total"]["cost"]);
        self.differs(&format!("{what} cost"), &(said, said), &(micros(total.cost), cost));
        missing.retain(|_, sum| *sum != Sum::default());
        self.differs(&format!("{}: rows that it lacks", by.word()), &Sums::new(), &missing);
    }

    /// Nodes and units beside all that their own GPUs cost.
    fn whole_costs(&mut self, by: By, report: &Value, costs: &BTreeMap<String, Option<i128>>) {
        for row in report["rows"].as_array().unwrap().iter().filter(|row| row["is_key"] == true) {
            let key = row["key"].as_str().unwrap();
            let exact = costs.get(key).copied().flatten().map(micros);
            let said = (!row["whole_cost"].is_null()).then(|| amount(&row["whole_cost"]));
            self.differs(&format!("{} {key} whole cost", by.word()), &said, &exact);
        }
    }

    fn row(&mut self, what: &str, row: &Value, (before, upto): (&Sum, &Sum), total: &Sum) {
        let count = |class| row[class].as_i64().map(i128::from);
        let Some(prompt) = count("prompt_tokens") else { return };
        let said = [Some(prompt), count("cached_tokens"), count("output_tokens")];
        let [miss, hit, output] = std::array::from_fn(|class| upto.tokens[class] - before.tokens[class]);
        self.differs(&format!("{what} tokens"), &said, &[miss + hit, hit, output].map(Some));
        // What has a cost is rounded before what has none, so that profit is revenue less cost as printed.
        let rest = |sum: &Sum| micros(total.covered + sum.uncosted);
        let (covered, uncosted) = (part(before, upto, |sum| sum.covered), rest(upto) - rest(before));
        let revenue = [amount(&row["revenue"]), amount(&row["uncosted_revenue"])];
        self.differs(&format!("{what} revenue"), &revenue, &[covered + uncosted, uncosted]);
        if let (Some(_), Some(_)) = (row["profit"].as_str(), row["cost"].as_str()) {
            let profit = revenue[0] - revenue[1] - amount(&row["cost"]);
            self.differs(&format!("{what} profit"), &amount(&row["profit"]), &profit);
        }
    }
}

fn part(before: &Sum, upto: &Sum, of: fn(&Sum) -> i128) -> i128 {
    micros(of(upto)) - micros(of(before))
}

/// Millionths as printed; what is unknown is none.
pub fn amount(said: &Value) -> i128 {
    if said.is_null() { 0 } else { printed(said) }
}
