//! Holiday calendars. The holidays of a year that is not in a calendar are unknown; it is not a year without holidays.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// The longest span in days of one entry.
const LONGEST: i32 = 366;

/// Calendars by name, with sorted days.
pub(super) type Calendars = BTreeMap<String, Vec<Date>>;

/// Adds days to a calendar. A year of which `days` has any replaces that year in the calendar.
pub(super) fn merge(calendar: &mut Vec<Date>, days: &[Date]) {
    calendar.retain(|known| days.iter().all(|day| day.year() != known.year()));
    calendar.extend(days);
    calendar.sort_unstable();
    calendar.dedup();
}

/// Reads days, `2026-10-01`, and spans of them, `2026-10-01..2026-10-07`, both ends included.
///
/// # Errors
/// The number of each invalid entry, with a message on the expected format.
pub(super) fn parse_days(days: &[String]) -> Result<Vec<Date>, Vec<(usize, String)>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (nth, span) in days.iter().enumerate() {
        match parse_span(span) {
            Ok(days) => all.extend(days),
            Err(why) => wrong.push((nth, why)),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}

fn parse_span(span: &str) -> Result<impl Iterator<Item = Date>, String> {
    let (first, last) = span.split_once("..").unwrap_or((span, span));
    let (first, last) = (parse_day(first)?, parse_day(last)?);
    if last < first {
        return Err(format!("holidays \"{span}\" end before they begin: write \"{last}..{first}\""));
    }
    let days = first.until(last).map_or(LONGEST, |span| span.get_days());
    if days >= LONGEST {
        return Err(format!("holidays \"{span}\" are over a year: write the days that are holidays"));
    }
    Ok(first.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last))
}

fn parse_day(day: &str) -> Result<Date, String> {
    day.parse().map_err(|_| format!("holiday \"{day}\" is not a date: write it like \"2026-10-01\""))
}

/// The days as in a file, one by one.
pub(super) fn write_days(days: &[Date]) -> Vec<String> {
    days.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &[&str]) -> Result<Vec<Date>, Vec<(usize, String)>> {
        parse_days(&text.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn spans_include_both_ends() {
        let golden_week = days(&["2026-10-01..2026-10-07", "2026-01-01"]);
        assert_eq!(golden_week.map(|days| days.len()), Ok(8));
    }

    #[test]
    fn what_is_no_span_says_so() {
        let why = |span: &str| days(&[span]).err().unwrap_or_default().remove(0).1;
        assert!(why("2026-10-07..2026-10-01").contains("write \"2026-10-01..2026-10-07\""));
        assert!(why("2026-02-30").contains("is not a date") && why("").contains("is not a date"));
        assert!(why("0001-01-01..9999-12-31").contains("over a year"));
    }

    #[test]
    fn a_year_named_again_is_replaced() -> Result<(), Vec<(usize, String)>> {
        let mut calendar = days(&["2026-01-01", "2026-05-01"])?;
        merge(&mut calendar, &days(&["2027-01-01", "2026-05-02"])?);
        assert_eq!(write_days(&calendar), ["2026-05-02", "2027-01-01"]);
        Ok(())
    }
}
