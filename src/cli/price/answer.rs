//! What a call of the calculator asks for: the price of a model, and what to write where there is none.

use super::args::PriceArgs;
use super::rate::rate;
use crate::calculator::{CalculatedPrice, PriceQuestion, PriceTerms};
use crate::cli::currency::missing_rate;
use crate::cli::{Failure, to_stderr};
use crate::config::Settings;
use crate::pricing::{ModelPrice, PriceAnswer, PriceList};
use crate::suggestion::nearest;
use crate::units::Timestamp;

/// The answer of a call.
///
/// # Errors
/// What is not priced, and what to write.
pub(super) fn answer(
    settings: &Settings,
    args: &PriceArgs,
    question: &PriceQuestion,
    at: Timestamp,
) -> Result<CalculatedPrice, Failure> {
    let price = model_price(settings, args, args.model.as_deref())?;
    let terms = PriceTerms {
        book: &settings.book,
        exchange: &settings.exchange,
        price: &price,
        found: answer_at(settings, &price, args.model.as_deref(), at)?,
        model: args.model.as_deref(),
        at,
        rate: rate(settings, args, args.gpu.as_deref(), at)?,
        overhead: settings.overhead.per_hour.is_some() || settings.overhead.of_revenue.is_some(),
        compare: args.compare,
    };
    CalculatedPrice::new(question, terms).map_err(|why| Failure::Usage(format!("--class {why}")))
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
