//! A configuration whose currency or zone is not that of the ledger.

use jiff::tz::TimeZone;

use crate::config::Settings;
use crate::store::Header;
use crate::units::{Timestamp, zone_text};

/// What to do if the currencies of the configuration and the ledger differ; `None` if they agree.
pub(super) fn differs(settings: &Settings, header: &Header) -> Option<String> {
    let (ours, theirs) = (&settings.currency, &header.currency);
    (ours != theirs).then(|| {
        format!(
            "the ledger is kept in {theirs} and the configuration is in {ours}: prices, rents and a budget in {ours} are not \
             used for it; set currency = \"{theirs}\", or name another ledger with --ledger"
        )
    })
}

/// What to do if the zone of the configuration is not that of the ledger's days.
pub(super) fn zone_differs(settings: &Settings, header: &Header) -> Option<String> {
    let [ours, theirs] = [&settings.zone, &header.zone].map(|zone| zone_text(zone).unwrap_or_else(|| "UTC".to_owned()));
    (settings.names_zone && ours != theirs).then(|| {
        format!(
            "the ledger's days begin in {theirs}, the zone of its creation: those of {ours} are for [[fx]] alone; set timezone \
             = \"{theirs}\", or name another ledger with --ledger"
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

/// The configuration of a rate of exchange that is missing at an instant; its day begins in the configuration's zone.
pub(super) fn missing_rate(from: &str, to: &str, at: Timestamp, zone: &TimeZone) -> String {
    let day = zone.to_datetime(jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default()).date();
    format!("add to the configuration: [[fx]] from = \"{from}\" to = \"{to}\" rate = \"…\" at = \"{day}\"")
}
