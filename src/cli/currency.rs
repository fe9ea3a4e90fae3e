//! A configuration in another currency than the ledger that is asked.

use jiff::tz::TimeZone;

use crate::config::Settings;
use crate::store::Header;
use crate::units::Timestamp;

/// What to do where the configuration and the ledger disagree; `None` if they agree.
pub(super) fn differs(settings: &Settings, header: &Header) -> Option<String> {
    let (ours, theirs) = (&settings.currency, &header.currency);
    (ours != theirs).then(|| {
        format!(
            "the ledger is kept in {theirs} and the configuration is in {ours}: prices, rents and a budget in {ours} are not \
             used for it; set currency = \"{theirs}\", or name another ledger with --ledger"
        )
    })
}

/// Settings for what a ledger posted: its own currency's prices, and no budget in another. Says so on stderr.
pub(super) fn of_ledger(mut settings: Settings, header: &Header) -> Settings {
    if let Some(why) = differs(&settings, header) {
        eprintln!("margintop: warning: {why}");
        settings.book.keep_currency_at(&header.currency, &settings.exchange, header.last);
        settings.budget = None;
    }
    settings
}

/// The rate of exchange that is missing at an instant, as it is written; its day begins in the configuration's zone.
pub(super) fn missing_rate(from: &str, to: &str, at: Timestamp, zone: &TimeZone) -> String {
    let day = zone.to_datetime(jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default()).date();
    format!("add to the configuration: [[fx]] from = \"{from}\" to = \"{to}\" rate = \"…\" at = \"{day}\"")
}
