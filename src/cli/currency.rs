//! A configuration whose currency or zone is not that of the ledger.

use std::path::Path;

use jiff::tz::TimeZone;

use super::to_stderr;
use crate::config::Settings;
use crate::record::RecordingHeader;
use crate::store::{Header, Reader};
use crate::units::{Timestamp, zone_of, zone_text};

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

/// Settings for a replay: its days begin in the recording's zone, unless the configuration names one. Warns if that is
/// another zone.
pub(super) fn of_recording(mut settings: Settings, header: &RecordingHeader) -> Settings {
    let Some((theirs, zone)) = header.zone.as_deref().and_then(|text| Some((text, zone_of(text)?))) else {
        return settings;
    };
    if !settings.names_zone {
        settings.zone = zone;
    } else if let Some(ours) = zone_text(&settings.zone).filter(|ours| ours != theirs) {
        to_stderr(&format!(
            "the days of the recording begin in {theirs}, and those of this replay and its ledger in {ours}, the configured \
             timezone: set timezone = \"{theirs}\" for the days of the recording"
        ));
    }
    settings
}

/// Why a replay cannot write a ledger that exists, if its days begin in another zone than those of the recording.
pub(super) fn other_zone(path: &Path, header: &RecordingHeader) -> Option<String> {
    let ours = header.zone.as_deref()?;
    let theirs = zone_text(&Reader::open(path).ok()?.header().zone).filter(|theirs| theirs != ours)?;
    let path = path.display();
    Some(format!(
        "{path}: exists, with days that begin in {theirs}, and those of the recording begin in {ours}; a replay needs a \
         new ledger, so name another file"
    ))
}

/// Settings for a ledger's postings: prices in its own currency, and no budget in another. Prints a warning.
pub(super) fn of_ledger(mut settings: Settings, header: &Header) -> Settings {
    if let Some(why) = differs(&settings, header) {
        to_stderr(&format!("warning: {why}"));
        settings.book.keep_currency_at(&header.currency, &settings.exchange, header.last);
        settings.budget = None;
    }
    settings
}

/// The configuration of a rate of exchange that is missing at an instant; its day begins in the configuration's zone.
pub(super) fn missing_rate(from: &str, to: &str, at: Timestamp, zone: &TimeZone) -> String {
    let day = zone.to_datetime(at.instant()).date();
    format!("add to the configuration: [[fx]] from = \"{from}\" to = \"{to}\" rate = \"…\" at = \"{day}\"")
}
