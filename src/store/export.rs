//! Exports a ledger as text, a line of JSON for each row, and imports it: to move it, repair it, or read it without this
//! program.

use std::io::{BufRead, Write};
use std::path::Path;

use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value};

use super::migrate::{self, V1_NAMES, V1_TABLES};
use super::names::{all, has_table};
use super::{StoreError, file, versions};

/// The reason that an export was not imported.
#[derive(Debug)]
pub enum ImportError {
    /// The new ledger cannot be written.
    Store(StoreError),
    /// The file exists already.
    Exists,
    /// The number of a line, from 1, that is not a row of a ledger, and why.
    Line(usize, String),
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Exists => f.write_str("there is a ledger already: name a new file with --ledger"),
            Self::Line(line, why) => write!(f, "line {line}: {why}; the export is not one of a ledger, or damaged"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Writes every row of every table, in a consistent state.
pub(super) fn export(connection: &Connection, out: &mut dyn Write) -> Result<(), String> {
    let _instant = connection.unchecked_transaction().map_err(|error| error.to_string())?;
    for table in tables(connection).map_err(|error| error.to_string())? {
        let mut ask = connection.prepare(&format!("SELECT * FROM {table}")).map_err(|error| error.to_string())?;
        let columns: Vec<String> = ask.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = ask.query([]).map_err(|error| error.to_string())?;
        while let Some(row) = rows.next().map_err(|error| error.to_string())? {
            let mut fields = Map::new();
            for (place, column) in columns.iter().enumerate() {
                let cell = row.get_ref(place).map_err(|error| error.to_string())?;
                fields.insert(column.clone(), json(cell));
            }
            let line = serde_json::json!({ "table": table, "row": fields });
            writeln!(out, "{line}").map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Imports an export into a new ledger, completely or not at all.
///
/// # Errors
/// The file exists or cannot be written, or a line is not a row of a ledger.
pub fn import(path: &Path, text: impl BufRead) -> Result<usize, ImportError> {
    if path.exists() {
        return Err(ImportError::Exists);
    }
    let mut connection = file::place(path).and_then(|path| file::open(&path)).map_err(ImportError::Store)?;
    let read = fill(&mut connection, path, text);
    drop(connection);
    if read.is_err() {
        // A partial ledger is useless.
        let _ = std::fs::remove_file(path);
    }
    read
}

fn fill(connection: &mut Connection, path: &Path, text: impl BufRead) -> Result<usize, ImportError> {
    let of = |error: rusqlite::Error| ImportError::Store(StoreError::of(path, &error));
    let mut known = tables(connection).map_err(of)?;
    let transaction = connection.transaction().map_err(of)?;
    let (mut rows, mut is_earlier) = (0, false);
    for (nth, line) in (1..).zip(text.lines()) {
        let refuse = |why: String| ImportError::Line(nth, why);
        let line = line.map_err(|error| refuse(error.to_string()))?;
        let value: Value = serde_json::from_str(&line).map_err(|error| refuse(error.to_string()))?;
        let named = value["table"].as_str().unwrap_or_default();
        let table = versions::present(named).to_owned();
        is_earlier |= versions::lacks_costed(named);
        let row = value["row"].as_object().ok_or_else(|| refuse("no row".to_owned()))?;
        if V1_NAMES.contains(&table.as_str()) && !known.contains(&table) {
            // An export of version 1 is imported unchanged, and migrated at the end.
            transaction.execute_batch(V1_TABLES).map_err(of)?;
            known.extend(V1_NAMES.map(str::to_owned));
        }
        if !known.contains(&table) {
            return Err(refuse(format!("no table \"{table}\"")));
        }
        insert(&transaction, &table, row).map_err(|error| refuse(error.to_string()))?;
        rows += 1;
    }
    if has_table(&transaction, V1_NAMES[0]).map_err(of)? {
        migrate::convert(&transaction).map_err(of)?;
    }
    if is_earlier {
        versions::judge_costs(&transaction).map_err(of)?;
    }
    transaction.commit().map_err(of)?;
    Ok(rows)
}

fn insert(connection: &Connection, table: &str, row: &Map<String, Value>) -> rusqlite::Result<()> {
    let columns =
        all(connection, &format!("SELECT name FROM pragma_table_info('{table}')"), |row| row.get::<_, String>(0))?;
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let mut insert = connection.prepare_cached(&format!("INSERT INTO {table} VALUES ({})", places.join(", ")))?;
    insert.execute(params_from_iter(columns.iter().map(|column| value(row, column)))).map(drop)
}

/// The value of a column, which may have another name in an export of an older version. Such an export does not say whether
/// an account's cost is known.
fn value(row: &Map<String, Value>, column: &str) -> Cell {
    match row.get(column).or_else(|| row.get(versions::former(column))) {
        None if column == "costed" => Cell::Integer(1),
        found => cell(found),
    }
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    all(
        connection,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'day_borne' ORDER BY rowid",
        |row| row.get(0),
    )
}

fn json(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
    }
}

fn cell(value: Option<&Value>) -> Cell {
    match value {
        Some(Value::Number(number)) => number.as_i64().map_or(Cell::Null, Cell::Integer),
        Some(Value::String(text)) => Cell::Text(text.clone()),
        _ => Cell::Null,
    }
}
