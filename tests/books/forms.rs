//! The same figures in other forms: CSV, the SQL views, what-ifs that change nothing, and today's prices where they are
//! those that were posted.

use rusqlite::Connection;
use serde_json::Value;

use super::amounts::micros;
use super::case::Case;
use super::compare::{Comparison, amount};
use super::model::Books;
use super::rows::{Sums, TOTAL};

/// A day's sums of the views: tokens, revenue and cost.
const VIEWS: [&str; 2] = [
    "SELECT coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0), coalesce(sum(output_tokens), 0),
            coalesce(sum(round(revenue * 1e6)), 0),
            (SELECT coalesce(sum(round(cost * 1e6)), 0) FROM cost_by_day WHERE day = ?1)
     FROM revenue_by_day WHERE day = ?1",
    "SELECT coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0), coalesce(sum(output_tokens), 0),
            coalesce(sum(round(revenue * 1e6)), 0), coalesce(sum(round(cost * 1e6)), 0)
     FROM profit_by_model_by_day WHERE day = ?1",
];

impl Comparison {
    /// What-ifs to what is so, the list that was posted and today's book change no figure.
    pub fn unchanged(&mut self, case: &Case, books: &Books, whole: &Value) {
        let now = self.report(&["--what-if", "paid=1"])["what_if"]["now"].clone();
        let mut asked = Vec::new();
        for key in ["paid", "hit_rate", "gpu_rate"].into_iter().filter(|key| !now[key].is_null()) {
            asked.push(vec!["--what-if".to_owned(), format!("{key}={}", now[key].to_string().trim_matches('"'))]);
        }
        if let Some(nodes) = books.nodes().filter(|nodes| *nodes > 0) {
            asked.push(vec!["--what-if".to_owned(), format!("nodes={nodes}")]);
        }
        asked.push(asked.concat());
        if let ([only], true) = (&whole["lists"].as_array().unwrap()[..], is_priced(whole)) {
            asked.push(vec!["--what-if".to_owned(), format!("list={}", only["list"].as_str().unwrap())]);
        }
        let prices =
            |run: &super::case::Run| format!("{:?}", (&run.config.lists, &run.config.prices, run.config.of_revenue));
        if case.runs.iter().all(|run| prices(run) == prices(&case.runs[0])) {
            asked.push(vec!["--reprice".to_owned()]);
        }
        for arguments in asked.iter().filter(|arguments| !arguments.is_empty()) {
            let figures = self.report(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            for part in ["rows", "total"] {
                self.differs(&format!("{arguments:?} {part}"), &figures[part], &whole[part]);
            }
        }
    }

    /// The total of the comma-separated rows.
    pub fn csv(&mut self, whole: &Value) {
        let text = self.run(&["--csv"]).out;
        let (names, total) = (text.lines().next().unwrap(), text.lines().last().unwrap());
        for name in ["prompt_tokens", "cached_tokens", "output_tokens", "revenue", "cost", "profit"] {
            let nth = names.split(',').position(|known| known == name).unwrap();
            let figure = whole["total"][name].to_string().trim_matches('"').replace("null", "");
            self.differs(&format!("csv {name}"), &total.split(',').nth(nth).unwrap().to_owned(), &figure);
        }
    }

    /// The sums of each day.
    pub fn views(&mut self, days: &Sums) {
        let open = Connection::open(&self.kept.ledger).unwrap();
        for (day, sum) in days.iter().filter(|(day, _)| *day != TOTAL && !day.starts_with('(')) {
            let [miss, hit, output] = sum.tokens;
            for (nth, view) in VIEWS.into_iter().enumerate() {
                let read = |row: &rusqlite::Row<'_>| {
                    let whole = |column| Ok::<_, rusqlite::Error>(row.get::<_, f64>(column)? as i128);
                    let count = |column| Ok::<_, rusqlite::Error>(i128::from(row.get::<_, i64>(column)?));
                    Ok([count(0)?, count(1)?, count(2)?, whole(3)?, whole(4)?])
                };
                let said = open.query_row(view, [&day[..10]], read).unwrap();
                let exact = [miss + hit, hit, output, micros(sum.covered + sum.uncosted), micros(sum.cost)];
                self.differs(&format!("view {nth} of {day}"), &said[3..], &exact[3..]);
            }
        }
    }
}

/// Whether every token has a price.
fn is_priced(whole: &Value) -> bool {
    let rows = whole["rows"].as_array().unwrap();
    rows.iter()
        .filter(|row| row["key"] == "(unpriced)")
        .all(|row| row["prompt_tokens"] == 0 && amount(&row["cost"]) == 0)
}
