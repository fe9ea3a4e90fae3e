//! Earlier versions of the tables: how a ledger of one is read as it is, and brought up to date.

use rusqlite::Connection;

use super::migrate;

/// The tables of version 2 under their present names.
const RENAMED: &str = include_str!("version_3.sql");
/// Views for people and other programs.
pub(super) const VIEWS: &str = include_str!("views.sql");

/// Revenue accounts of earlier versions say nothing of their cost: it was known wherever a rate was ever known for the
/// node, or for the unit as a whole.
const COSTED: &str = "EXISTS (SELECT 1 FROM cost_accounts c WHERE c.kind = 'gpus' AND c.rate_micros IS NOT NULL
    AND (c.node = a.node OR c.node IS NULL AND c.unit = a.unit))";

/// Tables and columns whose names changed with version 3, old and new.
const NAMES: [(&str, &str); 10] = [
    ("accounts", "revenue_accounts"),
    ("landlords", "cost_accounts"),
    ("landlord", "cost_account"),
    ("held_ms", "allocated_ms"),
    ("minute_rents", "minute_gpu_time"),
    ("quarter_rents", "quarter_gpu_time"),
    ("day_rents", "day_gpu_time"),
    ("minute_doubts", "minute_uncertainty"),
    ("quarter_doubts", "quarter_uncertainty"),
    ("day_doubts", "day_uncertainty"),
];

/// The present name of a table or column.
pub(super) fn present(name: &str) -> &str {
    NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// The name that a column had in earlier versions.
pub(super) fn former(name: &str) -> &str {
    NAMES.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| old)
}

/// Brings a ledger up to date: all of it in one transaction for each version, or nothing.
pub(super) fn bring_up_to_date(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    if version == 1 {
        migrate::to_version_2(connection)?;
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 2 {
        transaction.execute_batch(RENAMED)?;
        judge_costs(&transaction)?;
        transaction.execute_batch(VIEWS)?;
        transaction.pragma_update(None, "user_version", 3)?;
    }
    transaction.commit()
}

/// Says of each revenue account of an earlier version whether its cost is known.
pub(super) fn judge_costs(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(&format!("UPDATE revenue_accounts AS a SET costed = {COSTED}"), []).map(drop)
}

/// Gives the tables of an earlier version their present names for this connection, to read them as they are.
pub(super) fn read_as_present(connection: &Connection) -> rusqlite::Result<()> {
    let mut views = format!(
        "PRAGMA temp_store = MEMORY;
         CREATE TEMP VIEW cost_accounts AS SELECT * FROM main.landlords;
         CREATE TEMP VIEW revenue_accounts AS SELECT a.*, {COSTED} AS costed FROM main.accounts a;"
    );
    for grain in ["minute", "quarter", "day"] {
        views.push_str(&of_grain(grain));
    }
    connection.execute_batch(&views)
}

fn of_grain(grain: &str) -> String {
    format!(
        "CREATE TEMP VIEW {grain}_gpu_time AS SELECT bucket, landlord AS cost_account, held_ms AS allocated_ms,
                 idle_ms, energy_mj FROM main.{grain}_rents;
             CREATE TEMP VIEW {grain}_uncertainty AS SELECT * FROM main.{grain}_doubts;"
    )
}
