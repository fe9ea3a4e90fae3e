//! What the calculator answers: the figures of the JSON contract, and the basis that they stand on.

use serde::Serialize;

use super::compare::{Compared, compare};
use super::question::Question;
use crate::cli::Failure;
use crate::cli::args::PriceArgs;
use crate::config::Settings;
use crate::pricing::{Leased, ModelPrice, Quote, words_match};
use crate::reading::Label;
use crate::units::{
    HourlyRate, Money, Price, Ratio, Share, Timestamp, Tokens, break_even_load, gross_margin, profit_on_cost,
};

/// The GPU whose assumed rate stands in where nobody names one.
const USUAL_GPU: &str = "H100";
/// The decimals of a printed amount: profit is printed revenue less printed cost.
const PLACES: u32 = 6;

/// Revenue, cost, profit and both margins, each named; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Answer {
    pub(super) currency: Label,
    pub(super) revenue: Money,
    pub(super) cost: Option<Money>,
    pub(super) profit: Option<Money>,
    pub(super) profit_on_cost: Option<Ratio>,
    pub(super) gross_margin: Option<Ratio>,
    pub(super) break_even_load: Option<Ratio>,
    pub(super) list: Label,
    pub(super) tier: Label,
    /// The model, where one was named.
    pub(super) model: Option<Label>,
    /// The instant whose prices hold.
    pub(super) at: Timestamp,
    /// When list or tier changes next.
    pub(super) until: Option<Timestamp>,
    /// When the list ended that still prices the model.
    pub(super) list_ended: Option<Timestamp>,
    /// At list price, with no paid share set.
    pub(super) theoretical: bool,
    /// The share of the tokens that is paid.
    pub(super) paid: Option<Share>,
    /// The year whose holidays the list's calendar does not know: priced as working days.
    pub(super) holidays_unknown: Option<i16>,
    /// What a GPU costs an hour, and who says so.
    pub(super) rate: Option<Rate>,
    /// What each class adds.
    pub(super) classes: Vec<Line>,
    /// Overhead that the configuration names and that is not in the cost.
    #[serde(skip)]
    pub(super) overhead: bool,
    /// The same tokens at every list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare: Option<Vec<Compared>>,
}

/// One class of tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    pub(super) class: Label,
    pub(super) tokens: Tokens,
    /// Per million.
    pub(super) price: Price,
    pub(super) revenue: Money,
}

/// A GPU's rate and where it is from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rate {
    pub(super) per_gpu_hour: HourlyRate,
    /// The GPU that it is for, if it was looked up.
    pub(super) gpu: Option<Label>,
    /// The month of an assumption; absent where the user says the rate.
    pub(super) assumed: Option<Label>,
}

impl Answer {
    pub(super) fn new(
        settings: &mut Settings,
        args: &PriceArgs,
        question: &Question,
        at: Timestamp,
    ) -> Result<Self, Failure> {
        keep_currency_of_list(settings, args)?;
        let settings = &*settings;
        let price = model_price(settings, args)?;
        let quote = price.quote(at);
        let classes = lines(&quote, question, price.paid)?;
        let revenue: Money = classes.iter().map(|line| line.revenue).sum();
        let rate = rate(settings, args, at)?;
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
            until: price.next_change(at),
            list_ended: price.ended(at),
            theoretical: price.paid.is_none(),
            paid: price.paid,
            holidays_unknown: price.unknown_holidays(at),
            rate,
            classes,
            overhead: settings.overhead.per_hour.is_some() || settings.overhead.of_revenue.is_some(),
            compare: args.compare.then(|| compare(settings, question, (&quote, price.paid, at), first, cost)),
        })
    }
}

/// A list that is named is priced in its own currency, whatever the ledger's is.
fn keep_currency_of_list(settings: &mut Settings, args: &PriceArgs) -> Result<(), Failure> {
    let Some(name) = &args.list else { return Ok(()) };
    if let Some(list) = settings.book.list(name) {
        let currency = list.currency.clone();
        settings.book.keep_currency(&currency, &settings.exchange);
    }
    settings.book.own_list(name).map(|_| ()).map_err(|error| Failure::Usage(error.to_string()))
}

fn model_price<'a>(settings: &'a Settings, args: &PriceArgs) -> Result<ModelPrice<'a>, Failure> {
    let known = args.model.as_deref().and_then(|model| settings.book.price_for(model, args.tenant.as_deref()));
    let Some(name) = &args.list else {
        return known.ok_or_else(|| unpriced(settings, args.model.as_deref().unwrap_or_default()));
    };
    let list = settings.book.own_list(name).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(ModelPrice::of_list(list).paid(known.and_then(|price| price.paid)))
}

fn unpriced(settings: &Settings, model: &str) -> Failure {
    let ours = settings.book.lists().filter(|list| list.currency == settings.book.currency());
    let near = ours.min_by_key(|list| strsim::damerau_levenshtein(&list.name, &model.to_lowercase()));
    let near = near.map_or_else(String::new, |list| format!(", like {}", list.name));
    Failure::Usage(format!(
        "no price for model \"{model}\" in {}: name a list with --list{near}, or add a [[price]] to the configuration",
        settings.book.currency()
    ))
}

/// Every class that has tokens, and the three that every engine counts.
pub(super) fn lines(quote: &Quote<'_>, question: &Question, paid: Option<Share>) -> Result<Vec<Line>, Failure> {
    let share = paid.unwrap_or(Share::ALL);
    let line = |class: &str, tokens: Tokens, price: Price| Line {
        class: Label::new(class),
        tokens,
        price,
        revenue: price.of_share(tokens, share),
    };
    let mut lines = vec![
        line("miss", question.miss, quote.prices.miss),
        line("hit", question.hit, quote.prices.hit),
        line("output", question.output, quote.prices.output),
    ];
    for (class, tokens) in &question.classes {
        let price = quote.class(class).ok_or_else(|| {
            let (list, tier) = (&quote.list.name, quote.tier);
            Failure::Usage(format!("--class {class}: list {list} has no price for it in tier {tier}"))
        })?;
        lines.push(line(class, *tokens, price));
    }
    Ok(lines)
}

/// What a GPU costs an hour: as the call says, as the user's leases say, or an assumption that is named as one.
fn rate(settings: &Settings, args: &PriceArgs, at: Timestamp) -> Result<Option<Rate>, Failure> {
    if let Some(text) = &args.gpu_rate {
        let said = text.parse().map_err(|error| Failure::Usage(format!("--gpu-rate \"{text}\": {error}")))?;
        return Ok(Some(Rate { per_gpu_hour: said, gpu: None, assumed: None }));
    }
    if let Some(per_gpu_hour) = leased(settings, args.gpu.as_deref(), at) {
        return Ok(Some(Rate { per_gpu_hour, gpu: args.gpu.as_deref().map(Label::new), assumed: None }));
    }
    let assumed = settings.book.gpu_rate(args.gpu.as_deref().unwrap_or(USUAL_GPU));
    let rate = assumed.map(|assumed| Rate {
        per_gpu_hour: assumed.rate,
        gpu: Some(Label::new(&assumed.gpu)),
        assumed: Some(Label::new(&assumed.dated)),
    });
    match (&args.gpu, &rate) {
        (Some(gpu), None) => Err(Failure::Usage(format!("--gpu \"{gpu}\": no rate is known for it: write --gpu-rate"))),
        _ => Ok(rate),
    }
}

/// The rate of the lease that is for this GPU, or of all leases if no GPU is named and they agree.
fn leased(settings: &Settings, gpu: Option<&str>, at: Timestamp) -> Option<HourlyRate> {
    let is_for = |leased: &Leased| match (leased, gpu) {
        (_, None) => true,
        (Leased::Gpu(words), Some(gpu)) => words_match(gpu, words),
        _ => false,
    };
    // A node's rent says nothing of one GPU's, as long as nobody knows how many there are.
    let leases = settings.leases.iter().filter(|lease| lease.runs_at(at) && is_for(&lease.leased));
    let mut rates = leases.filter(|lease| lease.node_rate.is_none()).map(|lease| lease.rate);
    let first = rates.next()?;
    if gpu.is_none() && rates.any(|rate| rate != first) {
        return None;
    }
    let (ours, theirs) = (settings.currency.as_str(), settings.book.currency());
    if ours == theirs { Some(first) } else { settings.exchange.conversion(ours, theirs, at)?.rate(first) }
}
