//! Journals that hledger and Beancount accept, and FOCUS: each adds up to what the report says. The programs themselves
//! are run where they are installed.
#![allow(clippy::print_stderr)]

use crate::program;
use crate::random_ledger;

use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Program, micros};
use random_ledger::random_ledger;
use serde_json::Value;

/// A report on a ledger.
fn report(path: &Path, arguments: &[&str]) -> program::Ran {
    let all: Vec<_> = ["report"].iter().chain(arguments).copied().collect();
    Program::new(&all).env("MARGINTOP_LEDGER", path).run()
}

/// Runs a program of the system on a file; `None` where it is not installed.
fn checked(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let ran = Command::new(program).args(arguments).arg(file).output();
    let Ok(ran) = ran else {
        eprintln!("{program} is not installed: the journal is checked by this test alone");
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{program}: {out}{err}\n{}", std::fs::read_to_string(file).unwrap());
    Some(out)
}

/// Lines of postings as account and millionths, a transaction each.
fn transactions(journal: &str) -> Vec<Vec<(String, i128)>> {
    let mut all = Vec::new();
    for line in journal.lines() {
        if line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" * ") {
            all.push(Vec::new());
        } else if let Some(posting) = line.strip_prefix("    ") {
            let mut words = posting.split_whitespace();
            let (account, amount) = (words.next().unwrap(), words.next().unwrap());
            assert_eq!((words.next(), words.next()), (Some("USD"), None), "{line}");
            all.last_mut().unwrap().push((account.to_owned(), micros(&Value::from(amount))));
        }
    }
    all
}

fn sum(all: &[Vec<(String, i128)>], account: &str) -> i128 {
    all.iter().flatten().filter(|(name, _)| name.to_lowercase().starts_with(account)).map(|(_, amount)| amount).sum()
}

/// Millionths of an amount that is rounded to cents as a table has it, or to millionths where it has no whole unit.
fn printed(total: &Value, cents: bool) -> i128 {
    if total.is_null() {
        return 0;
    }
    let exact = micros(total);
    if !cents {
        return exact;
    }
    let (below, rest) = (exact.div_euclid(10_000), exact.rem_euclid(10_000));
    (below + i128::from(rest > 5_000 || rest == 5_000 && below % 2 != 0)) * 10_000
}

fn agree(seed: u64) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, seed);
    let total = report(&path, &["--json"]).good()["total"].clone();
    for (format, file) in [("hledger", "a.journal"), ("beancount", "a.beancount")] {
        let journal = report(&path, &["--format", format]);
        assert_eq!(journal.code, Some(0), "{journal:?}");
        let file: PathBuf = home.path().join(file);
        std::fs::write(&file, &journal.out).unwrap();
        let all = transactions(&journal.out);
        for transaction in &all {
            assert_eq!(transaction.iter().map(|(_, amount)| amount).sum::<i128>(), 0, "seed {seed}: {transaction:?}");
        }
        let cents = all.iter().flatten().all(|(_, amount)| amount % 10_000 == 0);
        assert!(cents, "seed {seed}: amounts of this ledger are printed in cents");
        // The exact total is rounded once here and twice there: a tie of a cent may differ.
        let near = |a: i128, b: i128| (a - b).abs() <= 10_000 && (a == b || (a - b) % 10_000 == 0);
        let income = -sum(&all, "income:tokens:");
        assert!(near(income, printed(&total["revenue"], true)), "seed {seed}: {income} of {}", total["revenue"]);
        let expenses = sum(&all, "expenses:");
        assert!(near(expenses, printed(&total["cost"], true)), "seed {seed}: {expenses} of {}", total["cost"]);
        assert_eq!(sum(&all, "assets:receivable:tokens"), income);
        assert_eq!(-sum(&all, "liabilities:payable:"), expenses);
        if format == "hledger" {
            checked("hledger", &["check", "--strict", "-f"], &file);
            let table = report(&path, &["--by", "day"]).out;
            let line = table.lines().rfind(|line| line.starts_with("total")).unwrap().replace(',', "");
            let cents = |millionths: i128| format!("{}.{:02}", millionths / 1_000_000, millionths % 1_000_000 / 10_000);
            assert!(line.contains(&cents(income)) && line.contains(&cents(expenses)), "seed {seed}: {line}");
        } else {
            checked("bean-check", &[], &file);
        }
    }
    let focus = report(&path, &["--format", "focus"]).out;
    let mut lines = focus.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    assert_eq!((head.len(), head[1], head[42]), (43, "BilledCost", "Tags"));
    let billed: i128 = lines
        .map(|cells| {
            assert_eq!(cells.len(), 43, "{cells:?}");
            is_price_times_quantity(&head, &cells);
            micros(&Value::from(cells[1]))
        })
        .sum();
    assert_eq!(billed, printed(&total["cost"], false), "seed {seed}");
}

/// Class: a cost that is not what its unit price and quantity come to, since it holds something else too.
fn is_price_times_quantity(head: &[&str], cells: &[&str]) {
    let cell = |name: &str| cells[head.iter().position(|column| *column == name).unwrap()];
    let number = |name: &str| cell(name).parse::<f64>().ok();
    for (price, cost) in [("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")] {
        let Some((price, quantity)) = number(price).zip(number("PricingQuantity")) else { continue };
        // Quantities and costs are each rounded to six decimals, so that they add up.
        let rounding = (price + 4.0) * 1e-6;
        let off = price.mul_add(quantity, -number(cost).unwrap()).abs();
        assert!(off <= rounding, "{off} in {cells:?}");
        assert!(["GPU Hours", "kWh", "Units"].contains(&cell("PricingUnit")), "{cells:?}");
    }
    // What FOCUS demands of what is used or purchased, and of a resource.
    if ["Usage", "Purchase"].contains(&cell("ChargeCategory")) {
        let demanded =
            ["ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "PricingUnit", "PricingCategory", "SkuId"];
        assert!(demanded.iter().all(|name| !cell(name).is_empty()), "{cells:?}");
    }
    assert!((cell("ChargeCategory"), cell("ChargeFrequency")) != ("Purchase", "Usage-Based"), "{cells:?}");
    assert_eq!(cell("ResourceId").is_empty(), cell("ResourceType").is_empty(), "{cells:?}");
}

#[test]
fn journals_and_focus_add_up_to_the_report() {
    (0..6).for_each(agree);
}

/// A scenario is no posting.
#[test]
fn a_journal_of_what_was_not_posted_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, 1);
    for arguments in [
        ["--format", "hledger", "--what-if", "paid=0.5"].as_slice(),
        &["--format", "beancount", "--reprice"],
        &["--format", "focus", "--compare"],
    ] {
        let ran = report(&path, arguments);
        assert!(ran.code == Some(2) && ran.err.contains("what was posted"), "{ran:?}");
    }
    assert_eq!(report(&path, &["--format", "json"]).out, report(&path, &["--json"]).out);
    assert_eq!(report(&path, &["--format", "csv"]).out, report(&path, &["--csv"]).out);
}
