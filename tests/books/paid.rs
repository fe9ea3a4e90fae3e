//! Who is paid for which GPUs at an instant (`rules.md`, section 4; `economics.md`, 3.5).

use super::case::Case;
use super::prices::euro;
use super::terms::{Config, Lease, decimal};

/// The lease of GPUs that nobody leased.
pub const ASSUMED: &str = "H800 assumed 2.00";

/// What an instant costs on one node, or for a unit or a node that nobody has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Rent {
    /// The node; `None` for a unit's.
    pub node: Option<String>,
    pub unit: Option<&'static str>,
    pub lease: String,
    /// Millionths an hour for all its GPUs; `None` if nobody knows it.
    pub rate: Option<i64>,
    pub gpus: i64,
    /// Of the energy of so many GPUs: millionths per kWh, and the PUE in thousandths.
    pub power: Option<(i64, i64)>,
}

/// All rents of an instant. `before` is the configuration of the run before, if its absence is asked about.
pub fn rents(case: &Case, config: &Config, before: Option<&Config>, at: i64) -> Vec<Rent> {
    let is_known = |lease: &Lease| before.is_none_or(|before| before.leases.iter().any(|old| old.is_same(lease)));
    let runs = |lease: &&Lease| lease.runs_at(at) && (!lease.is_schedule() || is_known(lease));
    let running: Vec<&Lease> = config.leases.iter().filter(runs).collect();
    let mut rents = Vec::new();
    let mut bare: Vec<i64> = case.nodes.iter().map(|node| i64::from(node.gpus)).collect();
    let (schedules, others): (Vec<_>, Vec<_>) = running.into_iter().partition(|lease| lease.is_schedule());
    for lease in schedules {
        let mut left = lease.gpus.unwrap();
        rents.push(lease.of_schedule(case, config, at));
        for (nth, node) in case.nodes.iter().enumerate() {
            if lease.is_for(node.name, node.unit, node.gpu) {
                let taken = left.min(bare[nth]);
                (left, bare[nth]) = (left - taken, bare[nth] - taken);
            }
        }
    }
    for lease in others {
        let mut left = lease.gpus.unwrap_or(i64::MAX);
        for (nth, node) in case.nodes.iter().enumerate() {
            let taken = if lease.is_for(node.name, node.unit, node.gpu) { left.min(bare[nth]) } else { 0 };
            (left, bare[nth]) = (left - taken, bare[nth] - taken);
            // The engines of a case answer at every poll.
            if taken > 0 && (!lease.is_serving || !node.engines.is_empty()) {
                rents.push(Rent {
                    node: Some(node.name.to_owned()),
                    unit: node.unit,
                    ..lease.rent_of(config, at, taken, i64::from(node.gpus))
                });
            }
        }
    }
    for (nth, node) in case.nodes.iter().enumerate().filter(|(nth, _)| bare[*nth] > 0) {
        // Two dollars for an H800 and no assumption for an H20: economics.md, section 6.
        let rate = (node.gpu == "NVIDIA H800").then_some(2_000_000 * bare[nth]);
        let (lease, gpus) = (ASSUMED.to_owned(), bare[nth]);
        rents.push(Rent { node: Some(node.name.to_owned()), unit: node.unit, lease, rate, gpus, power: None });
    }
    rents
}

impl Case {
    fn unit_of(&self, name: &str) -> Option<&'static str> {
        self.nodes.iter().find(|node| node.name == name).and_then(|node| node.unit)
    }
}

impl Lease {
    /// Whether it is paid for a number of GPUs, seen or not.
    pub fn is_schedule(&self) -> bool {
        self.gpus.is_some() && self.key != "gpu"
    }

    /// What one of a number of GPUs costs, seen or not.
    pub fn of_schedule(&self, case: &Case, config: &Config, at: i64) -> Rent {
        let (node, unit) = match self.key {
            "node" => (Some(self.subject.to_owned()), case.unit_of(self.subject)),
            _ => (None, Some(self.subject)),
        };
        Rent { node, unit, ..self.rent(config, at, self.gpus.unwrap()) }
    }

    pub fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// Under what it is the same agreement.
    pub fn identity(&self) -> &str {
        self.name.as_deref().unwrap_or(self.subject)
    }

    pub fn runs_at(&self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn is_for(&self, node: &str, unit: Option<&str>, gpu: &str) -> bool {
        match self.key {
            "node" => self.subject == node,
            "unit" => unit == Some(self.subject) && !gpu.is_empty(),
            _ => gpu.split(' ').any(|word| word == self.subject),
        }
    }

    /// Its rate in dollars at an instant, in millionths.
    fn micros(&self, config: &Config, at: i64) -> i64 {
        self.cents * if self.euros { euro(config, at) * 100 } else { 10_000 }
    }

    /// What a report calls it.
    fn label(&self, config: &Config, at: i64) -> String {
        let text = decimal(self.micros(config, at), 6);
        let rate = text.trim_end_matches('0');
        let rate = &text[..rate.len().max(text.find('.').unwrap() + 3)];
        let gpus = self.gpus.map_or_else(String::new, |gpus| format!("{gpus} x "));
        format!("{gpus}{} at {rate}{}", self.subject, if self.by_node { " a node" } else { "" })
    }

    fn rent(&self, config: &Config, at: i64, gpus: i64) -> Rent {
        let lease = self.name.clone().unwrap_or_else(|| self.label(config, at));
        let rate = Some(self.micros(config, at) * gpus);
        Rent { node: None, unit: None, lease, rate, gpus, power: None }
    }

    fn rent_of(&self, config: &Config, at: i64, gpus: i64, of_node: i64) -> Rent {
        let rent = self.rent(config, at, gpus);
        assert!(!self.by_node || gpus == of_node, "a rate per node is for whole nodes here");
        let rate = if self.by_node { Some(self.micros(config, at)) } else { rent.rate };
        let price = |(kwh, pue): (i64, i64)| {
            let kwh = if self.euros { kwh * euro(config, at) } else { kwh * 100 };
            (kwh, pue * 10)
        };
        Rent { rate, power: self.power.map(price), ..rent }
    }
}
