//! A gateway's spend by model, as LiteLLM exports it by day, compared with the revenue from the engines' counters.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::classes::{Class, ReconciledClasses};
use super::conventions::{CURRENCY, date, is_currency};
use super::file::UsageTable;
use super::reconciled::{LikelyCause, ReconciledLine};
use crate::ledger::{self, Past};
use crate::pricing::{Book, Exchange, Quote};
use crate::reading::{Label, canonical_model};
use crate::statement::{ServedTokens, served_by_model};
use crate::units::{Money, Timestamp, Tokens};

/// Names of the columns.
pub(super) const SPEND: [&str; 2] = ["spend", "response_cost"];
pub(super) const MODEL: [&str; 2] = ["model", "model_group"];
const DATE: [&str; 3] = ["date", "day", "starttime"];
const PROMPT: [&str; 2] = ["prompt_tokens", "input_tokens"];
const OUTPUT: [&str; 2] = ["completion_tokens", "output_tokens"];
const CACHED: [&str; 2] = ["cache_read_input_tokens", "cached_tokens"];
const WRITES: [&str; 3] = ["cache_creation_input_tokens", "cache_write_tokens", "cache_creation_tokens"];
const WRITES_1H: [&str; 2] = ["cache_creation_input_tokens_1h", "ephemeral_1h_input_tokens"];
const REASONING: [&str; 1] = ["reasoning_tokens"];
const FAILED: [&str; 1] = ["failed_requests"];
/// The most of one line, as in the ledger.
const MOST: u64 = 1 << 53;
const REQUESTS: [&str; 2] = ["api_requests", "requests"];

/// A gateway's counts of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct GatewayCount {
    prompt: u64,
    cached: u64,
    output: u64,
    failed: u64,
    requests: u64,
    lines: u64,
    classes: ReconciledClasses,
    spend: Money,
}

/// A gateway's spend by the canonical name of the model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spend {
    by_model: BTreeMap<String, GatewayCount>,
    /// The days that it covers, in UTC, as LiteLLM's days are; the end is exclusive.
    pub(crate) days: Option<(Timestamp, Timestamp)>,
}

/// Reads daily spend. LiteLLM's is in USD; in a ledger of another currency each line is converted at the rate of its day.
pub(super) fn read(table: &UsageTable, currency: &str, exchange: &Exchange) -> Result<Spend, String> {
    let column = |names: &[&str]| table.column(names);
    let (model, spend) = (column(&MODEL).unwrap_or_default(), column(&SPEND).unwrap_or_default());
    let (prompt, output) = column(&PROMPT).zip(column(&OUTPUT)).ok_or_else(|| {
        format!("the columns are {}: export prompt_tokens and completion_tokens too", table.columns())
    })?;
    let counts = [Some(prompt), Some(output), column(&CACHED), column(&WRITES), column(&WRITES_1H), column(&REASONING)];
    let decimals = table.decimals(&[&counts[..], &[Some(spend)]].concat())?;
    let mut parsed = Spend::default();
    for (number, cells) in &table.lines {
        let wrong = |what: &str, cell: &str| format!("line {number}: {what} \"{cell}\" is not a number");
        let whole = |column: Option<usize>, what: &str| {
            let cell = column.map_or("", |column| cells[column].as_str());
            let count = decimals.count(cell).ok_or_else(|| wrong(what, cell))?;
            let large = || format!("line {number}: {what} \"{}\" is more than any counter holds", cell.trim());
            (count <= MOST).then_some(count).ok_or_else(large)
        };
        // LiteLLM leaves the model out if only the requested name is known.
        let named = [Some(model), column(&MODEL[1..])].into_iter().flatten().map(|column| cells[column].trim());
        let named = named.clone().find(|name| !name.is_empty()).unwrap_or_default();
        let sum = parsed.by_model.entry(canonical_model(named)).or_default();
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut sum.prompt, whole(Some(prompt), "prompt_tokens")?);
        add(&mut sum.output, whole(Some(output), "completion_tokens")?);
        add(&mut sum.cached, whole(column(&CACHED), "cached tokens")?);
        sum.classes.add(ReconciledClasses {
            writes: whole(column(&WRITES), "cache writes")?,
            writes_1h: whole(column(&WRITES_1H), "cache writes of an hour")?,
            reasoning: whole(column(&REASONING), "reasoning tokens")?,
        });
        add(&mut sum.failed, whole(column(&FAILED), "failed_requests")?);
        add(&mut sum.requests, whole(column(&REQUESTS), "api_requests")?);
        let (unit, billed) = decimals.amount(&cells[spend]).ok_or_else(|| wrong("the spend", &cells[spend]))?;
        let unit =
            column(&CURRENCY).map(|column| cells[column].trim().to_owned()).filter(|unit| !unit.is_empty()).or(unit);
        let day = match column(&DATE) {
            None => None,
            Some(column) => Some(
                day(&cells[column])
                    .ok_or_else(|| format!("line {number}: \"{}\" is not a date: write 2026-03-01", cells[column]))?,
            ),
        };
        let begin = day.map(|(begin, _)| begin);
        let of_line = |why| format!("line {number}: {why}");
        sum.spend += converted(billed, unit.as_deref(), currency, begin, exchange).map_err(of_line)?;
        sum.lines += 1;
        if let Some(day) = day {
            let (first, last) = parsed.days.unwrap_or(day);
            parsed.days = Some((first.min(day.0), last.max(day.1)));
        }
    }
    if parsed.by_model.is_empty() {
        Err("there is no line after the header: nothing was spent".to_owned())
    } else {
        Ok(parsed)
    }
}

/// A spend in the ledger's currency, at the rate of its day; `unit` is the currency that the line names, `None` is USD.
fn converted(
    spent: Money,
    unit: Option<&str>,
    currency: &str,
    day: Option<Timestamp>,
    exchange: &Exchange,
) -> Result<Money, String> {
    let unit = unit.unwrap_or("USD");
    if is_currency(unit, currency) {
        return Ok(spent);
    }
    let unit = ["USD", "EUR", "CNY", "GBP"].into_iter().find(|known| is_currency(unit, known)).unwrap_or(unit);
    let day = day.ok_or_else(|| {
        format!("the spend is in {unit} and the ledger in {currency}: export the column date too, to convert it by its day's [[fx]]")
    })?;
    let at = day.to_string();
    let at = at.get(..10).unwrap_or(&at);
    exchange.of_day(unit, currency, at).and_then(|rate| rate.money(spent)).ok_or_else(|| {
        format!(
            "the spend is in {unit} and the ledger in {currency}, and no rate between both holds on {at}: write an [[fx]] with \
             from = \"{unit}\", to = \"{currency}\", at = \"{at}\" and the rate, or name a ledger in {unit} with --ledger"
        )
    })
}

/// A day in UTC, from a date or a time.
fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let date = date(text)?;
    let instant = |date: Date| {
        let midnight = TimeZone::UTC.to_ambiguous_timestamp(date.to_datetime(Time::midnight()));
        Some(Timestamp::from_millis(midnight.compatible().ok()?.as_millisecond()))
    };
    Some((instant(date)?, instant(date.tomorrow().ok()?)?))
}

/// Its models compared with the ledger's, and models of the ledger that it does not have.
pub(super) fn compare(
    spend: &Spend,
    past: &Past,
    book: &Book,
) -> Result<(Vec<ReconciledLine>, Vec<ReconciledLine>), String> {
    let ours = served_by_model(past);
    let alike = |name: &String| spend.by_model.contains_key(name);
    if !ours.keys().any(alike) {
        let theirs: Vec<_> = spend.by_model.keys().take(5).cloned().collect();
        let known: Vec<_> = ours.keys().filter(|name| !name.is_empty()).take(5).cloned().collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!(
            "no model of the file ({}) is in the ledger in this span; it knows {known}: write an [[alias]] for the names \
             of the gateway, or name the span with --since and --until",
            theirs.join(", ")
        ));
    }
    let lines =
        spend.by_model.iter().map(|(name, counted)| line(name, counted, ours.get(name), (book, past.since))).collect();
    let missing = ours.iter().filter(|(name, served)| !alike(name) && !served.tokens.is_zero());
    let missing = missing.map(|(name, served)| ReconciledLine {
        causes: vec![LikelyCause {
            word: "not in file",
            amount: Some(-served.revenue),
            text: "the gateway has none of it: its traffic bypasses the gateway, or has another name there".to_owned(),
        }],
        ..of(name, &GatewayCount::default(), Some(served))
    });
    Ok((lines, missing.collect()))
}

fn of(name: &str, counted: &GatewayCount, served: Option<&ServedTokens>) -> ReconciledLine {
    let priced =
        |served: &ServedTokens| (served.tokens != served.unpriced || served.tokens.is_zero()).then_some(served.revenue);
    ReconciledLine {
        key: Label::new(if name.is_empty() { "(no model)" } else { name }),
        theirs: counted.spend,
        ours: served.and_then(priced),
        their_quantity: Some(i128::from(counted.prompt) + i128::from(counted.output)),
        our_quantity: served.map(|served| served.tokens.total().count().into()),
        causes: Vec::new(),
    }
}

fn line(
    name: &str,
    counted: &GatewayCount,
    served: Option<&ServedTokens>,
    (book, at): (&Book, Timestamp),
) -> ReconciledLine {
    let mut line = of(name, counted, served);
    line.causes = match served {
        None => {
            let text = "the ledger has nothing of it: served elsewhere, or under another name (write an [[alias]])";
            vec![LikelyCause { word: "unknown", amount: Some(counted.spend), text: text.to_owned() }]
        }
        Some(_) if line.ours.is_none() => {
            let listed = book.price_of(name).map(|_| " when it was posted (`report --reprice` uses today's book)");
            let text = format!("the ledger has no price for it{}: write a [[price]]", listed.unwrap_or_default());
            vec![LikelyCause { word: "unpriced", amount: Some(counted.spend), text }]
        }
        Some(served) => {
            let price = book.price_of(name);
            causes(counted, served, price.and_then(|price| price.quote(at)).as_ref())
        }
    };
    line
}

/// A difference, of which each cause takes a part.
#[derive(Debug)]
struct Unexplained {
    left: Money,
    /// What the stored numbers may be off by.
    noise: Money,
    causes: Vec<LikelyCause>,
}

impl Unexplained {
    fn is_small(&self, amount: Money) -> bool {
        amount <= self.noise && -self.noise <= amount
    }

    /// Whether so much more than the ledger's is still unexplained that an amount may be a part of it.
    fn may_hold(&self, amount: Money) -> bool {
        !self.is_small(amount) && !self.is_small(self.left) && self.left > Money::ZERO
    }

    fn take(&mut self, word: &'static str, amount: Money, text: String) {
        self.left -= amount;
        self.causes.push(LikelyCause { word, amount: Some(amount), text });
    }

    /// Prompt tokens that were read from a cache and are priced as misses.
    fn take_hits(&mut self, counted: &GatewayCount, served: &ServedTokens) {
        let prompts = served.tokens.miss.count() + served.tokens.hit.count();
        let hits = u128::from(served.tokens.hit.count()) * u128::from(counted.prompt);
        let hits = hits.checked_div(prompts.into()).unwrap_or_default();
        let counted_hits = u128::from(counted.cached);
        if counted_hits * 20 < hits * 19 && self.may_hold(served.hits_as_misses) {
            let whole = scale(served.hits_as_misses, counted.prompt.into(), u128::from(prompts));
            let part = scale(whole, hits - counted_hits, hits).min(self.left);
            let text = format!(
                "{} prompt tokens were read from a cache and the gateway counts {}: cached tokens are priced as misses",
                served.tokens.hit.count(),
                counted.cached
            );
            self.take("cached as misses", part, text);
        }
    }

    /// Tokens that the gateway prices apart and engines do not count apart.
    fn take_classes(&mut self, classes: &[Class]) {
        for class in classes {
            let Some(extra) = class.extra.filter(|extra| self.may_hold(*extra)) else { continue };
            let text = format!(
                "{} tokens of a class that engines do not count apart: the ledger has them at the price of the others",
                class.tokens
            );
            self.take(class.word, extra.min(self.left), text);
        }
    }
}

/// The causes of a difference, each a part of what the earlier ones leave.
fn causes(counted: &GatewayCount, served: &ServedTokens, quote: Option<&Quote<'_>>) -> Vec<LikelyCause> {
    let rounding = || "floating point and rounding".to_owned();
    // A gateway stores floats; each line may be off in its last digit.
    let noise = Money::from_micros(5_000 + i64::try_from(counted.lines).unwrap_or(i64::MAX / 2));
    let mut open = Unexplained { left: counted.spend - served.revenue, noise, causes: Vec::new() };
    if open.is_small(open.left) {
        if open.left.rounded(6) != 0 {
            open.take("rounding", open.left, rounding());
        }
        return open.causes;
    }
    let volume = volume(counted, served);
    if !open.is_small(volume.amount) {
        open.take(volume.word, volume.amount, volume.text);
    }
    open.take_hits(counted, served);
    let unpaid = served.list_value - served.revenue;
    if open.may_hold(unpaid) {
        let text = "a paid share is set: at list price the ledger would have that much more".to_owned();
        open.take("paid share", unpaid.min(open.left), text);
    }
    let classes = counted.classes.all(quote);
    open.take_classes(&classes);
    if !open.is_small(open.left) {
        open.take("price", open.left, other_price(&classes));
    } else if open.left.rounded(6) != 0 {
        open.take("rounding", open.left, rounding());
    }
    open.causes
}

fn scale(amount: Money, by: u128, of: u128) -> Money {
    let number = |count: u128| i64::try_from(count).unwrap_or(i64::MAX);
    amount.scaled(number(by), number(of)).unwrap_or_default()
}

/// Causes of a difference other than numbers of tokens.
fn other_price(classes: &[Class]) -> String {
    let unknown = classes.iter().filter(|class| class.extra.is_none());
    let said: Vec<_> = unknown.map(|class| format!("{} {}", class.tokens, class.word)).collect();
    if said.is_empty() {
        return "another price: compare the lists".to_owned();
    }
    format!("another price, or that of {}, for which the list has none: compare the lists", said.join(" and "))
}

/// The part from other numbers of tokens, at the ledger's own average prices.
fn volume(counted: &GatewayCount, served: &ServedTokens) -> VolumeCause {
    let ledger::Classes { miss, hit, output } = served.tokens;
    let prompt = miss + hit;
    let at = |earned: Money, of: Tokens, theirs: u64| {
        let scaled = earned.scaled(i64::try_from(theirs).unwrap_or(i64::MAX), i64::try_from(of.count()).unwrap_or(0));
        scaled.map(|worth| worth - earned).unwrap_or_default()
    };
    let [missed, cached, made] = served.by_class;
    let amount = at(missed + cached, prompt, counted.prompt) + at(made, output, counted.output);
    let (theirs, ours) = (counted.prompt.saturating_add(counted.output), served.tokens.total().count());
    if theirs > ours {
        let text = format!(
            "{} more tokens than the engines counted: retries or cached answers of the gateway, or engines not watched",
            theirs - ours
        );
        return VolumeCause { word: "more tokens", amount, text };
    }
    let missing = ours - theirs;
    let no_tenant = -served.without_tenant;
    // Traffic that bypasses the gateway has no tenant's label.
    let near = (no_tenant - amount).max(amount - no_tenant);
    if no_tenant < Money::ZERO && no_tenant != -served.revenue && near.grains() * 50 < -no_tenant.grains() {
        let text =
            format!("{missing} tokens fewer, as many as targets without a label `tenant` made: tenants unattributed");
        return VolumeCause { word: "no tenant", amount, text };
    }
    let failed = match counted.failed {
        0 => String::new(),
        failed => format!(" ({failed} of {} requests failed)", counted.requests),
    };
    let text = format!(
        "{missing} tokens fewer than the engines counted{failed}: aborted or failed work that the gateway does not bill, or \
         traffic that bypasses it"
    );
    VolumeCause { word: "aborted work", amount, text }
}

struct VolumeCause {
    word: &'static str,
    amount: Money,
    text: String,
}
