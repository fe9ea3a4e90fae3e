//! The calculator's answer: the figures of the JSON contract, and their basis.

use serde::Serialize;

use super::args::PriceArgs;
use super::classes::{ClassLine, lines};
use super::compare::{ListComparison, compare};
use super::question::PriceQuestion;
use super::rate::{Rate, rate};
use crate::cli::currency::missing_rate;
use crate::cli::{Failure, to_stderr};
use crate::config::Settings;
use crate::pricing::{ModelPrice, PriceAnswer, PriceList, Provenance};
use crate::reading::Label;
use crate::units::{Money, Ratio, Share, Timestamp, break_even_load, gross_margin, profit_on_cost};
use crate::words::nearest;

/// The decimals of a printed amount: profit is printed revenue less printed cost.
const PLACES: u32 = 6;

/// Revenue, cost, profit and both margins, each named; unknown figures are absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PrintedAnswer {
    pub(super) currency: Label,
    pub(super) revenue: Money,
    pub(super) cost: Option<Money>,
    pub(super) profit: Option<Money>,
    pub(super) profit_on_cost: Option<Ratio>,
    pub(super) gross_margin: Option<Ratio>,
    pub(super) break_even_load: Option<Ratio>,
    pub(super) list: Label,
    pub(super) tier: Label,
    /// The model, if one was named.
    pub(super) model: Option<Label>,
    /// The instant of the prices.
    pub(super) at: Timestamp,
    /// When a price changes next.
    pub(super) until: Option<Timestamp>,
    /// The origin of the list.
    pub(super) provenance: Provenance,
    /// When the list begins, if it is not in force yet.
    pub(super) list_begins: Option<Timestamp>,
    /// When the list that still prices the model ended.
    pub(super) list_ended: Option<Timestamp>,
    /// Whether it is at list price because no paid share was set.
    pub(super) theoretical: bool,
    /// The paid share.
    pub(super) paid: Option<Share>,
    /// The year whose holidays the list's calendar does not know: its days are priced as working days.
    pub(super) holidays_unknown: Option<i16>,
    /// The price of a GPU-hour, and its source.
    pub(super) rate: Option<Rate>,
    /// The revenue of each class.
    pub(super) classes: Vec<ClassLine>,
    /// The revenue with all digits.
    #[serde(skip)]
    pub(super) whole: Money,
    /// Configured overhead that is not in the cost.
    #[serde(skip)]
    pub(super) overhead: bool,
    /// The same tokens at every list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare: Option<Vec<ListComparison>>,
}

impl PrintedAnswer {
    pub(super) fn new(
        settings: &Settings,
        args: &PriceArgs,
        question: &PriceQuestion,
        at: Timestamp,
    ) -> Result<Self, Failure> {
        let price = model_price(settings, args, args.model.as_deref())?;
        let found = answer_at(settings, &price, args.model.as_deref(), at)?;
        let quote = found.quote;
        let classes = lines(&quote, question, price.paid)?;
        let revenue: Money = classes.iter().map(|line| line.revenue).sum();
        let rate = rate(settings, args, args.gpu.as_deref(), at)?;
        let cost = question.nanohours.zip(rate.as_ref()).map(|(nanos, rate)| rate.per_gpu_hour.of_nanohours(nanos));
        let first = revenue;
        Ok(Self {
            currency: Label::new(settings.book.currency()),
            revenue: revenue.round_to(PLACES),
            cost: cost.map(|cost| cost.round_to(PLACES)),
            profit: cost.map(|cost| revenue.round_to(PLACES) - cost.round_to(PLACES)),
            profit_on_cost: cost.and_then(|cost| profit_on_cost(revenue, cost)),
            gross_margin: cost.and_then(|cost| gross_margin(revenue, cost)),
            break_even_load: cost.and_then(|cost| break_even_load(revenue, cost)),
            list: Label::new(&quote.list.name),
            tier: Label::new(quote.tier),
            model: args.model.as_deref().map(Label::new),
            at,
            until: found.until,
            provenance: found.provenance,
            list_begins: found.begins,
            list_ended: found.list_ended(at),
            theoretical: price.paid.is_none(),
            paid: price.paid,
            holidays_unknown: price.unknown_holidays(at),
            rate,
            classes,
            whole: revenue,
            overhead: settings.overhead.per_hour.is_some() || settings.overhead.of_revenue.is_some(),
            compare: args.compare.then(|| compare(settings, question, (&quote, price.paid, at), first, cost)),
        })
    }
}

/// A named list is priced in its own currency, not in the ledger's.
pub(super) fn keep_currency_of_list(settings: &mut Settings, args: &PriceArgs, at: Timestamp) -> Result<(), Failure> {
    let listed = args.list.as_ref().and_then(|name| settings.book.list(name));
    let currency = listed.map_or_else(|| settings.currency.clone(), |list| list.currency.clone());
    settings.book.keep_currency_at(&currency, &settings.exchange, at);
    let Some(name) = &args.list else { return Ok(()) };
    settings.book.own_list(name).map(|_| ()).map_err(|error| Failure::Usage(error.to_string()))
}

/// The price of a model: by the named list, or by the book.
pub(super) fn model_price<'a>(
    settings: &'a Settings,
    args: &PriceArgs,
    model: Option<&str>,
) -> Result<ModelPrice<'a>, Failure> {
    let known = model.and_then(|model| settings.book.price_for(model, args.tenant.as_deref()));
    let Some(name) = &args.list else {
        return known.ok_or_else(|| unpriced(settings, model.unwrap_or_default()));
    };
    let list = settings.book.own_list(name).map_err(|error| Failure::Usage(error.to_string()))?;
    if let (None, Some(model)) = (&known, model.filter(|_| args.model.is_some())) {
        to_stderr(&format!("--model {model}: no price list is for it, and the prices are those of --list {name}"));
    }
    Ok(ModelPrice::of_list(list).paid(known.and_then(|price| price.paid)))
}

/// The price of an instant.
///
/// # Errors
/// What to write where none is known then.
pub(super) fn answer_at<'a>(
    settings: &Settings,
    price: &ModelPrice<'a>,
    model: Option<&str>,
    at: Timestamp,
) -> Result<PriceAnswer<'a>, Failure> {
    let unknown = || match price.not_converted(at) {
        Some(list) => not_converted(settings, list, at),
        None => unpriced(settings, model.unwrap_or_default()),
    };
    price.answer(None, at).ok_or_else(unknown)
}

fn not_converted(settings: &Settings, list: &PriceList, at: Timestamp) -> Failure {
    let (name, theirs) = (&list.name, list.converted_from.as_deref().unwrap_or_default());
    let ours = settings.book.currency();
    let first = list.from.map_or_else(String::new, |from| format!(", the first begins {from}"));
    Failure::Usage(format!(
        "{name} is in {theirs} and the answer is in {ours}: no rate of exchange holds at {at}{first}: {}",
        missing_rate(theirs, ours, at, &settings.zone)
    ))
}

fn unpriced(settings: &Settings, model: &str) -> Failure {
    let ours = settings.book.lists().filter(|list| list.currency == settings.book.currency());
    let near = nearest(model, ours.map(|list| list.name.as_str()));
    let near = near.map_or_else(|| ", see `margintop price --lists`".to_owned(), |list| format!(", like {list}"));
    Failure::Usage(format!(
        "no price for model \"{model}\" in {}: name a list with --list{near}, or add a [[price]] to the configuration",
        settings.book.currency()
    ))
}
