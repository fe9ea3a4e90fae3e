//! Whether a node's GPUs can have the GPU time and the energy in a ledger: applies their number and power limits to the
//! stored cells.

use std::collections::HashMap;

use rusqlite::Connection;

use super::disputes::{self, DisputeState};
use super::names::{all, has_table};
use super::verify_scan::{CellRow, FirstFaults};
use crate::counters::{EnergyBound, Plausibility};
use crate::fleet::{MOST_GPUS, MostGpus, clock_step, of_unit};
use crate::reading::UnitName;
use crate::units::{Span, Timestamp};

/// How much longer than a bucket its GPU time may be: a clock that is set by less leaves no marker.
const CLOCK_STEP: Span = Span::from_secs(2);
/// How long energy may have been drawn before it is posted, since exporters refresh it at intervals up to this.
const REFRESH: Span = Span::from_secs(60);

/// What is known of the GPUs of the accounts' nodes, and what a person accepted.
pub(super) struct StoredMostGpus {
    names: Vec<String>,
    most: Vec<MostGpus>,
    /// The node of each cost account of GPUs, if its GPUs are known.
    of_accounts: HashMap<i64, usize>,
    /// The energy that was accepted by hand: minute, node and millijoules.
    accepted: Vec<(Timestamp, usize, i128)>,
    /// The spans that a clock which was set back passed twice.
    passed_twice: Vec<(Timestamp, Timestamp)>,
    /// The starts of the days, in order.
    days: Vec<i64>,
    bounds: Plausibility,
}

impl StoredMostGpus {
    pub(super) fn of(connection: &Connection, bounds: Plausibility) -> rusqlite::Result<Self> {
        let known = most_gpus(connection)?;
        let owner = |node: Option<String>, unit: Option<String>| {
            node.or_else(|| unit.map(|unit| of_unit(&UnitName::new(&unit)).to_string()))
        };
        let accounts = all(connection, "SELECT id, node, unit FROM cost_accounts WHERE kind = 'gpus'", |row| {
            Ok((row.get::<_, i64>(0)?, owner(row.get(1)?, row.get(2)?)))
        })?;
        let place = |owner: &str| known.binary_search_by(|(name, _)| name.as_str().cmp(owner)).ok();
        let of_accounts: HashMap<i64, usize> =
            accounts.iter().filter_map(|(id, owner)| Some((*id, place(owner.as_deref()?)?))).collect();
        let ids: Vec<i64> = all(connection, "SELECT id FROM cost_accounts ORDER BY id", |row| row.get(0))?;
        let rows = disputes::rows(connection)?.into_iter().filter(|row| row.state == DisputeState::Accepted);
        let entries = rows.filter_map(|row| row.dispute.energy).flat_map(|energy| energy.entries);
        let accepted = entries.filter_map(|entry| {
            let node = of_accounts.get(ids.get(entry.cost_account.index())?)?;
            Some((entry.minute, *node, i128::from(entry.energy)))
        });
        let accepted = accepted.collect();
        let (names, most) = known.into_iter().unzip();
        let days = all(connection, "SELECT bucket FROM days ORDER BY bucket", |row| row.get(0))?;
        Ok(Self { names, most, of_accounts, accepted, passed_twice: passed_twice(connection)?, days, bounds })
    }

    /// The length of a bucket of a grain.
    fn length(&self, grain: &str, bucket: Timestamp) -> Span {
        match grain {
            "minute" => Span::from_secs(60),
            "quarter" => Span::from_secs(900),
            _ => {
                let next = self.days.partition_point(|day| *day <= bucket.millis());
                let longest = Span::from_secs(25 * 3600);
                self.days.get(next).map_or(longest, |next| (Timestamp::from_millis(*next) - bucket).min(longest))
            }
        }
    }

    /// How much of a bucket a clock that was set back passed twice.
    fn twice(&self, bucket: Timestamp, end: Timestamp) -> Span {
        let inside = |(from, to): &(Timestamp, Timestamp)| ((*to).min(end) - (*from).max(bucket)).max(Span::ZERO);
        self.passed_twice.iter().map(inside).fold(Span::ZERO, |sum, span| sum + span)
    }

    /// The bound on the energy of one GPU of a node.
    fn energy(&self, node: usize) -> EnergyBound {
        let MostGpus { limit, is_unlimited, .. } = self.most[node];
        let (with, without) = (self.bounds.energy(limit), self.bounds.energy(None));
        if is_unlimited && without.watts > with.watts { without } else { with }
    }
}

/// The most GPUs that each node was known with, by name.
fn most_gpus(connection: &Connection) -> rusqlite::Result<Vec<(String, MostGpus)>> {
    if !has_table(connection, "saved_nodes")? {
        return Ok(Vec::new());
    }
    let keys = format!("substr(node, 1, {}) = '{MOST_GPUS}'", MOST_GPUS.len());
    let question = format!("SELECT node, state FROM saved_nodes WHERE {keys} ORDER BY node");
    let rows = all(connection, &question, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let read = |(key, state): &(String, String)| {
        Some((key.strip_prefix(MOST_GPUS)?.to_owned(), serde_json::from_str(state).ok()?))
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// The spans that a clock which was set back passed twice, by the markers.
fn passed_twice(connection: &Connection) -> rusqlite::Result<Vec<(Timestamp, Timestamp)>> {
    let markers = all(connection, "SELECT at, text FROM markers ORDER BY at", |row| {
        Ok((Timestamp::from_millis(row.get(0)?), row.get::<_, String>(1)?))
    })?;
    let back = |(at, text): (Timestamp, String)| {
        let step = clock_step(&text).filter(|step| *step < Span::ZERO)?;
        Some((at - CLOCK_STEP, at - step + CLOCK_STEP))
    };
    Ok(markers.into_iter().filter_map(back).collect())
}

/// Finds buckets and nodes with more GPU time than the node's GPUs have in the bucket, or more energy than they draw.
pub(super) struct GpuJudge<'a> {
    grain: &'static str,
    known: &'a StoredMostGpus,
    bucket: i64,
    /// The GPU time in milliseconds and the energy in millijoules of each node in the bucket.
    sums: Vec<Option<[i128; 2]>>,
    faults: FirstFaults,
}

impl<'a> GpuJudge<'a> {
    pub(super) fn new(grain: &'static str, known: &'a StoredMostGpus) -> Self {
        let sums = vec![None; known.names.len()];
        Self { grain, known, bucket: i64::MIN, sums, faults: FirstFaults::default() }
    }

    /// Adds the next row, in order of time.
    pub(super) fn add(&mut self, row: &CellRow) {
        if row.bucket != self.bucket {
            self.close();
            self.bucket = row.bucket;
        }
        if let Some(node) = self.known.of_accounts.get(&row.keys.0) {
            let [time, energy] = self.sums[*node].get_or_insert_default();
            *time += row.amounts[0];
            *energy += row.amounts[2];
        }
    }

    /// The exceeded bounds, as text.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.close();
        self.faults.finish(|more| format!("{}_gpu_time: and {more} more that GPUs cannot have", self.grain))
    }

    /// Checks the completed bucket.
    fn close(&mut self) {
        let (known, bucket) = (self.known, Timestamp::from_millis(self.bucket));
        for node in 0..self.sums.len() {
            let Some([time, energy]) = self.sums[node].take() else { continue };
            let MostGpus { gpus, since, .. } = known.most[node];
            let length = known.length(self.grain, bucket);
            let end = bucket + length;
            if end <= since || gpus == 0 {
                continue;
            }
            let twice = known.twice(bucket, end);
            let seconds = length.millis() / 1000;
            if time > i128::from(gpus) * i128::from((length + twice + CLOCK_STEP).millis()) {
                let what = format!("{} GPU-seconds in {seconds} s, more than {} have", thousandths(time), count(gpus));
                self.report(bucket, node, &what);
            }
            let is_in = |minute: Timestamp| bucket <= minute && minute < end;
            let accepted = known.accepted.iter().filter(|(minute, of, _)| *of == node && is_in(*minute));
            let energy = energy - accepted.map(|(.., energy)| energy).sum::<i128>();
            let bound = known.energy(node);
            if energy > i128::from(gpus) * i128::from(bound.most(length + twice + REFRESH)) {
                let (watts, factor) = (bound.watts, bound.factor);
                let can = format!("more than {} draw at {factor} times {watts:.0} W", count(gpus));
                self.report(bucket, node, &format!("{} J in {seconds} s, {can}", thousandths(energy)));
            }
        }
    }

    fn report(&mut self, bucket: Timestamp, node: usize, what: &str) {
        let (grain, name) = (self.grain, &self.known.names[node]);
        self.faults.add(|| format!("{grain}_gpu_time: {bucket} on {name}: {what}"));
    }
}

/// A number of thousandths, as a decimal.
fn thousandths(count: i128) -> String {
    format!("{}.{:03}", count / 1000, count % 1000)
}

/// A number of GPUs, as text.
fn count(gpus: u32) -> String {
    let many = if gpus == 1 { "" } else { "s" };
    format!("{gpus} GPU{many}")
}
