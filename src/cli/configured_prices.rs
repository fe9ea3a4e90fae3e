//! The prices that each `[[price]]` of the configuration resolves to, and where they come from.

use crate::config::Settings;
use crate::pricing::{Pinned, PriceList};
use crate::units::Timestamp;

/// A line for each choice, at an instant.
pub(super) fn lines(settings: &Settings, now: Timestamp) -> Vec<String> {
    let line = |(nth, choice): (usize, &Pinned)| {
        let whose = choice.tenant.as_ref().map_or_else(String::new, |tenant| format!(" for tenant {tenant}"));
        let paid = choice.paid.map_or_else(String::new, |paid| format!(", paid share {paid}"));
        let list = choice.list.as_ref().and_then(|list| settings.book.list(list));
        let list = list.map_or_else(|| "the model's own lists".to_owned(), |list| listed(settings, choice, list, now));
        format!("price {}: {}{whose}: {list}{paid}", nth + 1, choice.model)
    };
    settings.book.pinned().iter().enumerate().map(line).collect()
}

/// `"deepseek-v3.2", built in, tier standard: 0.028 hit, 0.28 miss, 0.42 output USD per million`.
fn listed(settings: &Settings, choice: &Pinned, list: &PriceList, now: Timestamp) -> String {
    // Converted prices of a `[[price]]` have a list for each later rate of exchange.
    let price = settings.book.price_for(&choice.model, choice.tenant.as_deref());
    let now_list =
        price.and_then(|price| price.list_at(now)).filter(|found| found.follows.as_ref() == Some(&list.name));
    let list = now_list.unwrap_or(list);
    let (quote, currency) = (list.quote(now), &list.currency);
    let prices = quote.prices;
    let begins = list.from.filter(|from| *from > now);
    let begins =
        begins.map_or_else(String::new, |from| format!("; it is not in force before {from}, and is used all the same"));
    format!(
        "list \"{}\", {}, tier {}: {} hit, {} miss, {} output {currency} per million{begins}",
        list.name, list.provenance, quote.tier, prices.hit, prices.miss, prices.output
    )
}
