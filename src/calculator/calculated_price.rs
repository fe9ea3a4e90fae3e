//! The calculator's answer: the figures of the JSON contract, and their basis.

use serde::Serialize;

use super::class_lines::{ClassLine, UnpricedClass, lines};
use super::comparison::{ListComparison, compare};
use super::question::PriceQuestion;
use super::rate::Rate;
use crate::pricing::{Book, Exchange, ModelPrice, PriceAnswer, Provenance};
use crate::reading::Label;
use crate::units::{Money, Ratio, Share, Timestamp, break_even_load, gross_margin, profit_on_cost};

/// The decimals of a printed amount: profit is printed revenue less printed cost.
const PLACES: u32 = 6;

/// What an answer is computed by.
#[derive(Debug)]
pub(crate) struct PriceTerms<'a> {
    /// The prices, in the currency of the answer.
    pub(crate) book: &'a Book,
    pub(crate) exchange: &'a Exchange,
    /// The price of the model, and of it what holds at the instant.
    pub(crate) price: &'a ModelPrice<'a>,
    pub(crate) found: PriceAnswer<'a>,
    /// The model, if one was named.
    pub(crate) model: Option<&'a str>,
    pub(crate) at: Timestamp,
    pub(crate) rate: Option<Rate>,
    /// Whether an overhead is configured.
    pub(crate) overhead: bool,
    /// Whether the same tokens are priced at every list too.
    pub(crate) compare: bool,
}

/// Revenue, cost, profit and both margins, each named; unknown figures are absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CalculatedPrice {
    pub(crate) currency: Label,
    pub(crate) revenue: Money,
    pub(crate) cost: Option<Money>,
    pub(crate) profit: Option<Money>,
    pub(crate) profit_on_cost: Option<Ratio>,
    pub(crate) gross_margin: Option<Ratio>,
    pub(crate) break_even_load: Option<Ratio>,
    pub(crate) list: Label,
    pub(crate) tier: Label,
    /// The model, if one was named.
    pub(crate) model: Option<Label>,
    /// The instant of the prices.
    pub(crate) at: Timestamp,
    /// When a price changes next.
    pub(crate) until: Option<Timestamp>,
    /// The origin of the list.
    pub(crate) provenance: Provenance,
    /// When the list begins, if it is not in force yet.
    pub(crate) list_begins: Option<Timestamp>,
    /// When the list that still prices the model ended.
    pub(crate) list_ended: Option<Timestamp>,
    /// Whether it is at list price because no paid share was set.
    pub(crate) theoretical: bool,
    /// The paid share.
    pub(crate) paid: Option<Share>,
    /// The year whose holidays the list's calendar does not know: its days are priced as working days.
    pub(crate) holidays_unknown: Option<i16>,
    /// The price of a GPU-hour, and its source.
    pub(crate) rate: Option<Rate>,
    /// The revenue of each class.
    pub(crate) classes: Vec<ClassLine>,
    /// The revenue with all digits.
    #[serde(skip)]
    pub(crate) whole: Money,
    /// Configured overhead that is not in the cost.
    #[serde(skip)]
    pub(crate) overhead: bool,
    /// The same tokens at every list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compare: Option<Vec<ListComparison>>,
}

impl CalculatedPrice {
    /// The answer to a question.
    ///
    /// # Errors
    /// A class that the list does not price.
    pub(crate) fn new(question: &PriceQuestion, terms: PriceTerms<'_>) -> Result<Self, UnpricedClass> {
        let PriceTerms { book, exchange, price, found, model, at, rate, overhead, compare: compares } = terms;
        let quote = found.quote;
        let classes = lines(&quote, question, price.paid)?;
        let revenue: Money = classes.iter().map(|line| line.revenue).sum();
        let cost = question.nanohours.zip(rate.as_ref()).map(|(nanos, rate)| rate.per_gpu_hour.of_nanohours(nanos));
        Ok(Self {
            currency: Label::new(book.currency()),
            revenue: revenue.round_to(PLACES),
            cost: cost.map(|cost| cost.round_to(PLACES)),
            profit: cost.map(|cost| revenue.round_to(PLACES) - cost.round_to(PLACES)),
            profit_on_cost: cost.and_then(|cost| profit_on_cost(revenue, cost)),
            gross_margin: cost.and_then(|cost| gross_margin(revenue, cost)),
            break_even_load: cost.and_then(|cost| break_even_load(revenue, cost)),
            list: Label::new(&quote.list.name),
            tier: Label::new(quote.tier),
            model: model.map(Label::new),
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
            overhead,
            compare: compares.then(|| compare((book, exchange), question, (&quote, price.paid, at), revenue, cost)),
        })
    }
}
