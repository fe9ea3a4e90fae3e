//! Older versions of the tables: reading a ledger unchanged, and migrating it.

use rusqlite::Connection;

use super::names::{all, has_table};
use super::{migrate, slo};

/// The tables of version 2 under their current names.
const RENAMED: &str = include_str!("version_3.sql");
/// The current version of the tables.
pub(super) const VERSION: i64 = 5;
/// The first version whose tables of postings have their current names.
pub(super) const PRESENT_NAMES: i64 = 3;
/// The first version with the minutes of the latency objectives.
const SLO: i64 = 4;
/// The tables of allocated GPUs: the current name, and that of versions 2 to 4.
const ALLOCATED_GPUS: [&str; 2] = ["allocated_gpus", "rented"];
/// The tables of the saved state, which version 2 introduced.
const STATE: [&str; 5] = ["saved_targets", "saved_nodes", "disputes", "target_resets", "lease_ends"];
/// Views for people and other programs.
pub(super) const VIEWS: &str = include_str!("views.sql");

/// Whether the cost of a revenue account of an older version was known: if any rate was ever known for the node, or for its
/// unit.
const COSTED: &str = "EXISTS (SELECT 1 FROM cost_accounts c WHERE c.kind = 'gpus' AND c.rate_micros IS NOT NULL
    AND (c.node = a.node OR c.node IS NULL AND c.unit = a.unit))";

/// Old and new names of the tables and columns that versions 3 and 5 renamed.
const NAMES: [(&str, &str); 11] = [
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
    (ALLOCATED_GPUS[1], ALLOCATED_GPUS[0]),
];

/// The current name of a table or column.
pub(super) fn present(name: &str) -> &str {
    NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// The name that a column had in earlier versions.
pub(super) fn former(name: &str) -> &str {
    NAMES.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| old)
}

/// Whether an exported table is of a version that did not store whether the cost of a revenue account is known.
pub(super) fn lacks_costed(table: &str) -> bool {
    table == former("revenue_accounts")
}

/// The table of allocated GPUs in a file that may not have been migrated yet; `None` in version 1.
pub(super) fn allocated_gpus(connection: &Connection) -> rusqlite::Result<Option<&'static str>> {
    for table in ALLOCATED_GPUS {
        if has_table(connection, table)? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Migrates a ledger, in one transaction for each version.
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
    }
    for table in STATE {
        // A file whose tables do not match its version is not changed.
        transaction.prepare(&format!("SELECT 1 FROM {table}"))?;
    }
    if version < SLO {
        transaction.execute_batch(slo::TABLE)?;
    }
    if version < VERSION {
        rename_allocated_gpus(&transaction)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    renew_views(connection)
}

/// Names the table of allocated GPUs. A ledger that was just migrated from version 1 has the current name already.
fn rename_allocated_gpus(connection: &Connection) -> rusqlite::Result<()> {
    let [present, former] = ALLOCATED_GPUS;
    if !has_table(connection, former)? {
        return Ok(());
    }
    // Otherwise `SQLite` refuses to rename any table while a view, perhaps one of the user's, names a missing one.
    connection.pragma_update(None, "legacy_alter_table", true)?;
    let renamed = connection.execute_batch(&format!("ALTER TABLE {former} RENAME TO {present}"));
    connection.pragma_update(None, "legacy_alter_table", false)?;
    renamed
}

/// Recreates the views if they differ from this program's: they are derived, and independent of the version of the tables.
pub(super) fn renew_views(connection: &mut Connection) -> rusqlite::Result<()> {
    if views_are_present(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let views = all(&transaction, "SELECT name FROM sqlite_schema WHERE type = 'view'", |row| row.get::<_, String>(0))?;
    for view in views.iter().filter(|view| VIEWS.contains(&format!("CREATE VIEW {view} "))) {
        transaction.execute_batch(&format!("DROP VIEW {view}"))?;
    }
    transaction.execute_batch(VIEWS)?;
    transaction.commit()
}

/// Whether all views match this program's. Other views are ignored.
fn views_are_present(connection: &Connection) -> rusqlite::Result<bool> {
    let views = all(connection, "SELECT sql FROM sqlite_schema WHERE type = 'view'", |row| row.get::<_, String>(0))?;
    let own = views.iter().filter(|view| VIEWS.contains(view.as_str())).count();
    Ok(own == VIEWS.matches("CREATE VIEW ").count())
}

/// Sets whether the cost of each revenue account of an older version is known.
pub(super) fn judge_costs(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(&format!("UPDATE revenue_accounts AS a SET costed = {COSTED}"), []).map(drop)
}

/// Maps the tables of an older version to their current names for this connection, to read them unchanged.
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
