//! Time zones as text: IANA names, fixed offsets and POSIX rules.

use jiff::fmt::temporal::{DateTimeParser, DateTimePrinter};
use jiff::tz::TimeZone;

/// The forms of a time zone, for messages.
pub const ZONE_FORMS: &str = "write a name like \"Europe/Berlin\", an offset of whole quarter hours like \"+05:30\", or a POSIX rule like \
                              \"EST5EDT,M3.2.0,M11.1.0\"";

/// A quarter hour in seconds.
const QUARTER_HOUR: i32 = 900;

/// The zone of a text: an IANA name, an offset, or a POSIX rule. `None` if it is none of these, or if its present
/// offset is not a whole number of quarter hours: the ledger keeps quarter hours, and days begin and end with them.
pub fn zone_of(text: &str) -> Option<TimeZone> {
    let zone = DateTimeParser::new().parse_time_zone(text).or_else(|_| TimeZone::posix(text)).ok()?;
    // The first of January and of July 2026.
    let offsets = [1_767_225_600, 1_782_864_000].map(|second| jiff::Timestamp::from_second(second).ok());
    let is_whole = |at: jiff::Timestamp| zone.to_offset(at).seconds() % QUARTER_HOUR == 0;
    offsets.into_iter().flatten().all(is_whole).then_some(zone)
}

/// The text of a zone, which [`zone_of`] reads. `None` for a zone that was read from a file without a name.
pub fn zone_text(zone: &TimeZone) -> Option<String> {
    let text = DateTimePrinter::new().time_zone_to_string(zone).ok()?;
    zone_of(&text).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_from_its_text() {
        for text in ["UTC", "Europe/Berlin", "EST5EDT", "+05:30", "EST5EDT,M3.2.0,M11.1.0", "<+05>-5", "<-0330>3:30"] {
            let zone = zone_of(text);
            assert!(zone.is_some(), "{text}");
            let again = zone.as_ref().and_then(zone_text).and_then(|text| zone_of(&text));
            assert_eq!(again, zone, "{text}");
        }
        for text in ["", "Mars/Olympus", "Nonsense", "05:30", "EST5EDT,M99.2.0,M11.1.0", "+01:42", "<X>-1:42"] {
            assert_eq!(zone_of(text), None, "{text}");
        }
    }
}
