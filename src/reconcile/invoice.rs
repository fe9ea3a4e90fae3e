//! A provider's invoice: its amounts for nodes or leases, compared with the ledger's.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::conventions::{CURRENCY, date, is_currency};
use super::decimals::Decimals;
use super::file::UsageTable;
use super::reconciled::{LikelyCause, ReconciledLine};
use crate::ledger::{CostAccount, CostKind, Grain, Past};
use crate::reading::Label;
use crate::statement::{Tables, Totals};
use crate::units::{Money, Span, Timestamp};

/// The name of a line without one.
const NAMELESS: &str = "(no name)";

/// Names of the columns.
pub(super) const NAME: [&str; 8] =
    ["node", "lease", "name", "resource", "resource_name", "resourcename", "resourceid", "instance"];
pub(super) const AMOUNT: [&str; 4] = ["amount", "cost", "total", "billedcost"];
const HOURS: [&str; 5] = ["hours", "gpu_hours", "node_hours", "quantity", "consumedquantity"];
/// The units of quantities in FOCUS: a quantity of energy is not hours.
const UNIT: [&str; 3] = ["unit", "consumedunit", "pricingunit"];
/// Names of total lines, in small letters without signs.
const TOTALS: [&str; 10] = [
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "invoicetotal",
    "totaldue",
    "totalamount",
    "amountdue",
    "sum",
    "summe",
];
const DATE: [&str; 5] = ["date", "day", "usage_date", "usagedate", "chargeperiodstart"];

/// The billed sums of one name. Hours are in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct BilledSum {
    hours: Option<i128>,
    amount: Money,
}

/// The lines of one name with their numbers, and their sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct InvoiceLines {
    sum: BilledSum,
    each: Vec<(usize, BilledSum)>,
}

impl BilledSum {
    /// Whether hours and amount are both billed or both credited, or one of them is zero.
    fn is_signed_alike(self) -> bool {
        self.hours.is_none_or(|hours| hours.signum() * self.amount.grains().signum() >= 0)
    }

    fn plus(self, other: Self) -> Self {
        let hours = self.hours.zip(other.hours).map(|(a, b)| a + b).or(self.hours).or(other.hours);
        Self { hours, amount: self.amount + other.amount }
    }
}

impl InvoiceLines {
    /// The same without lines that repeat an earlier one, and the sum of those, with both numbers of the first of them.
    fn once(&self) -> Option<(BilledSum, BilledSum, (usize, usize))> {
        let repeats = |(nth, (_, line)): (usize, &(usize, BilledSum))| {
            let earlier = self.each[..nth].iter().find(|(_, other)| other == line && !line.amount.is_zero());
            earlier.map(|(number, _)| *number)
        };
        let (mut once, mut again, mut numbers) = (BilledSum::default(), BilledSum::default(), None);
        for (nth, line) in self.each.iter().enumerate() {
            match repeats((nth, line)) {
                Some(first) => {
                    again = again.plus(line.1);
                    numbers = numbers.or(Some((first, line.0)));
                }
                None => once = once.plus(line.1),
            }
        }
        numbers.map(|numbers| (once, again, numbers))
    }
}

/// An invoice by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Invoice {
    billed: BTreeMap<String, InvoiceLines>,
    /// The first and the last date of its lines.
    pub(crate) days: Option<(Date, Date)>,
}

/// The columns of an invoice that are read.
#[derive(Debug, Clone, Copy)]
struct InvoiceColumns {
    name: usize,
    amount: usize,
    hours: Option<usize>,
    unit: Option<usize>,
    currency: Option<usize>,
    date: Option<usize>,
    decimals: Decimals,
}

impl InvoiceColumns {
    fn of(table: &UsageTable) -> Result<Self, String> {
        let (name, amount) = (table.column(&NAME).unwrap_or_default(), table.column(&AMOUNT).unwrap_or_default());
        let hours = table.column(&HOURS);
        let (unit, decimals) = (table.column(&UNIT), table.decimals(&[Some(amount), hours])?);
        Ok(Self { name, amount, hours, unit, currency: table.column(&CURRENCY), date: table.column(&DATE), decimals })
    }

    /// The billed amount of a line.
    fn billed(&self, cells: &[String], currency: &str) -> Result<BilledSum, String> {
        let wrong = |what: &str, cell: &str| format!("{what} \"{cell}\" is not a number: write 1234.50");
        let cell = &cells[self.amount];
        let (unit, amount) = self.decimals.amount(cell).ok_or_else(|| wrong("the amount", cell))?;
        let named = self.currency.map(|column| cells[column].trim().to_owned()).filter(|unit| !unit.is_empty());
        if let Some(unit) = named.or(unit).filter(|unit| !is_currency(unit, currency)) {
            return Err(format!(
                "the amount is in {unit} and the ledger in {currency}: convert the invoice at the rate that was paid, or \
                 name the ledger of that currency with --ledger"
            ));
        }
        let is_hours = self.unit.is_none_or(|column| {
            let unit = cells[column].trim().to_lowercase();
            unit.is_empty() || unit.contains("hour") || unit == "h"
        });
        let time = self.hours.map(|column| &cells[column]).filter(|cell| is_hours && !cell.trim().is_empty());
        let time = time.map(|cell| self.decimals.amount(cell).ok_or_else(|| wrong("hours", cell))).transpose()?;
        let billed = BilledSum { hours: time.map(|(_, time)| time.rounded(6)), amount };
        billed.is_signed_alike().then_some(billed).ok_or_else(|| {
            let (cell, hours) = (cell.trim(), self.hours.map_or("", |column| cells[column].trim()));
            format!("{hours} hours for {cell}: write both with a minus where it is a credit, else both without")
        })
    }

    fn day(&self, cells: &[String]) -> Result<Option<Date>, String> {
        let cell = self.date.map(|column| cells[column].trim()).filter(|cell| !cell.is_empty());
        let wrong = |cell: &str| format!("\"{cell}\" is not a date: write it like 2026-03-01, or leave the column out");
        cell.map(|cell| date(cell).ok_or_else(|| wrong(cell))).transpose()
    }
}

/// A line that may be a total, with its number and the lines before it.
struct SumLine {
    number: usize,
    sum: BilledSum,
    before: usize,
}

/// Reads an invoice. Totals are checked and left out: lines with such a name, and lines without a name whose amount is
/// the sum of those above.
pub(super) fn read(table: &UsageTable, currency: &str) -> Result<Invoice, String> {
    let columns = InvoiceColumns::of(table)?;
    let (mut each, mut totals, mut days) = (Vec::new(), Vec::new(), None);
    for (number, cells) in &table.lines {
        let of_line = |why: String| format!("line {number}: {why}");
        let line = columns.billed(cells, currency).map_err(of_line)?;
        let key = cells[columns.name].trim().to_owned();
        let word: String = key.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
        let is_named = TOTALS.contains(&word.as_str());
        if is_named || key.is_empty() {
            let total = SumLine { number: *number, sum: line, before: each.len() };
            if is_named || total.is_of(&each[total.since(&totals)..]) || total.is_of(&each) {
                totals.push(total);
                continue;
            }
        }
        if let Some(day) = columns.day(cells).map_err(of_line)? {
            let (first, last) = days.unwrap_or((day, day));
            days = Some((first.min(day), last.max(day)));
        }
        each.push((if key.is_empty() { NAMELESS.to_owned() } else { key }, *number, line));
    }
    if each.is_empty() {
        return Err("there is no line after the header: nothing is billed".to_owned());
    }
    for (nth, total) in totals.iter().enumerate() {
        let above = &each[..total.before];
        let own = &above[total.since(&totals[..nth])..];
        if ![own, above, &each].iter().any(|lines| total.is_of(lines)) {
            let why = total.contradicts(if above.is_empty() { &each } else { above });
            return Err(format!("line {}: the total is {why}: correct the lines, or take the total out", total.number));
        }
    }
    let mut invoice = Invoice { days, ..Invoice::default() };
    for (key, number, line) in each {
        let lines = invoice.billed.entry(key).or_default();
        lines.sum = lines.sum.plus(line);
        lines.each.push((number, line));
    }
    Ok(invoice)
}

/// A line of an invoice: its name, its number and what it bills.
type InvoiceItem = (String, usize, BilledSum);

impl SumLine {
    /// The number of lines before the last of these totals.
    fn since(&self, before: &[Self]) -> usize {
        before.last().map_or(0, |total| total.before.min(self.before))
    }

    fn is_of(&self, lines: &[InvoiceItem]) -> bool {
        !lines.is_empty() && self.amounts(lines).is_none() && self.hours(lines).is_none()
    }

    /// Both amounts if they differ.
    fn amounts(&self, lines: &[InvoiceItem]) -> Option<[Money; 2]> {
        let sum: Money = lines.iter().map(|(.., line)| line.amount).sum();
        let both = [self.sum.amount.round_to(2), sum.round_to(2)];
        (both[0] != both[1]).then_some(both)
    }

    /// Both hours if they differ.
    fn hours(&self, lines: &[InvoiceItem]) -> Option<[i128; 2]> {
        let sum = lines.iter().map(|(.., line)| line.hours).sum::<Option<i128>>();
        let (total, sum) = self.sum.hours.zip(sum)?;
        // Each line and the total may be rounded to hundredths.
        let rounding = 5_000 * (lines.len() as i128 + 1);
        ((total - sum).abs() > rounding).then_some([total, sum])
    }

    /// The total, and the sum of the lines.
    fn contradicts(&self, lines: &[InvoiceItem]) -> String {
        if let Some([total, sum]) = self.amounts(lines) {
            return format!("{total} and the lines above add up to {sum}");
        }
        let [total, sum] =
            self.hours(lines).unwrap_or_default().map(|millionths| format!("{:.2} hours", millionths as f64 / 1e6));
        format!("{total} and the lines above add up to {sum}")
    }
}

/// Its lines compared with the ledger, and the ledger's costs that are not on it.
pub(super) fn compare(invoice: &Invoice, past: &Past) -> Result<(Vec<ReconciledLine>, Vec<ReconciledLine>), String> {
    let by_node = ours_by(past, |account| account.node.as_ref().map(ToString::to_string));
    let by_lease = ours_by(past, |account| account.lease.as_ref().map(ToString::to_string));
    let hits =
        |of: &BTreeMap<String, LedgerTotals>| invoice.billed.keys().filter(|name| of.contains_key(*name)).count();
    let is_by_lease = hits(&by_lease) > hits(&by_node);
    let (ours, others) = if is_by_lease { (&by_lease, &by_node) } else { (&by_node, &by_lease) };
    let names = LedgerNames { ours, others, billed: &invoice.billed, is_by_lease };
    if hits(ours) == 0 {
        let known: Vec<_> = by_node.keys().chain(by_lease.keys()).take(8).cloned().collect();
        let billed = invoice.billed.keys().next().cloned().unwrap_or_default();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!(
            "the ledger has no node or lease of these names in this span, such as \"{billed}\": write them as `margintop \
             report --by node` or `--by lease` does; it knows {known}"
        ));
    }
    let lines = invoice.billed.iter().map(|(name, billed)| line(name, billed, names, past)).collect();
    let missing = ours.iter().filter(|(name, ours)| !invoice.billed.contains_key(*name) && ours.totals.cost.is_some());
    let missing = missing.map(|(name, ours)| ReconciledLine {
        causes: vec![LikelyCause {
            word: "not billed",
            amount: ours.totals.cost.map(|cost| -cost),
            text: "the ledger pays for it and the file does not have it".to_owned(),
        }],
        ..of(name, Money::ZERO, None, Some(&ours.totals))
    });
    Ok((lines, missing.collect()))
}

/// What the ledger has for a name.
#[derive(Debug, Clone, Copy, Default)]
struct LedgerTotals {
    totals: Totals,
    /// The most GPUs that it had at once.
    gpus: i64,
}

/// The cost of GPUs and rounding by a name; overhead is on no invoice.
fn ours_by(past: &Past, name: impl Fn(&CostAccount) -> Option<String>) -> BTreeMap<String, LedgerTotals> {
    let tables = Tables { accounts: &past.accounts, cost_accounts: &past.cost_accounts, tariffs: &past.tariffs };
    let gpu_times = past.gpu_times.iter().map(|cell| (cell.cost_account, cell.allocated()));
    let pays = |account: &CostAccount| name(account).filter(|_| account.kind != CostKind::Overhead);
    let totals = Totals::by(tables, std::iter::empty(), gpu_times, |_| None, pays);
    let mut ours: BTreeMap<_, _> =
        totals.into_iter().map(|(name, totals)| (name, LedgerTotals { totals, gpus: 1 })).collect();
    let mut allocated: BTreeMap<(Timestamp, String), i64> = BTreeMap::new();
    for cell in &past.gpu_times {
        let account = past.cost_account(cell.cost_account);
        if let Some(name) = name(account).filter(|_| account.kind == CostKind::Gpus) {
            *allocated.entry((cell.bucket, name)).or_default() += cell.allocated.millis();
        }
    }
    for ((bucket, name), millis) in allocated {
        let length = match past.grain_of(bucket) {
            Some(Grain::Minute) => 60_000,
            Some(Grain::Day) => 86_400_000,
            _ => 900_000,
        };
        if let Some(ours) = ours.get_mut(&name) {
            // Between two watches, a millisecond may be posted in the next bucket.
            ours.gpus = ours.gpus.max((millis + length - 1 - length / 100) / length);
        }
    }
    ours
}

fn of(name: &str, theirs: Money, their_hours: Option<i128>, totals: Option<&Totals>) -> ReconciledLine {
    let hours = |totals: &Totals| i128::from(totals.gpu_time.millis()) * 1_000_000 / 3_600_000;
    ReconciledLine {
        key: Label::new(name),
        theirs,
        ours: totals.and_then(|totals| totals.cost),
        their_quantity: their_hours,
        our_quantity: totals.map(hours),
        causes: Vec::new(),
    }
}

fn line(name: &str, lines: &InvoiceLines, names: LedgerNames<'_>, past: &Past) -> ReconciledLine {
    let (ours, billed) = (names.ours.get(name), lines.sum);
    let mut line = of(name, billed.amount, billed.hours, ours.map(|ours| &ours.totals));
    line.causes = match ours {
        None => vec![names.unknown(name, billed)],
        Some(ours) => twice(lines, ours, past).unwrap_or_else(|| causes(billed, ours, past)),
    };
    line
}

/// The causes if lines are repeated, and the difference is smaller without the repetition.
fn twice(lines: &InvoiceLines, ours: &LedgerTotals, past: &Past) -> Option<Vec<LikelyCause>> {
    let (once, again, (first, second)) = lines.once()?;
    let off = |billed: BilledSum| ours.totals.cost.map(|cost| (billed.amount - cost).grains().unsigned_abs());
    if off(once)? >= off(lines.sum)? {
        return None;
    }
    let text =
        format!("lines {first} and {second} bill the same hours and amount: one of them may be there by mistake");
    let mut all = vec![LikelyCause { word: "twice", amount: Some(again.amount), text }];
    all.extend(causes(once, ours, past));
    Some(all)
}

/// The ledger's names of the kind that the file has, nodes or leases, and those of the other kind.
#[derive(Debug, Clone, Copy)]
struct LedgerNames<'a> {
    ours: &'a BTreeMap<String, LedgerTotals>,
    others: &'a BTreeMap<String, LedgerTotals>,
    billed: &'a BTreeMap<String, InvoiceLines>,
    is_by_lease: bool,
}

impl<'a> LedgerNames<'a> {
    /// A line with a name that the ledger does not have.
    fn unknown(self, name: &str, billed: BilledSum) -> LikelyCause {
        let (kind, other) = if self.is_by_lease { ("lease", "node") } else { ("node", "lease") };
        let text = if name == NAMELESS {
            "it names nothing, and is not the sum of the lines above".to_owned()
        } else if self.others.contains_key(name) {
            format!("a {other} has this name and most of the other lines are {kind}s: write a file of each kind")
        } else {
            let near = self.near(name).map(|known| format!(" (is it {known}?)")).unwrap_or_default();
            format!("the ledger has nothing of this name{near}: write it as `margintop report --by {kind}` does")
        };
        LikelyCause { word: "unknown", amount: Some(billed.amount), text }
    }

    /// The name that is meant: the same host in other letters or with its domain, otherwise the nearest one. Not one with
    /// a line of its own.
    fn near(self, name: &str) -> Option<&'a String> {
        let host = |name: &str| name.to_lowercase().split('.').next().unwrap_or_default().to_owned();
        let is_address = |name: &str| name.parse::<std::net::IpAddr>().is_ok();
        let known = || self.ours.keys().filter(|known| !self.billed.contains_key(*known));
        let alike = known().find(|known| !is_address(name) && !is_address(known) && host(known) == host(name));
        let far = |known: &String| strsim::damerau_levenshtein(known, name);
        alike.or_else(|| known().filter(|known| far(known) <= 3).min_by_key(|known| far(known)))
    }
}

/// The causes of the difference of a line in the ledger: first its hours at the ledger's rate, then the rate.
fn causes(billed: BilledSum, ours: &LedgerTotals, past: &Past) -> Vec<LikelyCause> {
    let Some(cost) = ours.totals.cost else {
        let text = "the ledger knows no rate: write a [[lease]] with node and rate".to_owned();
        return vec![LikelyCause { word: "no rate", amount: Some(billed.amount), text }];
    };
    let difference = billed.amount - cost;
    if difference.rounded(2) == 0 {
        return Vec::new();
    }
    let theirs = billed.hours.map(|hours| gpu_millis(hours, ours));
    let of_hours = theirs.and_then(|theirs| hours(theirs, cost, ours, past));
    let left = difference - of_hours.as_ref().and_then(|cause| cause.amount).unwrap_or_default();
    let of_rate = (left.rounded(2) != 0).then(|| LikelyCause {
        word: "rate",
        amount: Some(left),
        text: match theirs {
            Some(theirs) => rates(billed.amount, theirs, cost, ours),
            None => "the file has no hours: add them to tell hours from rates".to_owned(),
        },
    });
    of_hours.into_iter().chain(of_rate).collect()
}

/// The part from other hours, at the ledger's own rate.
fn hours(theirs: i64, cost: Money, ours: &LedgerTotals, past: &Past) -> Option<LikelyCause> {
    const HOUR: i64 = Span::HOUR.millis();
    /// A smaller difference is due to rounding of printed hours.
    const NONE: i64 = 18_000;
    let own = ours.totals.gpu_time.millis();
    let more = theirs - own;
    let amount = cost.scaled(theirs, own)? - cost;
    if more.abs() <= NONE {
        return None;
    }
    let shown = format!("{:.2} GPU-hours", more.abs() as f64 / HOUR as f64);
    let (word, text) = if 0 < more && more < HOUR * ours.gpus {
        ("rounding", format!("{shown} more: an hour that was begun is billed as a whole one"))
    } else if more > 0 {
        ("hours", format!("{shown} more than the ledger saw: {}", unseen(past)))
    } else {
        ("hours", format!("{shown} fewer than the ledger saw: not all of it is billed, or it was credited"))
    };
    Some(LikelyCause { word, amount: Some(amount), text })
}

fn rates(billed: Money, theirs: i64, cost: Money, ours: &LedgerTotals) -> String {
    let an_hour = |amount: Money, millis: i64| {
        let rate = amount.scaled(3_600_000, millis);
        rate.map_or_else(|| "nothing".to_owned(), |rate| rate.round_to(6).to_string())
    };
    let (billed, own) = (an_hour(billed, theirs), an_hour(cost, ours.totals.gpu_time.millis()));
    let power = cost - ours.totals.rent;
    let parts = if power.rounded(2) == 0 {
        String::new()
    } else {
        let [rent, power] = [ours.totals.rent, power].map(|part| an_hour(part, ours.totals.gpu_time.millis()));
        format!(", {rent} of it rent and {power} metered power")
    };
    format!("{billed} a GPU-hour is billed and the ledger has {own}{parts}: check the [[lease]]")
}

/// Why hours may not have been seen.
fn unseen(past: &Past) -> String {
    let unwatched: i64 = past.unwatched.iter().map(|(from, to)| (*to - *from).millis().max(0)).sum();
    match unwatched {
        0 => "rented before or after it was watched, or rounded up more than once".to_owned(),
        millis => format!("{:.2} hours of the span were not watched", millis as f64 / 3.6e6),
    }
}

/// Billed hours as GPU-milliseconds: hours of GPUs, or of the node if that is closer to the ledger's.
fn gpu_millis(hours: i128, ours: &LedgerTotals) -> i64 {
    let millis = i64::try_from(hours * 3_600 / 1_000).unwrap_or(i64::MAX);
    let (of_gpus, of_node) = (millis, millis.saturating_mul(ours.gpus));
    let off = |whole: i64| whole.saturating_sub(ours.totals.gpu_time.millis()).saturating_abs();
    if off(of_node) < off(of_gpus) { of_node } else { of_gpus }
}
