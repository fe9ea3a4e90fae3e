//! Dates and currencies as both invoices and gateways write them.

use jiff::civil::Date;

pub(super) const CURRENCY: [&str; 2] = ["currency", "billingcurrency"];

/// The date of a date or a time.
pub(super) fn date(text: &str) -> Option<Date> {
    text.trim().get(..10)?.parse().ok()
}

/// Whether a word or sign on a line stands for this currency.
pub(super) fn is_currency(unit: &str, currency: &str) -> bool {
    let sign = match currency {
        "USD" => "$",
        "EUR" => "€",
        "CNY" | "JPY" => "¥",
        "GBP" => "£",
        _ => "",
    };
    let own = unit.eq_ignore_ascii_case(currency) || !sign.is_empty() && (unit == sign || unit == "US$" && sign == "$");
    own || currency == "CNY" && unit.eq_ignore_ascii_case("RMB")
}
