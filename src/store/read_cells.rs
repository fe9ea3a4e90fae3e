//! Reads cells of one grain: each separately, or merged within a bucket if they have equal values.

use std::collections::HashMap;
use std::hash::Hash;

use rusqlite::{Connection, params};

use crate::ledger::{
    Classes, CostAccount, CostAccountId, Detail, GpuTimeCell, NodeTime, Past, RevenueAccount, RevenueAccountId,
    TariffId, TokenCell, UncertaintyCell,
};
use crate::statement::AllocatedNodes;
use crate::units::{GpuTime, Money, Span, Timestamp, Tokens};

/// The number of parts that are read ahead.
const AHEAD: usize = 4;

/// Tokens of a grain's buckets that begin in `[from, to)`.
pub(super) fn tokens(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<TokenCell>> {
    let mut cells = Vec::new();
    each_tokens(connection, grain, from, to, |cell| cells.push(cell))?;
    Ok(cells)
}

/// GPU time of a grain's buckets that begin in `[from, to)`.
pub(super) fn gpu_times(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<GpuTimeCell>> {
    let mut cells = Vec::new();
    each_rent(connection, grain, from, to, |cell| cells.push(cell))?;
    Ok(cells)
}

/// A part of a time range in one grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RangePart {
    pub(super) grain: &'static str,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// What to read of a time range.
#[derive(Debug, Clone, Copy)]
pub(super) struct RangeQuery<'a> {
    pub(super) parts: &'a [RangePart],
    pub(super) detail: Detail,
    pub(super) tables: &'a Past,
    /// The past for which the time of nodes is computed from the same buckets, if requested.
    pub(super) nodes: Option<&'a Past>,
}

/// The result.
#[derive(Debug)]
pub(super) struct ReadCells {
    pub(super) tokens: Vec<TokenCell>,
    pub(super) gpu_times: Vec<GpuTimeCell>,
    pub(super) node_time: Option<NodeTime>,
}

impl RangeQuery<'_> {
    /// Reads the tokens and GPU time of all parts; concurrently, with a second connection.
    pub(super) fn both(self, connection: &Connection, beside: Option<Connection>) -> rusqlite::Result<ReadCells> {
        let Self { parts, detail, tables, nodes } = self;
        let (accounts, cost_accounts) = (&tables.accounts, &tables.cost_accounts);
        let tokens = || all_tokens(connection, parts, (detail == Detail::Alike).then_some(accounts));
        let gpu_times = |connection: &Connection| -> rusqlite::Result<_> {
            let mut nodes = nodes.map(NodeTimeReader::new);
            let alike = (detail == Detail::Alike).then_some(cost_accounts);
            let gpu_times = all_rents(connection, parts, alike, nodes.as_mut())?;
            Ok((gpu_times, nodes.map(NodeTimeReader::finish)))
        };
        let Some(beside) = beside else {
            let (tokens, (gpu_times, node_time)) = (tokens()?, gpu_times(connection)?);
            return Ok(ReadCells { tokens, gpu_times, node_time });
        };
        std::thread::scope(|scope| {
            let gpu_times = &gpu_times;
            let reading = scope.spawn(move || gpu_times(&beside));
            let tokens = tokens()?;
            let (gpu_times, node_time) = reading.join().unwrap_or_else(|_| gpu_times(connection))?;
            Ok(ReadCells { tokens, gpu_times, node_time })
        })
    }
}

/// Computes how long nodes were allocated in these parts of a past.
pub(super) fn node_time(connection: &Connection, parts: &[RangePart], past: &Past) -> rusqlite::Result<NodeTime> {
    let mut nodes = NodeTimeReader::new(past);
    for RangePart { grain, from, to } in parts {
        each_rent(connection, grain, *from, *to, |cell| nodes.add(cell))?;
    }
    Ok(nodes.finish())
}

/// GPU time of the bucket being read, kept separate for the nodes.
struct NodeTimeReader<'a> {
    nodes: AllocatedNodes<'a>,
    cells: Vec<GpuTimeCell>,
}

impl<'a> NodeTimeReader<'a> {
    fn new(past: &'a Past) -> Self {
        Self { nodes: AllocatedNodes::new(past), cells: Vec::new() }
    }

    fn add(&mut self, cell: GpuTimeCell) {
        if self.cells.first().is_some_and(|before| before.bucket != cell.bucket) {
            self.give();
        }
        self.cells.push(cell);
    }

    fn give(&mut self) {
        if let Some(first) = self.cells.first() {
            self.nodes.add(first.bucket, &self.cells);
        }
        self.cells.clear();
    }

    fn finish(mut self) -> NodeTime {
        self.give();
        self.nodes.finish()
    }
}

/// Passes the cells of each bucket of all parts in order, with at most a day in memory. With a second connection, GPU time
/// is read by that concurrently.
pub(super) fn each_bucket(
    connection: &Connection,
    beside: Option<Connection>,
    parts: &[RangePart],
    mut each: impl FnMut(Timestamp, &[TokenCell], &[GpuTimeCell]),
) -> rusqlite::Result<()> {
    let chunks: Vec<RangePart> = parts.iter().flat_map(chunks).collect();
    let read = |connection: &Connection, part: &RangePart| gpu_times(connection, part.grain, part.from, part.to);
    std::thread::scope(|scope| {
        // At most a few days are read ahead.
        let (give, given) = std::sync::mpsc::sync_channel(AHEAD);
        let mut ahead = beside.is_some();
        if let Some(beside) = beside {
            let chunks = &chunks;
            scope.spawn(move || chunks.iter().all(|part| give.send(read(&beside, part)).is_ok()));
        } else {
            drop(give);
        }
        for part in &chunks {
            let tokens = tokens(connection, part.grain, part.from, part.to)?;
            let gpu_times = if ahead { given.recv().ok() } else { None };
            ahead &= gpu_times.is_some();
            let gpu_times = gpu_times.unwrap_or_else(|| read(connection, part))?;
            buckets(&tokens, &gpu_times, &mut each);
        }
        Ok(())
    })
}

/// Splits a part into days, or minutes into two hours: the amount of cells that is read at once.
fn chunks(part: &RangePart) -> impl Iterator<Item = RangePart> + use<> {
    let RangePart { grain, from, to } = *part;
    let chunk = Span::from_secs(if grain == "minute" { 2 * 3_600 } else { 86_400 });
    std::iter::successors(Some(from), move |at| Some(*at + chunk))
        .take_while(move |at| *at < to)
        .map(move |at| RangePart { grain, from: at, to: to.min(at + chunk) })
}

/// Passes the cells of each bucket; both lists are sorted by bucket.
fn buckets(
    mut tokens: &[TokenCell],
    mut gpu_times: &[GpuTimeCell],
    each: &mut impl FnMut(Timestamp, &[TokenCell], &[GpuTimeCell]),
) {
    loop {
        let firsts = [tokens.first().map(|cell| cell.bucket), gpu_times.first().map(|cell| cell.bucket)];
        let Some(at) = firsts.into_iter().flatten().min() else { return };
        let (made, later) = tokens.split_at(tokens.partition_point(|cell| cell.bucket <= at));
        let (due, owed) = gpu_times.split_at(gpu_times.partition_point(|cell| cell.bucket <= at));
        each(at, made, due);
        (tokens, gpu_times) = (later, owed);
    }
}

/// The tokens of all parts. With accounts, cells of one model, tenant and `costed` flag are merged.
fn all_tokens(
    connection: &Connection,
    parts: &[RangePart],
    alike: Option<&Vec<RevenueAccount>>,
) -> rusqlite::Result<Vec<TokenCell>> {
    let mut cells: Vec<TokenCell> = Vec::new();
    let first = alike.map(|rows| firsts(rows, |account| (&account.model, &account.tenant, account.costed)));
    let mut open = OpenBucket::default();
    for RangePart { grain, from, to } in parts {
        each_tokens(connection, grain, *from, *to, |mut cell| {
            let Some(first) = &first else { return cells.push(cell) };
            cell.account = first.get(cell.account.index()).map_or(cell.account, |first| RevenueAccountId::at(*first));
            let key = (cell.account.number(), cell.tariff.map(TariffId::number));
            match open.place(cell.bucket, key, cells.len()) {
                Some(place) => cells[place].tokens += cell.tokens,
                None => cells.push(cell),
            }
        })?;
    }
    Ok(cells)
}

/// The GPU time of all parts. With cost accounts, cells of one rate, energy price, kind, GPU and lease are merged: what a
/// row's amounts are from stays known. `nodes` gets the cells unmerged.
fn all_rents(
    connection: &Connection,
    parts: &[RangePart],
    alike: Option<&Vec<CostAccount>>,
    mut nodes: Option<&mut NodeTimeReader<'_>>,
) -> rusqlite::Result<Vec<GpuTimeCell>> {
    let mut cells: Vec<GpuTimeCell> = Vec::new();
    let first = alike
        .map(|rows| firsts(rows, |account| (account.rate, account.power, account.kind, &account.gpu, &account.lease)));
    let mut open = OpenBucket::default();
    for RangePart { grain, from, to } in parts {
        each_rent(connection, grain, *from, *to, |mut cell| {
            if let Some(nodes) = &mut nodes {
                nodes.add(cell);
            }
            let Some(first) = &first else { return cells.push(cell) };
            let own = cell.cost_account;
            cell.cost_account = first.get(own.index()).map_or(own, |first| CostAccountId::at(*first));
            match open.place(cell.bucket, (cell.cost_account.number(), None), cells.len()) {
                Some(place) => add(&mut cells[place], &cell),
                None => cells.push(cell),
            }
        })?;
    }
    Ok(cells)
}

/// Uncertainty of a grain's buckets that begin in `[from, to)`.
pub(super) fn uncertainty(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<UncertaintyCell>> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, timing_micros, hits_micros, lost_windows FROM {grain}_uncertainty WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let cells = ask.query_map(params![from.millis(), to.millis()], |row| {
        Ok(UncertaintyCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            timing: Money::from_micros(row.get(1)?),
            excess: Money::from_micros(row.get(2)?),
            lost_windows: row.get(3)?,
        })
    })?;
    cells.collect()
}

fn each_tokens(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
    mut each: impl FnMut(TokenCell),
) -> rusqlite::Result<()> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, account, tariff, miss, hit, output FROM {grain}_tokens WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let count = |count: i64| Tokens::new(u64::try_from(count).unwrap_or_default());
    let mut rows = ask.query(params![from.millis(), to.millis()])?;
    while let Some(row) = rows.next()? {
        each(TokenCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            account: RevenueAccountId::at(row.get(1)?),
            tariff: u32::try_from(row.get::<_, i64>(2)?).ok().map(TariffId::at),
            tokens: Classes { miss: count(row.get(3)?), hit: count(row.get(4)?), output: count(row.get(5)?) },
        });
    }
    Ok(())
}

fn each_rent(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
    mut each: impl FnMut(GpuTimeCell),
) -> rusqlite::Result<()> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, cost_account, allocated_ms, idle_ms, energy_mj FROM {grain}_gpu_time WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let mut rows = ask.query(params![from.millis(), to.millis()])?;
    while let Some(row) = rows.next()? {
        each(GpuTimeCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            cost_account: CostAccountId::at(row.get(1)?),
            allocated: GpuTime::from_millis(row.get(2)?),
            idle: GpuTime::from_millis(row.get(3)?),
            energy: row.get(4)?,
        });
    }
    Ok(())
}

/// For each row of a table, the number of the first row with the same key.
fn firsts<'a, T, K: Hash + Eq>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<u32> {
    let mut known = HashMap::new();
    rows.iter().zip(0..).map(|(row, number)| *known.entry(key(row)).or_insert(number)).collect()
}

fn add(sum: &mut GpuTimeCell, cell: &GpuTimeCell) {
    // A cell of corrections alone is negative.
    let time = |a: GpuTime, b: GpuTime| GpuTime::from_millis(a.millis().saturating_add(b.millis()));
    (sum.allocated, sum.idle) = (time(sum.allocated, cell.allocated), time(sum.idle, cell.idle));
    sum.energy = sum.energy.saturating_add(cell.energy);
}

/// An account and a tariff.
type AccountTariff = (u32, Option<u32>);

/// The indexes of the cells of the bucket being read; there are few, one for each model and tariff.
#[derive(Debug, Default)]
struct OpenBucket {
    bucket: Timestamp,
    places: Vec<(AccountTariff, usize)>,
    last: usize,
}

impl OpenBucket {
    /// The index of a key's cell; `None` if it is new and gets `next`.
    fn place(&mut self, bucket: Timestamp, key: AccountTariff, next: usize) -> Option<usize> {
        if bucket != self.bucket {
            (self.bucket, self.last) = (bucket, 0);
            self.places.clear();
        }
        if let Some((last, place)) = self.places.get(self.last)
            && *last == key
        {
            return Some(*place);
        }
        let known = self.places.iter().position(|(known, _)| *known == key);
        self.last = known.unwrap_or(self.places.len());
        if known.is_none() {
            self.places.push((key, next));
            return None;
        }
        self.places.get(self.last).map(|(_, place)| *place)
    }
}
