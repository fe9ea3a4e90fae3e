//! Ledgers of random postings, written by SQL into the store's own tables: minutes are kept of the later days, quarter
//! hours of all of them.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::Path;
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::store::LedgerEvent;
use rusqlite::{Connection, params};

use super::dice::Dice;
use super::support::{instant, ledger_settings, open_store};

pub const DAY: i64 = 86_400_000;
pub const DAYS: i64 = 12;

/// A file with the tables and views of a ledger.
pub fn tables(path: &Path) -> Connection {
    let clock = ScriptedClock::at(instant("2026-03-20T10:00:00Z"));
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let LedgerEvent::Opened { .. } = news.recv().unwrap() else { panic!("it is not ours") };
    store.close(Duration::from_secs(5));
    Connection::open(path).unwrap()
}

pub fn first_day() -> i64 {
    instant("2026-03-01T00:00:00Z").millis()
}

/// Where accounts stand.
const NODES: [&str; 4] = ["a", "b", "c", "d"];
const UNITS: [Option<&str>; 4] = [None, Some("u"), Some("v"), None];

/// A number below `below` as SQL takes it.
fn of(dice: &mut Dice, below: u64) -> i64 {
    i64::try_from(dice.below(below)).unwrap()
}

/// Accounts of models, tenants and units with and without a known cost, of every kind of cost, and their postings.
pub fn random_ledger(path: &Path, seed: u64) {
    let (mut dice, mut open) = (Dice::new(seed), tables(path));
    let write = open.transaction().unwrap();
    for account in 0..9 {
        revenue_account(&write, &mut dice, account);
    }
    for account in 0..9 {
        cost_account(&write, &mut dice, account);
    }
    for (number, tier) in [(0, "peak"), (1, "night"), (2, "peak")] {
        tariff(&write, &mut dice, number, tier);
    }
    for day in 0..DAYS {
        postings(&write, &mut dice, first_day() + day * DAY);
    }
    let meta = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
    write.execute(meta, params!["began", first_day().to_string()]).unwrap();
    write.execute(meta, params!["last_wall", (first_day() + 14 * DAY).to_string()]).unwrap();
    write.commit().unwrap();
}

fn revenue_account(write: &Connection, dice: &mut Dice, account: i64) {
    let node = dice.pick(&NODES[..3]).to_owned();
    let unit = *dice.pick(&UNITS);
    let model = *dice.pick(&[Some("m"), Some("n"), None, Some("o")]);
    let tenant = *dice.pick(&[None, None, Some("gold"), Some("free")]);
    let insert = "INSERT INTO revenue_accounts VALUES (?1, ?2, ?3, ?4, 'unified', ?5, ?6)";
    write.execute(insert, params![account, node, unit, model, tenant, !dice.one_in(4)]).unwrap();
}

/// Of a whole unit, on a node without work, or on a node.
fn cost_account(write: &Connection, dice: &mut Dice, account: i64) {
    let kind = match account {
        6 => "rounding",
        7 => "overhead",
        _ => "gpus",
    };
    let (node, unit) = match dice.below(4) {
        0 => (None, Some("u")),
        1 => (Some("d"), None),
        _ => (Some(*dice.pick(&NODES)), *dice.pick(&UNITS)),
    };
    let rate = (!dice.one_in(6)).then(|| 1_000_000 + of(dice, 9) * 137_500);
    let hours = if dice.one_in(5) { 3 } else { 1 };
    let kwh = dice.one_in(3).then(|| 92_900 + of(dice, 9));
    let lease = dice.pick(&[None, Some("one"), Some("two"), None]).filter(|_| rate.is_some());
    let insert = "INSERT INTO cost_accounts VALUES (?1, ?2, ?3, 'H800', ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = params![account, node, unit, kind, rate, rate.map(|_| hours), kwh, kwh.map(|_| 1_250), lease];
    write.execute(insert, row).unwrap();
}

fn tariff(write: &Connection, dice: &mut Dice, number: i64, tier: &str) {
    let hit = 50_000_000 + of(dice, 3) * 100_000_000;
    let miss = 500_000_000 + of(dice, 9) * 1_000_000;
    let output = 2_000_000_000 + of(dice, 7) * 10_000_000;
    let paid = dice.one_in(3).then(|| 370_000 + of(dice, 1_000));
    let overhead = dice.one_in(2).then(|| 31_000 + of(dice, 1_000));
    let insert = "INSERT INTO tariffs VALUES (?1, 'l' || ?1, ?2, ?3, ?4, ?5, ?6, ?7, '0')";
    write.execute(insert, params![number, tier, hit, miss, output, paid, overhead]).unwrap();
}

/// A day's cells. Some days are nearly or wholly empty, and on some nothing has a price.
fn postings(write: &Connection, dice: &mut Dice, bucket: i64) {
    let named = "INSERT OR REPLACE INTO days VALUES (?1, date(?1 / 1000, 'unixepoch'))";
    write.execute(named, [bucket]).unwrap();
    let (often, unpriced) = (*dice.pick(&[0, 1, 4, 9]), dice.one_in(6));
    let size = *dice.pick(&[7, 4_001, 90_000_007, 60_000_000_011]);
    // Accounts work in the same minutes, in others of the same quarter hour, and in hours of their own.
    let minutes: [i64; 4] = std::array::from_fn(|_| of(dice, 1_440));
    for account in 0..9 {
        for part in minutes {
            let at = bucket + (part + of(dice, 2) * 7) % 1_440 * 60_000;
            if dice.below(9) < often {
                let tariff = if unpriced { -1 } else { of(dice, 4) - 1 };
                let [miss, hit, output] = std::array::from_fn(|_| of(dice, size));
                add(write, "tokens", at, &[account, tariff, miss, hit, output]);
            }
            if dice.below(9) < often {
                let allocated = of(dice, 700_000_000);
                let (idle, energy) = (of(dice, 1 + allocated.unsigned_abs()), of(dice, 40_000_000_000));
                add(write, "gpu_time", at, &[account, allocated, idle, energy]);
            }
        }
    }
}

/// Adds to each grain; days are those of UTC.
fn add(write: &Connection, kind: &str, at: i64, row: &[i64]) {
    for (grain, length) in [("minute", 60_000), ("quarter", 900_000), ("day", DAY)] {
        let columns =
            if kind == "tokens" { ["miss", "hit", "output"] } else { ["allocated_ms", "idle_ms", "energy_mj"] };
        let sums = columns.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
        let places = vec!["?"; row.len() + 1].join(", ");
        let insert = format!("INSERT INTO {grain}_{kind} VALUES ({places}) ON CONFLICT DO UPDATE SET {sums}");
        let bucket = at - at % length;
        let row = rusqlite::params_from_iter([&bucket].into_iter().chain(row));
        write.prepare_cached(&insert).unwrap().execute(row).unwrap();
    }
}
