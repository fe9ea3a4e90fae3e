//! A past of the ledger.

use std::collections::HashMap;

use crate::columns::{ColumnReader, ColumnWriter, Columnar, fields, numbers, variants};
use crate::ledger::{
    BorneTime, Classes, CostAccount, CostAccountId, CostKind, CostScope, GpuTimeCell, Grain, Marker, NodeTime, Past,
    RevenueAccount, RevenueAccountId, SloDay, SloPast, Tariff, TariffId, TokenCell, UncertaintyCell,
};
use crate::pricing::ClassPrices;
use crate::reading::NodeName;
use crate::units::Timestamp;

numbers! {
    RevenueAccountId as u32: |id| id.number(), |number| Some(RevenueAccountId::at(number));
    CostAccountId as u32: |id| id.number(), |number| Some(CostAccountId::at(number));
    TariffId as u32: |id| id.number(), |number| Some(TariffId::at(number));
}

variants! {
    Grain { Minute, Quarter, Day }
    CostKind { Gpus, Rounding, Overhead }
    CostScope { Node, Unit, All, Nobody }
}

fields! {
    ClassPrices { hit, miss, output }
    Classes { miss, hit, output }
    RevenueAccount { node, unit, model, role, tenant, costed }
    CostAccount { node, unit, gpu, rate, power, kind, lease }
    Tariff { list, tier, prices, paid, overhead, book }
    TokenCell { bucket, account, tariff, tokens }
    GpuTimeCell { bucket, cost_account, allocated, idle, energy }
    UncertaintyCell { bucket, timing, excess, lost_windows }
    BorneTime { bucket, cost_account, reach, bearer, time, energy }
    NodeTime { allocated, watched }
    Marker { at, text }
}

/// The days of a node, in which the minutes are a text.
type NodeDays = (NodeName, Vec<(Timestamp, String)>);

impl Columnar for SloPast {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        for Self { slo, since, before, days } in items {
            slo.put(out);
            since.put(out);
            before.put(out);
            let mut nodes: Vec<NodeDays> = days
                .iter()
                .map(|(node, days)| (node.clone(), days.iter().map(|(at, day)| (*at, day.to_text())).collect()))
                .collect();
            nodes.sort();
            nodes.put(out);
        }
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let one = |_| {
            let (slo, since, before) = (Columnar::take(input)?, Columnar::take(input)?, Columnar::take(input)?);
            let nodes: Vec<NodeDays> = Columnar::take(input)?;
            let day = |(at, text): (Timestamp, String)| (at, SloDay::from_text(&text));
            let days: HashMap<_, _> =
                nodes.into_iter().map(|(node, days)| (node, days.into_iter().map(day).collect())).collect();
            Some(Self { slo, since, before, days })
        };
        (0..count).map(one).collect()
    }
}

/// One at a time: a frame has one.
impl Columnar for Past {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        for item in items {
            // One that is not listed does not compile.
            let Self {
                since,
                until,
                began,
                accounts,
                cost_accounts,
                tariffs,
                tokens,
                gpu_times,
                borne,
                node_time,
                uncertainty,
                markers,
                unwatched,
                books,
                grains,
                slo,
            } = item;
            since.put(out);
            until.put(out);
            began.put(out);
            accounts.put(out);
            cost_accounts.put(out);
            tariffs.put(out);
            tokens.put(out);
            gpu_times.put(out);
            borne.put(out);
            node_time.put(out);
            uncertainty.put(out);
            markers.put(out);
            unwatched.put(out);
            books.put(out);
            grains.put(out);
            u8::from(slo.is_some()).put(out);
            if let Some(slo) = slo {
                slo.put(out);
            }
        }
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let one = |_| {
            let past = Self {
                since: Columnar::take(input)?,
                until: Columnar::take(input)?,
                began: Columnar::take(input)?,
                accounts: Columnar::take(input)?,
                cost_accounts: Columnar::take(input)?,
                tariffs: Columnar::take(input)?,
                tokens: Columnar::take(input)?,
                gpu_times: Columnar::take(input)?,
                borne: Columnar::take(input)?,
                node_time: Columnar::take(input)?,
                uncertainty: Columnar::take(input)?,
                markers: Columnar::take(input)?,
                unwatched: Columnar::take(input)?,
                books: Columnar::take(input)?,
                grains: Columnar::take(input)?,
                slo: if u8::take(input)? == 1 { Some(Columnar::take(input)?) } else { None },
            };
            refers_to_itself(&past).then_some(past)
        };
        (0..count).map(one).collect()
    }
}

/// Whether every number of a row is in its table.
fn refers_to_itself(past: &Past) -> bool {
    let is_account = |id: RevenueAccountId| id.index() < past.accounts.len();
    let is_cost = |id: CostAccountId| id.index() < past.cost_accounts.len();
    let is_tariff = |id: Option<TariffId>| id.is_none_or(|id| id.index() < past.tariffs.len());
    past.tokens.iter().all(|cell| is_account(cell.account) && is_tariff(cell.tariff))
        && past.gpu_times.iter().all(|cell| is_cost(cell.cost_account))
        && past
            .borne
            .iter()
            .all(|time| is_cost(time.cost_account) && time.bearer.is_none_or(|at| at < past.accounts.len()))
}
