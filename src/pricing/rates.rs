//! GPU rates without a lease: dated series by GPU and commitment.

use super::{Commitment, Conversion, Exchange, GpuFile, Provenance};
use crate::units::{HourlyRate, Timestamp};

/// An hourly rate for GPUs whose name contains certain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuRate {
    /// The words that the driver's name must contain: `A100 80GB`.
    pub gpu: String,
    /// The rate per GPU and hour.
    pub rate: HourlyRate,
    /// The currency of the rate.
    pub currency: String,
    /// The month or day of the observation: `2026-11`.
    pub dated: String,
    /// The start of that month or day in UTC; `None` if the text is invalid.
    pub since: Option<Timestamp>,
    /// When it can first be converted to the ledger's currency, the start of the first exchange rate. `None` is always.
    pub known_from: Option<Timestamp>,
    /// The term of the rental.
    pub commitment: Commitment,
    /// Where the rate comes from.
    pub provenance: Provenance,
    /// Where it was observed.
    pub source: String,
}

impl GpuRate {
    /// A rate from a file, with its provenance.
    pub(super) fn of(file: GpuFile, provenance: Provenance) -> Self {
        let since = start_of(&file.dated);
        let GpuFile { gpu, rate, currency, dated, commitment, source } = file;
        Self { gpu, rate, currency, dated, since, known_from: None, commitment, provenance, source }
    }

    fn names(&self, other: &Self) -> bool {
        self.gpu.eq_ignore_ascii_case(&other.gpu) && self.commitment == other.commitment
    }

    fn is_for(&self, name: &str, commitment: Commitment) -> bool {
        self.commitment == commitment && words_match(name, &self.gpu)
    }
}

/// The start of a month, `2026-11`, or a day, `2026-11-24`, in UTC.
pub(super) fn start_of(dated: &str) -> Option<Timestamp> {
    let parse = |day: String| format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().ok();
    let start = parse(dated.to_owned()).or_else(|| parse(format!("{dated}-01")))?;
    Some(Timestamp::from_millis(start.as_millisecond()))
}

/// GPU rates in their own currencies, and converted to the ledger's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateCard {
    in_own_currency: Vec<GpuRate>,
    /// The rates that can be converted to the ledger's currency, the longest names first.
    rates: Vec<GpuRate>,
    /// The ledger's currency, the exchange rates, and the instant of the card; `None` does not convert.
    kept: Option<(String, Exchange, Timestamp)>,
}

impl RateCard {
    /// Creates a card. Of several names that match a GPU, the longest wins.
    pub fn new(rates: Vec<GpuRate>) -> Self {
        let mut card = Self::default();
        card.extend(rates);
        card
    }

    /// Adds rates. A series replaces the existing one of the same GPU and commitment.
    pub fn extend(&mut self, rates: Vec<GpuRate>) {
        self.in_own_currency.retain(|known| !rates.iter().any(|rate| rate.names(known)));
        self.in_own_currency.extend(rates);
        self.in_own_currency.sort_by(|a, b| b.gpu.len().cmp(&a.gpu.len()).then(a.since.cmp(&b.since)));
        self.convert();
    }

    /// Converts the rates to one currency, each exchange rate from its day on; before the first they are unknown. `at` is
    /// the instant that [`RateCard::rate_of`] uses.
    pub fn keep_currency(&mut self, currency: &str, exchange: &Exchange, at: Timestamp) {
        self.kept = Some((currency.to_owned(), exchange.clone(), at));
        self.convert();
    }

    fn convert(&mut self) {
        let Some((currency, exchange, _)) = &self.kept else {
            self.rates.clone_from(&self.in_own_currency);
            return;
        };
        self.rates.clear();
        for original in &self.in_own_currency {
            if original.currency == *currency {
                self.rates.push(original.clone());
                continue;
            }
            let later =
                self.in_own_currency.iter().filter(|other| other.names(original) && other.since > original.since);
            let until = later.filter_map(|other| other.since).min();
            // The first rate also applies before its start.
            let is_first =
                !self.in_own_currency.iter().any(|other| other.names(original) && other.since < original.since);
            let span = (original.since.filter(|_| !is_first), until);
            let series = exchange.series(&original.currency, currency);
            self.rates.extend(converted(original, &series, span, currency));
        }
        self.rates.sort_by(|a, b| b.gpu.len().cmp(&a.gpu.len()).then(a.since.cmp(&b.since)));
    }

    /// The rates in the ledger's currency, in matching order.
    pub fn rates(&self) -> &[GpuRate] {
        &self.rates
    }

    /// The on-demand rate of a GPU by name, at the instant of the card.
    pub fn rate_of(&self, name: &str) -> Option<&GpuRate> {
        let at = self.kept.as_ref().map_or(Timestamp::from_millis(i64::MAX), |(_, _, at)| *at);
        self.rate_at(name, Commitment::OnDemand, at)
    }

    /// The rate of a GPU by name: the series of the longest matching name, and in it the newest rate that has begun, else
    /// the first.
    pub fn rate_at(&self, name: &str, commitment: Commitment, at: Timestamp) -> Option<&GpuRate> {
        in_force(&self.rates, name, commitment, at)
    }

    /// The instants between `from` and `to`, both exclusive, at which an on-demand rate begins.
    pub fn edges(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let on_demand = self.rates.iter().filter(|rate| rate.commitment == Commitment::OnDemand);
        on_demand.filter_map(|rate| rate.since).filter(move |since| *since > from && *since < to)
    }

    /// The on-demand entry of a GPU with this rate, at any date.
    pub fn observed(&self, name: &str, rate: HourlyRate) -> Option<&GpuRate> {
        let longest = self.rates.iter().find(|known| known.is_for(name, Commitment::OnDemand))?;
        self.rates.iter().rfind(|known| known.names(longest) && known.rate == rate)
    }

    /// The rate of a GPU in its own currency, for the message if it cannot be converted.
    pub fn in_own_currency(&self, name: &str, commitment: Commitment, at: Timestamp) -> Option<&GpuRate> {
        in_force(&self.in_own_currency, name, commitment, at)
    }
}

/// A rate over a span, converted at each exchange rate within it.
fn converted(
    original: &GpuRate,
    series: &[(Timestamp, Conversion<'_>)],
    (since, until): (Option<Timestamp>, Option<Timestamp>),
    currency: &str,
) -> Vec<GpuRate> {
    let known_from = series.first().map(|(first, _)| *first);
    let holds = |nth: usize| {
        let next = series.get(nth + 1).map(|(next, _)| *next);
        let begins = since.is_none_or(|since| next.is_none_or(|next| next > since));
        begins && until.is_none_or(|until| series[nth].0 < until)
    };
    let at = |nth: usize| {
        let (day, conversion) = series[nth];
        Some(GpuRate {
            rate: conversion.rate(original.rate)?,
            currency: currency.to_owned(),
            dated: format!("{}, at the rate of {}", original.dated, conversion.dated),
            since: Some(since.map_or(day, |since| since.max(day))),
            known_from,
            ..original.clone()
        })
    };
    (0..series.len()).filter(|nth| holds(*nth)).filter_map(at).collect()
}

fn in_force<'a>(rates: &'a [GpuRate], name: &str, commitment: Commitment, at: Timestamp) -> Option<&'a GpuRate> {
    let longest = rates.iter().find(|rate| rate.is_for(name, commitment))?;
    let series = || rates.iter().filter(|rate| rate.names(longest));
    let rate = series().rfind(|rate| rate.since.is_none_or(|since| since <= at)).or_else(|| series().next());
    rate.filter(|rate| rate.known_from.is_none_or(|from| from <= at))
}

/// Whether every word of `wanted` is a word of `name`, without case: `H20` does not match `H200`, nor `B200` `GB200`.
///
/// A `*` at the start or end of a wanted word matches any letters: `H*` matches `H100` and `H200`, `*` matches any word.
pub fn words_match(name: &str, wanted: &str) -> bool {
    let mut any = false;
    let all = words(wanted, "*").all(|want| {
        any = true;
        words(name, "").any(|have| word_matches(have, want))
    });
    any && all
}

fn word_matches(have: &str, want: &str) -> bool {
    let (have, bare) = (have.as_bytes(), want.trim_matches('*').as_bytes());
    let is_bare = |part: Option<&[u8]>| part.is_some_and(|part| part.eq_ignore_ascii_case(bare));
    match (want.starts_with('*'), want.ends_with('*')) {
        (false, false) => is_bare(Some(have)),
        (false, true) => is_bare(have.get(..bare.len())),
        (true, false) => is_bare(have.len().checked_sub(bare.len()).map(|from| &have[from..])),
        (true, true) => bare.is_empty() || have.windows(bare.len()).any(|part| is_bare(Some(part))),
    }
}

fn words<'a>(text: &'a str, also: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(move |c: char| !c.is_ascii_alphanumeric() && !also.contains(c)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::Fx;

    #[test]
    fn matches_whole_words_only() {
        assert!(words_match("NVIDIA H200", "H200"));
        assert!(!words_match("NVIDIA H200", "H20"));
        assert!(!words_match("NVIDIA GB200", "B200"));
        assert!(words_match("NVIDIA A100-SXM4-80GB", "A100 80GB"));
        assert!(!words_match("NVIDIA A100-PCIE-40GB", "A100 80GB"));
        assert!(words_match("NVIDIA GeForce RTX 4090", "RTX 4090"));
        assert!(!words_match("anything", ""));
        assert!(
            words_match("NVIDIA H100 80GB HBM3", "*") && words_match("NVIDIA H200", "h*") && !words_match("A100", "H*")
        );
        assert!(words_match("NVIDIA A100-SXM4-80GB", "A100 *GB") && words_match("NVIDIA GB200", "*200"));
        assert!(words_match("NVIDIA GB200", "*b2*") && !words_match("NVIDIA GB200", "*h2*"));
        assert!(!words_match("NVIDIA H2", "*H200*") && !words_match("NVIDIA H2", "H200*"));
    }

    fn row(gpu: &str, rate: HourlyRate, dated: &str) -> GpuRate {
        let (gpu, currency, dated, source) = (gpu.to_owned(), "USD".to_owned(), dated.to_owned(), String::new());
        let commitment = Commitment::OnDemand;
        GpuRate::of(GpuFile { gpu, rate, currency, dated, commitment, source }, Provenance::Configured)
    }

    #[test]
    fn a_series_holds_by_its_dates_and_its_commitment() -> Result<(), crate::units::DecimalError> {
        let mut card = RateCard::new(vec![
            row("H100", "2.35".parse()?, "2026-03"),
            row("H100", "4".parse()?, "2026-12-15"),
            row("H100", "1.70".parse()?, "2025-10"),
            GpuRate { commitment: Commitment::Spot, ..row("H100", "2.46".parse()?, "2026-09") },
        ]);
        let instant = |text: &str| start_of(text).unwrap_or_default();
        let rate = |card: &RateCard, commitment, at: &str| {
            card.rate_at("NVIDIA H100", commitment, instant(at)).map(|rate| rate.rate.to_string())
        };
        for (at, on_demand) in [("2025-01", "1.70"), ("2026-02", "1.70"), ("2026-11", "2.35"), ("2026-12-15", "4.00")] {
            assert_eq!(rate(&card, Commitment::OnDemand, at).as_deref(), Some(on_demand), "{at}");
        }
        assert_eq!(rate(&card, Commitment::Spot, "2027-01").as_deref(), Some("2.46"));
        assert_eq!(rate(&card, Commitment::ThreeYears, "2027-01"), None);
        card.keep_currency("USD", &Exchange::default(), instant("2026-11-27"));
        assert_eq!(card.rate_of("NVIDIA H100").map(|rate| rate.rate.to_string()).as_deref(), Some("2.35"), "not yet 4");
        card.extend(vec![row("h100", "3".parse()?, "2020-01")]);
        assert_eq!(rate(&card, Commitment::OnDemand, "2027-01").as_deref(), Some("3.00"), "a series is replaced whole");
        assert_eq!(rate(&card, Commitment::Spot, "2027-01").as_deref(), Some("2.46"));
        Ok(())
    }

    /// The class of errors: an exchange rate applies from the start of the program instead of from its day.
    #[test]
    fn a_rate_of_exchange_holds_from_its_day() -> Result<(), crate::units::DecimalError> {
        let fx = |nanos, dated: &str| Fx {
            from: "USD".to_owned(),
            to: "CNY".to_owned(),
            nanos,
            since: start_of(dated).unwrap_or_default(),
            dated: dated.to_owned(),
        };
        let exchange = Exchange::new(vec![
            fx(7_000_000_000, "2026-01-10"),
            fx(8_000_000_000, "2026-11-28"),
            fx(9_000_000_000, "2027-02-01"),
        ]);
        let rows = [row("H100", "2".parse()?, "2025-10"), row("H100", "3".parse()?, "2026-12")];
        for now in ["2026-01-01", "2026-11-27", "2027-03-01"] {
            let mut card = RateCard::new(rows.to_vec());
            card.keep_currency("CNY", &exchange, start_of(now).unwrap_or_default());
            let rate = |at: &str| {
                let rate = card.rate_at("NVIDIA H100", Commitment::OnDemand, start_of(at).unwrap_or_default())?;
                Some(rate.rate.to_string())
            };
            for (at, expected) in [
                ("2025-12", None),
                ("2026-01-09", None),
                ("2026-01-10", Some("14.00")),
                ("2026-11-27", Some("14.00")),
                ("2026-11-28", Some("16.00")),
                ("2026-12-01", Some("24.00")),
                ("2027-01-31", Some("24.00")),
                ("2027-02-01", Some("27.00")),
            ] {
                assert_eq!(rate(at).as_deref(), expected, "at {at}, asked on {now}");
            }
            let (from, to) = (Timestamp::default(), Timestamp::from_millis(i64::MAX));
            let edges: Vec<_> = card.edges(from, to).collect();
            let days = ["2026-01-10", "2026-11-28", "2026-12", "2027-02-01"];
            assert_eq!(edges, days.map(|day| start_of(day).unwrap_or_default()), "postings are cut there");
        }
        Ok(())
    }

    #[test]
    fn the_longest_name_wins() -> Result<(), crate::units::DecimalError> {
        let rate =
            |gpu: &str, rate: &str| -> Result<GpuRate, crate::units::DecimalError> { Ok(row(gpu, rate.parse()?, "")) };
        let card = RateCard::new(vec![rate("A100", "1")?, rate("A100 80GB", "2")?]);
        assert_eq!(card.rate_of("NVIDIA A100-SXM4-80GB").map(|r| r.rate.micros()), Some(2_000_000));
        assert_eq!(card.rate_of("NVIDIA A100-SXM4-40GB").map(|r| r.rate.micros()), Some(1_000_000));
        Ok(())
    }
}
