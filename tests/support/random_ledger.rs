//! Ledgers of random postings, written by SQL into the store's own tables, a bucket a day.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

#[path = "../world/dice.rs"]
mod dice;

use std::path::Path;
use std::time::Duration;

use dice::Dice;
use margintop::clock::{Clock, ScriptedClock};
use margintop::store::LedgerEvent;
use rusqlite::{Connection, params};

use super::support::{instant, ledger_settings, open_store};

pub const DAY: i64 = 86_400_000;
pub const DAYS: i64 = 12;

/// A file with the tables and views of a ledger.
pub fn tables(path: &Path) -> Connection {
    let clock = ScriptedClock::at(instant("2026-03-20T10:00:00Z"));
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let LedgerEvent::Keeps { .. } = news.recv().unwrap() else { panic!("it is not ours") };
    store.close(Duration::from_secs(5));
    Connection::open(path).unwrap()
}

pub fn first_day() -> i64 {
    instant("2026-03-01T00:00:00Z").millis()
}

/// Accounts of models, tenants and units with and without a known cost, of every kind of cost, and their postings.
pub fn random_ledger(path: &Path, seed: u64) {
    let (mut dice, mut open) = (Dice::new(seed), tables(path));
    let write = open.transaction().unwrap();
    let mut of = |below: u64| i64::try_from(dice.below(below)).unwrap();
    let pick = |names: [Option<&'static str>; 4], nth: i64| names[usize::try_from(nth).unwrap()];
    let (nodes, units) = (["a", "b", "c", "d"], [None, Some("u"), Some("v"), None]);
    for account in 0..9 {
        write
            .execute(
                "INSERT INTO revenue_accounts VALUES (?1, ?2, ?3, ?4, 'unified', ?5, ?6)",
                params![
                    account,
                    nodes[usize::try_from(of(3)).unwrap()],
                    pick(units, of(4)),
                    pick([Some("m"), Some("n"), None, Some("o")], of(4)),
                    pick([None, None, Some("gold"), Some("free")], of(4)),
                    of(4) > 0,
                ],
            )
            .unwrap();
    }
    for account in 0..9 {
        let kind =
            if account < 6 { "gpus" } else { ["rounding", "overhead", "gpus"][usize::try_from(account).unwrap() - 6] };
        // Of a whole unit, on a node, or for all.
        let (node, unit) = match of(4) {
            0 => (None, Some("u")),
            1 => (Some("d"), None),
            _ => (Some(nodes[usize::try_from(of(4)).unwrap()]), pick(units, of(4))),
        };
        let rate = (of(6) > 0).then(|| 1_000_000 + of(9) * 137_500);
        let power = (of(3) == 0).then(|| (92_900 + of(9), 1_250));
        write
            .execute(
                "INSERT INTO cost_accounts VALUES (?1, ?2, ?3, 'H800', ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    account,
                    node,
                    unit,
                    kind,
                    rate,
                    rate.map(|_| if of(5) == 0 { 3 } else { 1 }),
                    power.map(|power| power.0),
                    power.map(|power| power.1),
                    pick([None, Some("one"), Some("two"), None], of(4)).filter(|_| rate.is_some()),
                ],
            )
            .unwrap();
    }
    for (tariff, tier) in [(0, "peak"), (1, "night"), (2, "peak")] {
        let prices =
            [50_000_000 + of(3) * 100_000_000, 500_000_000 + of(9) * 1_000_000, 2_000_000_000 + of(7) * 10_000_000];
        let paid = (of(3) == 0).then(|| 370_000 + of(1_000));
        let overhead = (of(2) == 0).then(|| 31_000 + of(1_000));
        write
            .execute(
                "INSERT INTO tariffs VALUES (?1, 'l' || ?1, ?2, ?3, ?4, ?5, ?6, ?7, '0')",
                params![tariff, tier, prices[0], prices[1], prices[2], paid, overhead],
            )
            .unwrap();
    }
    for day in 0..DAYS {
        let bucket = first_day() + day * DAY;
        let named = "INSERT OR REPLACE INTO days VALUES (?1, date(?1 / 1000, 'unixepoch'))";
        write.execute(named, [bucket]).unwrap();
        // Some days are nearly or wholly empty, and on some nothing has a price.
        let (often, unpriced) = ([0, 1, 4, 9][usize::try_from(of(4)).unwrap()], of(6) == 0);
        let size = [7, 4_001, 90_000_007, 60_000_000_011][usize::try_from(of(4)).unwrap()];
        for account in 0..9 {
            if of(9) < often {
                let tariff = if unpriced { -1 } else { of(4) - 1 };
                let tokens = [of(size), of(size), of(size)];
                let cell = params![bucket, account, tariff, tokens[0], tokens[1], tokens[2]];
                for grain in ["quarter", "day"] {
                    let insert = format!("INSERT INTO {grain}_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
                    write.execute(&insert, cell).unwrap();
                }
            }
            if of(9) < often {
                let held = of(700_000_000);
                let cell = params![bucket, account, held, of(1 + held.unsigned_abs()), of(40_000_000_000)];
                for grain in ["quarter", "day"] {
                    let insert = format!("INSERT INTO {grain}_gpu_time VALUES (?1, ?2, ?3, ?4, ?5)");
                    write.execute(&insert, cell).unwrap();
                }
            }
        }
    }
    let meta = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
    write.execute(meta, params!["began", first_day().to_string()]).unwrap();
    write.execute(meta, params!["last_wall", (first_day() + 30 * DAY).to_string()]).unwrap();
    write.commit().unwrap();
}
