//! Computes the data of a report from its query, the ledger and the configuration.

use jiff::tz::TimeZone;

use super::context::ReportContext;
use super::present::PresentWords;
use super::query::{ComparedTo, Format, ReportQuery};
use super::scenario::Scenarios;
use crate::cli::Failure;
use crate::cli::currency::missing_rate;
use crate::cli::when::{When, days_before};
use crate::fleet::Marks;
use crate::ledger::{CostAccount, Detail, Dispute, Grain, Marker, Past, Wanted};
use crate::pricing::{Book, PriceList};
use crate::reading::{Label, ModelName};
use crate::statement::{
    BreakEven, Bridge, By, DayEntry, MonthToDate, PriceDifference, RateOrigin, RevenueAtList, Statement, Unconverted,
    WhatIf, WhatIfChange, agrees_throughout, changed, compare, differences, entries, month_of, reprice,
    rounded_entries, unconverted, unpriced_models, watched, what_if,
};
use crate::store::Header;
use crate::units::{HourlyRate, Money, Span, Timestamp, Tokens};

/// A reader of the past.
pub(super) type PastQuery<'a> = dyn Fn(Timestamp, Timestamp, Grain, Wanted) -> Result<Past, Failure> + 'a;

/// Tokens and energy of open disputes: neither billed nor dropped.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DisputedTotal {
    pub(super) tokens: Tokens,
    /// In millijoules.
    pub(super) energy: u64,
    /// At the prices in force when they were produced; zero for those without a price.
    pub(super) worth: Money,
}

impl DisputedTotal {
    /// Those that would be in a span if they had been posted.
    fn of(disputes: &[Dispute], past: &Past, (since, until): (Timestamp, Option<Timestamp>)) -> Self {
        let is_in = |minute: Timestamp| since.minute() <= minute && until.is_none_or(|until| minute < until);
        let within = |entry: &&crate::ledger::Entry| is_in(entry.minute);
        let mut sum = Self::default();
        for entry in disputes.iter().flat_map(|dispute| &dispute.entries).filter(within) {
            sum.tokens += entry.tokens.total();
            let tariff = entry.tariff.and_then(|id| past.tariffs.get(id.index()));
            sum.worth += tariff.map(|tariff| tariff.value(entry.tokens)).unwrap_or_default();
        }
        let energy = disputes.iter().filter_map(|dispute| dispute.energy.as_ref()).flat_map(|energy| &energy.entries);
        for entry in energy.filter(|entry| is_in(entry.minute)) {
            sum.energy = sum.energy.saturating_add(u64::try_from(entry.energy).unwrap_or_default());
            let power = past.cost_accounts.get(entry.cost_account.index()).and_then(|account| account.power);
            sum.worth += power.map(|power| power.of(entry.energy.into())).unwrap_or_default();
        }
        sum
    }
}

/// The data of a report. Amounts are rounded as they are printed.
#[derive(Debug)]
pub(super) struct ReportData {
    pub(super) currency: String,
    pub(super) zone: TimeZone,
    pub(super) statement: Statement,
    pub(super) disputed: DisputedTotal,
    pub(super) present: PresentWords,
    /// Whether hits were unknown and are priced as misses.
    pub(super) hits_unknown: bool,
    pub(super) repriced: bool,
    pub(super) month: MonthToDate,
    pub(super) price_differences: Vec<PriceDifference>,
    /// Tokens without a price before the first rate of exchange, and the rate to write.
    pub(super) unconverted: Vec<(Unconverted, String)>,
    /// Tokens without a price, by model.
    pub(super) unpriced: Vec<(Option<ModelName>, Tokens)>,
    pub(super) unwatched: Vec<(Timestamp, Timestamp)>,
    pub(super) markers: Vec<Marker>,
    pub(super) what_if: Option<(Scenarios, WhatIf)>,
    pub(super) break_even: BreakEven,
    pub(super) compare: Option<Vec<RevenueAtList>>,
    pub(super) bridge: Option<Bridge>,
    /// The revenue and cost of each day, for a journal.
    pub(super) entries: Vec<DayEntry>,
    /// The names of the entries' numbers.
    pub(super) cost_accounts: Vec<CostAccount>,
    pub(super) format: Format,
    /// The dates of the assumed rates, by GPU and rate, as today's book knows them.
    pub(super) assumed: Vec<(Label, HourlyRate, String)>,
    /// How much of the span was watched.
    pub(super) watched: Span,
    /// When the ledger begins.
    pub(super) began: Timestamp,
    /// The edges that differ from the query because nothing finer is kept: the word, the edge of the query and the edge
    /// that is used.
    pub(super) moved_edges: Vec<(&'static str, Timestamp, Timestamp)>,
    /// The span of the query, if it lies inside the finest bucket that is kept: then the report is empty.
    pub(super) inside_a_bucket: Option<(Timestamp, Timestamp)>,
}

impl ReportData {
    /// Reads the past and folds it.
    pub(super) fn new(
        query: &ReportQuery,
        header: &Header,
        context: ReportContext<'_>,
        ask: &PastQuery<'_>,
    ) -> Result<Self, Failure> {
        let asked = span(query, header, context.now)?;
        let change = query.asked.change(context.book, &header.currency)?;
        let mut past = ask(asked.0, asked.1, grain(query, &change, context.book, asked.1 - asked.0), wanted(query))?;
        let (since, until) = (past.since, past.until);
        let in_ledger = |span: &(Timestamp, Timestamp)| span.1 > past.began && span.0 < header.last;
        let inside_a_bucket =
            Some(span_as_asked(query, header, context.now)?).filter(|span| since >= until && in_ledger(span));
        // Nothing is known outside the ledger, so means do not include that time.
        let (first, last) = (since.max(past.began), until.min(header.last));
        (past.since, past.until) = if first < last { (first, last) } else { (since, until) };
        let watched = if first < last { watched(&past) } else { Span::ZERO };
        // Time with postings was watched, if for less than is resolved.
        let posted = !past.tokens.is_empty() || !past.gpu_times.is_empty();
        let watched = if posted { watched.max(Span::from_millis(1)) } else { watched };
        let is_watched = watched > Span::ZERO;
        // The last known values are in the span that ends with them.
        let disputed =
            DisputedTotal::of(context.disputes, &past, (since, Some(until).filter(|until| *until < header.last)));
        let price_differences = price_differences(&past, &header.zone, context.book, ask)?;
        if query.reprice {
            past = reprice(&past, context.book);
        }
        let result = what_if(&past, &change).zip(changed(&past, &change)).ok_or_else(|| {
            Failure::Usage("--what-if nodes: no node of this span is known by name, so their number is not".to_owned())
        })?;
        let lists = || compare(&past, context.book, &header.currency);
        let compare = query.compare.then(|| if is_watched { lists() } else { Vec::new() });
        let (mut result, past) = result;
        let statement = Statement { since, until, ..Statement::of(&past, query.by, &header.zone) };
        let statement = if is_watched { statement } else { statement.unwatched() };
        let statement = if context.may_earn(&past) { statement } else { statement.without_revenue() };
        let present = PresentWords::of(&context, &past, header, until);
        let (hits_unknown, statement) = (statement.upper_bound, marked(statement, &disputed, &present));
        let places = places(query.format, &statement);
        let entries = if query.format.has_entries() { entries(&past, &header.zone) } else { Vec::new() };
        (result.before, result.after) = (result.before.rounded(places), result.after.rounded(places));
        Ok(Self {
            currency: header.currency.clone(),
            zone: header.zone.clone(),
            statement: statement.rounded(places),
            unconverted: missing_rates(&past, header, &context),
            unpriced: unpriced_models(&past),
            disputed,
            present,
            hits_unknown,
            entries: rounded_entries(entries, places),
            assumed: assumed(&past.cost_accounts, context.book),
            cost_accounts: past.cost_accounts,
            format: query.format,
            repriced: query.reprice,
            month: month(header, context.budget, ask)?,
            price_differences,
            break_even: result.break_even,
            unwatched: past.unwatched,
            markers: past.markers,
            began: past.began,
            watched,
            inside_a_bucket,
            moved_edges: moved_edges(asked, (since, until), header.last),
            what_if: (!query.asked.is_nothing() && is_watched).then(|| (query.asked.clone(), result)),
            compare: compare.map(|lists| lists.into_iter().map(|at| at.rounded(places)).collect()),
            bridge: query.bridge.map(|against| bridge(against, header, ask)).transpose()?.map(|b| b.rounded(places)),
        })
    }

    /// The date of a rate that no lease sets, where today's book has it.
    pub(super) fn dated(&self, origin: &RateOrigin) -> Option<&str> {
        let is_of = |(gpu, rate, _): &&(Label, HourlyRate, String)| *gpu == origin.gpu && *rate == origin.rate;
        self.assumed.iter().find(is_of).filter(|_| origin.lease.is_none()).map(|(.., dated)| dated.as_str())
    }

    /// Where a rate comes from, as text: its lease, or that it is assumed, with the date.
    pub(super) fn rate_text(&self, origin: &RateOrigin) -> String {
        let RateOrigin { gpu, rate, lease } = origin;
        let from = match (lease, self.dated(origin)) {
            (Some(lease), _) => format!("lease {lease}"),
            (None, Some(dated)) => format!("assumed {dated}"),
            (None, None) => "assumed".to_owned(),
        };
        // Overhead is an amount an hour, and no lease.
        if gpu.as_str() == OVERHEAD && lease.as_ref().is_some_and(|lease| lease.as_str() == OVERHEAD) {
            return format!("overhead at {rate} {} an hour: [overhead]", self.currency);
        }
        format!("{gpu} at {rate} {} a GPU-hour: {from}", self.currency)
    }

    /// The number of decimals of an amount in the table.
    pub(super) fn places(&self) -> u32 {
        places(Format::Table, &self.statement)
    }
}

/// The name of overhead among rates and leases.
const OVERHEAD: &str = "overhead";

/// The statement with the bounds of disputes and of what is open at the end of the ledger.
fn marked(mut statement: Statement, disputed: &DisputedTotal, present: &PresentWords) -> Statement {
    let Marks { on_trial, may_be_earlier, lacks_counter, .. } = present.marks;
    statement.total.lower_bound |= disputed.tokens > Tokens::ZERO || present.quarantined_targets > 0 || lacks_counter;
    statement.upper_bound |= on_trial || may_be_earlier;
    statement
}

/// The dates of the assumed rates of accounts.
fn assumed(accounts: &[CostAccount], book: &Book) -> Vec<(Label, HourlyRate, String)> {
    let mut dated: Vec<(Label, HourlyRate, String)> = Vec::new();
    for account in accounts.iter().filter(|account| account.lease.is_none()) {
        let Some(rate) = account.rate else { continue };
        let is_known = dated.iter().any(|(gpu, known, _)| *gpu == account.gpu && *known == rate);
        let found = book.gpu_rates().observed(account.gpu.as_str(), rate).filter(|_| !is_known);
        dated.extend(found.map(|found| (account.gpu.clone(), rate, found.dated.clone())));
    }
    dated
}

/// Tokens without a price before the first exchange rate, with the rate to write.
fn missing_rates(past: &Past, header: &Header, context: &ReportContext<'_>) -> Vec<(Unconverted, String)> {
    let rate = |it: Unconverted| {
        let missing = missing_rate(&it.currency, &header.currency, it.since, context.exchange_zone);
        (it, missing)
    };
    unconverted(past, context.book).into_iter().map(rate).collect()
}

/// The edges of a span that are earlier than those of the query. Edges outside the ledger are not among them.
fn moved_edges(
    asked: (Timestamp, Timestamp),
    took: (Timestamp, Timestamp),
    last: Timestamp,
) -> Vec<(&'static str, Timestamp, Timestamp)> {
    let edges = [("from", asked.0, took.0), ("until", asked.1, took.1)];
    let moved = |(_, asked, took): &(_, Timestamp, Timestamp)| *asked < last && *asked - *took >= Span::from_secs(60);
    edges.into_iter().filter(moved).collect()
}

/// The decimals of a table: cents, or more if no amount reaches one unit of currency.
fn places(format: Format, statement: &Statement) -> u32 {
    let whole = |amount: Option<Money>| amount.is_some_and(|amount| amount.rounded(0) != 0);
    let total = &statement.total;
    match format {
        Format::Table | Format::Hledger | Format::Beancount
            if whole(total.revenue) || whole(total.cost) || total.is_empty() =>
        {
            2
        }
        _ => 6,
    }
}

/// The span of the query in whole minutes. Edges that it does not name are the ledger's.
pub(super) fn span(query: &ReportQuery, header: &Header, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let (since, until) = span_as_asked(query, header, now)?;
    // The last minute may not be over yet, and is included completely if the end is the ledger's.
    let taken = |at: Timestamp| if at < header.last { at.minute() } else { at };
    Ok((taken(since), taken(until)))
}

fn span_as_asked(query: &ReportQuery, header: &Header, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    if let Some(against) = query.bridge {
        return Ok(spans(against, header).1);
    }
    let since = query.since.map_or(began(header)?, |when| when.resolve(&header.zone, now));
    let until = query.until.map_or(header.last.max(since), |when| when.resolve(&header.zone, now));
    if since > until || since == until && query.until.is_some() {
        let why = if query.since.is_none() {
            format!(
                "--until {until} is not after the ledger's beginning, {since}: nothing was watched before; write a later one"
            )
        } else {
            format!("--since {since} is not before --until {until}: the end is exclusive, write a later one")
        };
        return Err(Failure::Usage(why));
    }
    Ok((since, until))
}

/// The time of the first poll in the ledger.
fn began(header: &Header) -> Result<Timestamp, Failure> {
    let empty = || Failure::Run("the ledger is empty: no poll has been written to it yet".to_owned());
    header.began.ok_or_else(empty)
}

/// The grain in which the past is needed.
fn grain(query: &ReportQuery, change: &WhatIfChange<&PriceList>, book: &Book, span: Span) -> Grain {
    const MONTH: Span = Span::from_secs(32 * 86_400);
    const MINUTES_KEPT: Span = Span::from_secs(8 * 86_400);
    // As long as the spans of a bridge, which has the same rows.
    const SHORT: Span = Span::from_secs(3_600);
    let windows = change.list.is_some_and(|list| !list.windows.is_empty());
    // A lease begins and ends at an hour; over a long time days are fine enough.
    let lease = query.by == By::Lease && span <= MONTH;
    let whole_book = query.reprice || query.compare;
    // Prices that change between two quarters of an hour need minutes, where they are kept.
    let odd = |list: &PriceList| !list.is_on_quarters();
    let odd = span <= MINUTES_KEPT && (change.list.is_some_and(odd) || whole_book && book.lists().any(odd));
    if query.bridge.is_some() || odd || span <= SHORT {
        Grain::Minute
    } else if query.by == By::Hour || lease || windows || whole_book {
        Grain::Quarter
    } else {
        Grain::Day
    }
}

/// A grouping by time alone needs no accounts. Rows other than times and leases share the cost of busy GPUs. Every what-if
/// needs the number of nodes.
fn wanted(query: &ReportQuery) -> Wanted {
    let detail = match query.by {
        _ if query.format.has_entries() => Detail::Accounts,
        by if by.is_time() => Detail::Alike,
        By::Lease => Detail::Accounts,
        _ => Detail::Borne,
    };
    Wanted { detail, nodes: !query.asked.is_nothing() }
}

/// Where today's book differs, for any grouping: by quarter hours in the last days of a span, and by days before them,
/// to avoid reading a year of quarter hours. Nothing is read if the past shows that the book differs nowhere.
fn price_differences(
    past: &Past,
    zone: &TimeZone,
    book: &Book,
    ask: &PastQuery<'_>,
) -> Result<Vec<PriceDifference>, Failure> {
    const BY_QUARTER: i32 = 31;
    if agrees_throughout(past, book) {
        return Ok(Vec::new());
    }
    let edge = When::midnight_before(past.until, BY_QUARTER, zone);
    let quarters = |from| ask(from, past.until, Grain::Quarter, Detail::Alike.into());
    if edge <= past.since {
        return Ok(differences(&quarters(past.since)?, book));
    }
    let (days, mut all) = (ask(past.since, edge, Grain::Day, Detail::Alike.into())?, quarters(edge)?);
    (all.since, all.began) = (days.since, days.began);
    all.grains.splice(0..0, days.grains);
    all.tokens.splice(0..0, days.tokens);
    Ok(differences(&all, book))
}

/// The month that the ledger ends in.
fn month(header: &Header, budget: Option<Money>, ask: &PastQuery<'_>) -> Result<MonthToDate, Failure> {
    let (first, end) = month_of(&header.zone, header.last);
    let mut past = ask(first, header.last, Grain::Day, Detail::Accounts.into())?;
    (past.since, past.until) = (first, header.last);
    Ok(MonthToDate::of(&past, past.began, end, budget))
}

fn bridge(against: ComparedTo, header: &Header, ask: &PastQuery<'_>) -> Result<Bridge, Failure> {
    let (before, after) = spans(against, header);
    let minutes = |(since, until)| ask(since, until, Grain::Minute, Detail::Accounts.into());
    Ok(Bridge::between(&minutes(before)?, &minutes(after)?))
}

/// The earlier and the later span of a bridge.
fn spans(against: ComparedTo, header: &Header) -> ((Timestamp, Timestamp), (Timestamp, Timestamp)) {
    let end = header.last.minute();
    let length = if against == ComparedTo::Before { Span::from_secs(900) } else { Span::from_secs(3600) };
    let earlier = match against {
        ComparedTo::Before => end - length,
        ComparedTo::Days(days) => days_before(end, days, &header.zone),
    };
    ((earlier - length, earlier), (end - length, end))
}
