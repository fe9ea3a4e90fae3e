//! The tables of names: revenue accounts, cost accounts and tariffs.

use rusqlite::{Connection, Row, Transaction, params};

use crate::ledger::{CostAccount, CostKind, PendingPostings, RevenueAccount, Tariff};
use crate::pricing::ClassPrices;
use crate::reading::{EngineRole, Label, ModelName, NodeName, UnitName};
use crate::units::{EnergyPrice, HourlyRate, PowerPrice, Price, Pue, Share, Timestamp};

/// The tariff number of "unpriced".
pub(super) const UNPRICED: i64 = -1;

/// Applies renames of nodes, and writes new rows by number.
pub(super) fn write(transaction: &Transaction<'_>, pending: &PendingPostings) -> rusqlite::Result<()> {
    for (from, to) in &pending.renames {
        for table in ["revenue_accounts", "cost_accounts"] {
            transaction
                .prepare_cached(&format!("UPDATE {table} SET node = ?2 WHERE node = ?1"))?
                .execute([from.as_str(), to.as_str()])?;
        }
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO revenue_accounts (id, node, unit, model, role, tenant, costed)
         VALUES ((SELECT coalesce(max(id) + 1, 0) FROM revenue_accounts), ?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for account in &pending.accounts {
        insert.execute(params![
            account.node.as_str(),
            account.unit.as_ref().map(UnitName::as_str),
            account.model.as_ref().map(ModelName::as_str),
            account.role.to_string(),
            account.tenant.as_ref().map(Label::as_str),
            account.costed,
        ])?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO cost_accounts (id, node, unit, gpu, kind, rate_micros, rate_hours, kwh_micros, pue_thousandths, lease)
         VALUES ((SELECT coalesce(max(id) + 1, 0) FROM cost_accounts), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for cost_account in &pending.cost_accounts {
        insert.execute(params![
            cost_account.node.as_ref().map(NodeName::as_str),
            cost_account.unit.as_ref().map(UnitName::as_str),
            cost_account.gpu.as_str(),
            kind_text(cost_account.kind),
            cost_account.rate.map(|rate| rate.parts().0),
            cost_account.rate.map(|rate| rate.parts().1),
            cost_account.power.map(|power| power.kwh.micros()),
            cost_account.power.map(|power| power.pue.thousandths()),
            cost_account.lease.as_ref().map(Label::as_str),
        ])?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO tariffs (id, list, tier, hit_nanos, miss_nanos, output_nanos, paid_ppm, overhead_ppm, book)
         VALUES ((SELECT coalesce(max(id) + 1, 0) FROM tariffs), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for tariff in &pending.tariffs {
        insert.execute(params![
            tariff.list.as_str(),
            tariff.tier.as_str(),
            tariff.prices.hit.nanos(),
            tariff.prices.miss.nanos(),
            tariff.prices.output.nanos(),
            tariff.paid.map(Share::ppm),
            tariff.overhead.map(Share::ppm),
            format!("{:016x}", tariff.book),
        ])?;
    }
    Ok(())
}

/// Every account by number.
pub(super) fn accounts(connection: &Connection) -> rusqlite::Result<Vec<RevenueAccount>> {
    all(connection, "SELECT node, unit, model, role, tenant, costed FROM revenue_accounts ORDER BY id", |row| {
        Ok(RevenueAccount {
            node: NodeName::new(&row.get::<_, String>(0)?),
            unit: text(row, 1)?.as_deref().map(UnitName::new),
            model: text(row, 2)?.as_deref().map(ModelName::new),
            role: role(&row.get::<_, String>(3)?),
            tenant: text(row, 4)?.as_deref().map(Label::new),
            costed: row.get(5)?,
        })
    })
}

/// Every cost account by number.
pub(super) fn cost_accounts(connection: &Connection) -> rusqlite::Result<Vec<CostAccount>> {
    const ALL: &str = "SELECT node, unit, gpu, kind, rate_micros, rate_hours, kwh_micros, pue_thousandths, lease
                       FROM cost_accounts ORDER BY id";
    all(connection, ALL, |row| {
        let rate = row.get::<_, Option<i64>>(4)?.zip(row.get::<_, Option<i64>>(5)?);
        let kwh = row.get::<_, Option<i64>>(6)?.and_then(EnergyPrice::from_micros);
        let pue = row.get::<_, Option<u16>>(7)?.and_then(Pue::from_thousandths);
        Ok(CostAccount {
            node: text(row, 0)?.as_deref().map(NodeName::new),
            unit: text(row, 1)?.as_deref().map(UnitName::new),
            gpu: Label::new(&row.get::<_, String>(2)?),
            kind: kind(&row.get::<_, String>(3)?),
            rate: rate.and_then(|(micros, hours)| HourlyRate::of_parts(micros, hours)),
            power: kwh.zip(pue).map(|(kwh, pue)| PowerPrice { kwh, pue }),
            lease: text(row, 8)?.as_deref().map(Label::new),
        })
    })
}

/// Every tariff by number.
pub(super) fn tariffs(connection: &Connection) -> rusqlite::Result<Vec<Tariff>> {
    const ALL: &str = "SELECT list, tier, hit_nanos, miss_nanos, output_nanos, paid_ppm, overhead_ppm, book
                       FROM tariffs ORDER BY id";
    all(connection, ALL, |row| {
        Ok(Tariff {
            list: Label::new(&row.get::<_, String>(0)?),
            tier: Label::new(&row.get::<_, String>(1)?),
            prices: ClassPrices {
                hit: Price::from_nanos(row.get(2)?),
                miss: Price::from_nanos(row.get(3)?),
                output: Price::from_nanos(row.get(4)?),
            },
            paid: row.get::<_, Option<u32>>(5)?.and_then(Share::from_ppm),
            overhead: row.get::<_, Option<u32>>(6)?.and_then(Share::from_ppm),
            book: u64::from_str_radix(&row.get::<_, String>(7)?, 16).unwrap_or_default(),
        })
    })
}

/// When each revision of the price book was first used.
pub(super) fn books(connection: &Connection) -> rusqlite::Result<Vec<(u64, Timestamp)>> {
    all(connection, "SELECT revision, noted FROM books", |row| {
        let revision = u64::from_str_radix(&row.get::<_, String>(0)?, 16).unwrap_or_default();
        Ok((revision, Timestamp::from_millis(row.get(1)?)))
    })
}

/// Sets a value about the ledger itself.
pub(super) fn note(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let mut write = connection.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    write.execute([key, value]).map(drop)
}

/// All rows of a query.
pub(super) fn all<T>(
    connection: &Connection,
    question: &str,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(question)?.query_map([], row)?.collect()
}

/// Whether the file has this table.
pub(super) fn has_table(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1", [table], |row| {
        row.get::<_, i64>(0).map(|tables| tables > 0)
    })
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    row.get(column)
}

fn role(text: &str) -> EngineRole {
    match text {
        "prefill" => EngineRole::Prefill,
        "decode" => EngineRole::Decode,
        "proxy" => EngineRole::Proxy,
        _ => EngineRole::Unified,
    }
}

const fn kind_text(kind: CostKind) -> &'static str {
    match kind {
        CostKind::Gpus => "gpus",
        CostKind::Rounding => "rounding",
        CostKind::Overhead => "overhead",
    }
}

fn kind(text: &str) -> CostKind {
    match text {
        "rounding" => CostKind::Rounding,
        "overhead" => CostKind::Overhead,
        _ => CostKind::Gpus,
    }
}
