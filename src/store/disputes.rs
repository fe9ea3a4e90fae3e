//! Disputes in the file: written with the postings, listed, and decided by hand.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, Transaction, params};

use super::calendar::Calendar;
use super::names::{self, all, has_table};
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use super::{cells, meta};
use crate::ledger::{
    ACCEPTED_KEPT, Decision, Dispute, DisputeId, DisputedEnergy, EnergyEntry, Entry, GpuTimeChange, PendingPostings,
    TokenChange, Uncertainty,
};
use crate::reading::{InstanceId, ModelName, Rank, TargetId};
use crate::units::{Money, Timestamp};

/// The state of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// Not decided yet.
    Open,
    /// Its tokens or energy were posted.
    Accepted,
    /// Its tokens or energy were discarded.
    Rejected,
    /// The counter reverted the growth, so that no decision is needed.
    Withdrawn,
}

/// A dispute in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeRow {
    /// The dispute.
    pub dispute: Dispute,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its state.
    pub state: DisputeState,
    /// When it was decided or withdrawn.
    pub decided_at: Option<Timestamp>,
    /// Its value at the prices in force when it was produced; `None` if nothing of it has a price.
    pub value: Option<Money>,
}

impl DisputeState {
    /// The name of the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "accepted" => Self::Accepted,
            "rejected" => Self::Rejected,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Open,
        }
    }
}

/// Writes new disputes.
pub(super) fn write(transaction: &Transaction<'_>, disputes: &[Dispute]) -> rusqlite::Result<()> {
    let json = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    for dispute in disputes {
        let Dispute { id, target, instance, rank, model, entries, energy, evidence } = dispute;
        // A list of entries is for tokens, an object for energy.
        let entries = match energy {
            Some(energy) => serde_json::to_string(energy),
            None => serde_json::to_string(entries),
        };
        let write = "INSERT INTO disputes (id, at, target, instance, rank, model, entries, evidence)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        transaction.execute(
            write,
            params![
                number(*id),
                evidence.to.millis(),
                target.as_str(),
                instance.as_ref().map(InstanceId::as_str),
                rank.as_ref().map(Rank::as_str),
                model.as_ref().map(ModelName::as_str),
                entries.map_err(json)?,
                serde_json::to_string(evidence).map_err(json)?,
            ],
        )?;
    }
    match disputes.iter().map(|dispute| dispute.id).max() {
        Some(last) => names::note(transaction, "last_dispute", &last.0.to_string()),
        None => Ok(()),
    }
}

/// Marks open disputes as withdrawn.
pub(super) fn withdraw(transaction: &Transaction<'_>, ids: &[DisputeId], at: Timestamp) -> rusqlite::Result<()> {
    for id in ids {
        transaction.execute(
            "UPDATE disputes SET state = ?2, decided_at = ?3 WHERE id = ?1 AND state = ?4",
            params![number(*id), DisputeState::Withdrawn.name(), at.millis(), DisputeState::Open.name()],
        )?;
    }
    Ok(())
}

/// The number of the latest dispute ever; 0 if there was none.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(meta::noted(connection, "last_dispute")?.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// The open disputes. One that is unreadable is skipped.
pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<Dispute>> {
    let rows = read(connection)?;
    Ok(rows.into_iter().filter(|row| row.state == DisputeState::Open).map(|row| row.dispute).collect())
}

/// The latest accepted disputes, by number.
pub(super) fn accepted(connection: &Connection) -> rusqlite::Result<Vec<Dispute>> {
    let rows = read(connection)?.into_iter().filter(|row| row.state == DisputeState::Accepted);
    let mut accepted: Vec<Dispute> = rows.map(|row| row.dispute).collect();
    accepted.drain(..accepted.len().saturating_sub(ACCEPTED_KEPT));
    Ok(accepted)
}

/// The disputes that were accepted after an instant.
pub(super) fn accepted_after(connection: &Connection, after: Timestamp) -> rusqlite::Result<Vec<DisputeId>> {
    let is_later = |row: &DisputeRow| row.decided_at.is_some_and(|at| at > after);
    let rows = read(connection)?.into_iter().filter(|row| row.state == DisputeState::Accepted && is_later(row));
    Ok(rows.map(|row| row.dispute.id).collect())
}

/// Every dispute, by number.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<DisputeRow>> {
    let (tariffs, cost_accounts) = (names::tariffs(connection)?, names::cost_accounts(connection)?);
    let value = |entry: &Entry| Some(tariffs.get(entry.tariff?.index())?.value(entry.tokens));
    let cost =
        |entry: &EnergyEntry| Some(cost_accounts.get(entry.cost_account.index())?.power?.of(entry.energy.into()));
    let mut rows = read(connection)?;
    for row in &mut rows {
        let energy = row.dispute.energy.iter().flat_map(|energy| &energy.entries);
        let priced: Vec<Money> = row.dispute.entries.iter().filter_map(value).chain(energy.filter_map(cost)).collect();
        row.value = (!priced.is_empty()).then(|| priced.into_iter().sum());
    }
    Ok(rows)
}

/// The decisions among these disputes.
pub(super) fn decided(connection: &Connection, among: &BTreeSet<DisputeId>) -> rusqlite::Result<Vec<Decision>> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let rows = read(connection)?.into_iter();
    let is_decided = |row: &DisputeRow| matches!(row.state, DisputeState::Accepted | DisputeState::Rejected);
    let decided = rows.filter(|row| is_decided(row) && among.contains(&row.dispute.id));
    Ok(decided.map(|row| row.dispute.decided(row.state == DisputeState::Accepted)).collect())
}

/// Decides a dispute, if it is open: posts its entries, or only marks it. Returns the dispute as it was before.
pub(super) fn decide(
    connection: &mut Connection,
    calendar: &mut Calendar,
    id: DisputeId,
    accepted: bool,
    at: Timestamp,
) -> rusqlite::Result<Option<DisputeRow>> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let Some(row) = rows(&transaction)?.into_iter().find(|row| row.dispute.id == id) else { return Ok(None) };
    if row.state != DisputeState::Open {
        return Ok(Some(row));
    }
    let state = if accepted { DisputeState::Accepted } else { DisputeState::Rejected };
    transaction.execute(
        "UPDATE disputes SET state = ?2, decided_at = ?3 WHERE id = ?1",
        params![number(id), state.name(), at.millis()],
    )?;
    if accepted {
        post(&transaction, calendar, &row.dispute)?;
    }
    transaction.commit()?;
    Ok(Some(row))
}

/// Adds a dispute's entries to the grains that are still stored for their time.
fn post(transaction: &Transaction<'_>, calendar: &mut Calendar, dispute: &Dispute) -> rusqlite::Result<()> {
    let now = meta::last(transaction)?.wall;
    let mut postings = PendingPostings::default();
    let tariffs = names::tariffs(transaction)?;
    for entry in &dispute.entries {
        let tariff = entry.tariff.and_then(|tariff| tariffs.get(tariff.index()));
        // The amount that unknown hits could reduce, as in any posting.
        if let Some(hits) = tariff.map(|tariff| tariff.hit_uncertainty(entry.unsure)).filter(|hits| !hits.is_zero()) {
            *postings.uncertainty.entry(entry.minute).or_default() +=
                Uncertainty { excess: Money::from_micros(cells::micros_up(hits)), ..Uncertainty::default() };
        }
        let key = (entry.minute, entry.account, entry.tariff);
        *postings.tokens.entry(key).or_default() += TokenChange::added(entry.tokens);
    }
    for entry in dispute.energy.iter().flat_map(|energy| &energy.entries) {
        *postings.gpu_times.entry((entry.minute, entry.cost_account)).or_default() +=
            GpuTimeChange { energy: entry.energy, ..GpuTimeChange::default() };
    }
    cells::write_kept(transaction, calendar, &postings, [now - MINUTES_KEPT, now - QUARTERS_KEPT])
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<DisputeRow>> {
    const ALL: &str = "SELECT id, at, target, instance, rank, model, entries, evidence, state, decided_at
                       FROM disputes ORDER BY id";
    if !has_table(connection, "disputes")? {
        // A ledger of version 1 has no disputes.
        return Ok(Vec::new());
    }
    Ok(all(connection, ALL, row)?.into_iter().flatten().collect())
}

/// A row; `None` if this program cannot read its entries or evidence.
fn row(row: &Row<'_>) -> rusqlite::Result<Option<DisputeRow>> {
    let text = |column| row.get::<_, Option<String>>(column);
    let (entries, evidence): (String, String) = (row.get(6)?, row.get(7)?);
    let Ok(evidence) = serde_json::from_str(&evidence) else { return Ok(None) };
    let (entries, energy) = match (serde_json::from_str(&entries), serde_json::from_str::<DisputedEnergy>(&entries)) {
        (Ok(entries), _) => (entries, None),
        (Err(_), Ok(energy)) => (Vec::new(), Some(energy)),
        (Err(_), Err(_)) => return Ok(None),
    };
    let dispute = Dispute {
        id: DisputeId(row.get::<_, i64>(0)?.unsigned_abs()),
        target: TargetId::new(&row.get::<_, String>(2)?),
        instance: text(3)?.as_deref().map(InstanceId::new),
        rank: text(4)?.as_deref().map(Rank::new),
        model: text(5)?.as_deref().map(ModelName::new),
        entries,
        energy,
        evidence,
    };
    Ok(Some(DisputeRow {
        dispute,
        at: Timestamp::from_millis(row.get(1)?),
        state: DisputeState::of(&row.get::<_, String>(8)?),
        decided_at: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_millis),
        value: None,
    }))
}

/// A dispute's number in the file.
fn number(id: DisputeId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}
