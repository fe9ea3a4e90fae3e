//! `report --capacity`: the number of nodes that the load needed, the cost of the others, and the rent at which one more
//! node pays.

use std::fmt::Write;

use super::capacity_data::{CapacityReport, allocated, per_second};
use super::query::Format;
use super::text_table::TextTable;
use super::{capacity_json, csv};
use crate::cli::Failure;
use crate::cli::amounts::amount;
use crate::cli::when::local;
use crate::statement::{Capacity, PoolCapacity, SloQuarters};
use crate::tui::format;
use crate::units::{Money, Span};

/// What is not in the ledger, and the consequence for the figures.
const NO_SLO: &str = "not known: no [slo] in the configuration that the ledger was kept under, so the best throughput is the \
                      best measured, within it or not; write for example: [slo] ttft_p99 = \"2s\"";
const NOT_YET: &str =
    "no minute was judged by it yet, so the best throughput is the best measured; watch with it first";
const BOUND: &str = "at most: what was asked for and not served is not in the ledger";

impl CapacityReport {
    pub(super) fn render(&self, format: Format) -> Result<String, Failure> {
        match format {
            Format::Csv => Ok(self.csv()),
            Format::Json => Ok(capacity_json::render(self)?),
            _ => Ok(self.table()),
        }
    }

    fn table(&self) -> String {
        let (since, until) = (local(self.since, &self.zone), local(self.until, &self.zone));
        let of = if self.usual { " of the last 31 days, the default without --since" } else { "" };
        let mut out = format!("{since} to {until}  capacity{of}, in {}\n\n", self.currency);
        if self.capacity.is_early() {
            let (watched, needs) = (watched(self.capacity.measured), hours(Capacity::needs()));
            return out
                + &format!(
                    "too early to say: the load was watched for {watched} of it, and {needs} hours are needed\n"
                );
        }
        out.push_str(&self.by_pool());
        out.push('\n');
        out.push_str(&self.by_hour());
        out.push('\n');
        for (word, said) in self.notes() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{word:<13}{said}");
        }
        out
    }

    fn by_pool(&self) -> String {
        let measured = self.capacity.measured;
        let mut table = TextTable::new([
            "nodes that serve",
            "allocated",
            "needed",
            "most",
            "computed tok/s",
            "output tok/s",
            "within SLO",
            "spare cost",
            "rent/h",
            "last one earned/h",
            "one more earns/h",
        ]);
        for pool in &self.capacity.pools {
            let (allocated, needed) = pool.nodes_ppm(measured).unzip();
            let rate = |of: fn((u64, u64)) -> u64| {
                format::scaled_tight(pool.best.map(|best| per_second(of(best)))).trim().to_owned()
            };
            table.row(vec![
                pool.name.to_string(),
                nodes(allocated),
                nodes(needed),
                pool.needed_peak.to_string(),
                rate(|best| best.0),
                rate(|best| best.1),
                within(pool),
                amount(pool.spare_cost, 2),
                amount(pool.rent(), 2),
                amount(pool.last_node_rent(measured), 2),
                at_most(pool.break_even_rent(measured)),
            ]);
        }
        let mut total = vec![String::new(); 11];
        let (allocated, needed) = self.capacity.nodes_ppm().unzip();
        let spare = amount(self.capacity.spare_cost(), 2);
        (total[0], total[1], total[2], total[7]) = ("total".to_owned(), nodes(allocated), nodes(needed), spare);
        table.total(total);
        table.render()
    }

    fn by_hour(&self) -> String {
        let mut table = TextTable::new(["hour", "allocated", "needed", "spare cost", "one more earns"]);
        for hour in &self.capacity.hours {
            table.row(vec![
                hour.period.key.to_string(),
                nodes(allocated(hour)),
                hour.needed.to_string(),
                amount(hour.spare_cost, 2),
                at_most(hour.one_more),
            ]);
        }
        table.total(vec![
            "total".to_owned(),
            nodes(self.capacity.nodes_ppm().map(|(allocated, _)| allocated)),
            nodes(self.capacity.nodes_ppm().map(|(_, needed)| needed)),
            amount(self.capacity.spare_cost(), 2),
            String::new(),
        ]);
        table.render()
    }

    fn notes(&self) -> Vec<(&'static str, String)> {
        let mut notes = self.about_slo();
        notes.push(("one more", BOUND.to_owned()));
        if let Some(said) = one_more(&self.capacity, &self.currency) {
            notes.push(("break-even", said));
        }
        for unit in &self.capacity.unmeasured {
            notes.push(("left out", format!("{unit}: leased as a whole, so its number of nodes is not in the ledger")));
        }
        notes
    }

    /// The basis of the best throughput.
    fn about_slo(&self) -> Vec<(&'static str, String)> {
        let Some((slo, since)) = &self.capacity.slo else {
            let own =
                self.configured.as_ref().map(|own| format!("not known: the configuration says {own}, and {NOT_YET}"));
            return vec![("SLO", own.unwrap_or_else(|| NO_SLO.to_owned()))];
        };
        let said = format!("{slo}: the best throughput is of quarter hours in which every minute was within it");
        let mut notes = vec![("SLO", said)];
        let day = local(*since, &self.zone);
        match &self.capacity.slo_before {
            Some(before) if *since > self.since => {
                let said = "quarter hours before that count for no best throughput";
                notes.push(("SLO", format!("judged by other objectives ({before}) before {day}: {said}")));
            }
            None if *since > self.since => notes.push(("latency", format!("not recorded before {day}"))),
            _ => {}
        }
        if let Some(own) = self.configured.as_ref().filter(|own| *own != slo.as_str()) {
            let said = "no minute was judged by it yet; watch with it first";
            notes.push(("SLO", format!("the configuration says {own}: {said}")));
        }
        let pools = |of: fn(&&PoolCapacity) -> bool| named(self.capacity.pools.iter().filter(of));
        if let Some(pools) = pools(|pool| pool.slo.is_none() && pool.best.is_some()) {
            let said =
                "SLO not known: no latency was read, so the best throughput is the best measured, within it or not";
            notes.push(("SLO", format!("{pools}: {said}")));
        }
        if let Some(pools) = pools(|pool| pool.slo.is_some_and(|quarters| quarters.met == 0)) {
            notes.push(("SLO", format!("{pools}: never within it, so every node that was allocated counts as needed")));
        }
        notes
    }

    fn csv(&self) -> String {
        let head = [
            "hour",
            "start",
            "end",
            "measured_seconds",
            "nodes_allocated",
            "nodes_needed",
            "spare_cost",
            "one_more",
            "currency",
        ];
        let mut out = String::new();
        csv::line(&mut out, &head.map(str::to_owned));
        let money = |money: Option<Money>| money.map_or_else(String::new, |money| money.to_string());
        let hours = if self.capacity.is_early() { &[] } else { &*self.capacity.hours };
        for hour in hours {
            csv::line(
                &mut out,
                &[
                    hour.period.key.to_string(),
                    hour.period.begin.to_string(),
                    hour.period.end.to_string(),
                    (hour.measured.millis() / 1000).to_string(),
                    allocated(hour)
                        .map_or_else(String::new, |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000)),
                    hour.needed.to_string(),
                    money(hour.spare_cost),
                    money(hour.one_more),
                    self.currency.clone(),
                ],
            );
        }
        out
    }
}

/// The names of the first few pools, and how many more there are; `None` without any.
fn named<'a>(pools: impl Iterator<Item = &'a PoolCapacity>) -> Option<String> {
    const FIRST: usize = 4;
    let names: Vec<_> = pools.map(|pool| pool.name.as_str()).collect();
    let more = names.len().saturating_sub(FIRST);
    let first = names.iter().take(FIRST).copied().collect::<Vec<_>>().join(", ");
    match (names.len(), more) {
        (0, _) => None,
        (_, 0) => Some(first),
        (_, more) => Some(format!("{first} and {more} more")),
    }
}

/// Quarter hours within the SLO, of those for which this is known.
fn within(pool: &PoolCapacity) -> String {
    let said = pool.slo.map(|SloQuarters { met, missed, .. }| format!("{met} of {}", met + missed));
    said.unwrap_or_else(|| format::UNKNOWN.to_owned())
}

/// The rent at which one more node pays, in the pool where it would earn most.
fn one_more(capacity: &Capacity, currency: &str) -> Option<String> {
    let pool = capacity.best_for_one_more()?;
    let rent = pool.break_even_rent(capacity.measured)?;
    let gpu = pool.gpus.and_then(|gpus| Some((gpus, rent.scaled(1, i64::from(gpus))?)));
    let gpu = gpu.map_or_else(String::new, |(gpus, rent)| format!(", {} a GPU of {gpus}", amount(Some(rent), 2)));
    let rent = amount(Some(rent), 2);
    Some(format!("above {rent} {currency} a node and hour{gpu}, one more for {} would earn nothing", pool.name))
}

/// Millionths of a node with two decimals.
fn nodes(ppm: Option<i64>) -> String {
    let hundredths = |ppm: i64| (ppm + 5_000) / 10_000;
    ppm.map_or_else(
        || format::UNKNOWN.to_owned(),
        |ppm| format!("{}.{:02}", hundredths(ppm) / 100, hundredths(ppm) % 100),
    )
}

fn at_most(money: Option<Money>) -> String {
    let bound = if money.is_some_and(|money| !money.is_zero()) { "≤ " } else { "" };
    format!("{bound}{}", amount(money, 2))
}

/// Hours, or minutes of less than one.
fn watched(span: Span) -> String {
    if span < Span::HOUR { format!("{} min", span.millis() / 60_000) } else { format!("{} hours", hours(span)) }
}

fn hours(span: Span) -> String {
    format!("{:.1}", span.as_secs_f64() / 3600.0)
}
