//! What a GPU costs an hour when nobody said: dated, labelled assumptions.

use super::Exchange;
use crate::units::HourlyRate;

/// An hourly rate for the GPUs whose name has certain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuRate {
    /// Words that the driver's name must hold: `A100 80GB`.
    pub gpu: String,
    /// Per GPU and hour.
    pub rate: HourlyRate,
    /// The currency of the rate.
    pub currency: String,
    /// The month of the assumption: `2026-11`.
    pub dated: String,
}

/// The built-in rates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateCard {
    rates: Vec<GpuRate>,
}

impl RateCard {
    /// A card; the longest name that matches wins.
    pub fn new(rates: Vec<GpuRate>) -> Self {
        let mut card = Self::default();
        card.extend(rates);
        card
    }

    /// Adds rates; what is named again is replaced.
    pub fn extend(&mut self, rates: Vec<GpuRate>) {
        self.rates.retain(|known| !rates.iter().any(|rate| rate.gpu.eq_ignore_ascii_case(&known.gpu)));
        self.rates.extend(rates);
        self.rates.sort_by_key(|rate| std::cmp::Reverse(rate.gpu.len()));
    }

    /// Keeps rates of one currency: others are converted once, at their newest rate of exchange, or left out.
    pub fn keep_currency(&mut self, currency: &str, exchange: &Exchange) {
        self.rates.retain_mut(|known| {
            if known.currency == currency {
                return true;
            }
            let Some(conversion) = exchange.newest(&known.currency, currency) else { return false };
            let Some(rate) = conversion.rate(known.rate) else { return false };
            known.dated = format!("{}, at the rate of {}", known.dated, conversion.dated);
            (known.rate, known.currency) = (rate, currency.to_owned());
            true
        });
    }

    /// The rates, in the order in which they are looked at.
    pub fn rates(&self) -> &[GpuRate] {
        &self.rates
    }

    /// The rate of a GPU by the driver's name for it.
    pub fn rate_of(&self, name: &str) -> Option<&GpuRate> {
        self.rates.iter().find(|rate| words_match(name, &rate.gpu))
    }
}

/// Whether every word of `wanted` is a word of `name`, without case: `H20` is not `H200`, `B200` is not `GB200`.
///
/// A word of `wanted` that ends in digits and a unit (`80GB`) also matches the driver's `80GB` inside `PCIe-80GB`.
pub fn words_match(name: &str, wanted: &str) -> bool {
    let mut any = false;
    let all = words(wanted).all(|want| {
        any = true;
        words(name).any(|have| have.eq_ignore_ascii_case(want))
    });
    any && all
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_words_only() {
        assert!(words_match("NVIDIA H200", "H200"));
        assert!(!words_match("NVIDIA H200", "H20"));
        assert!(!words_match("NVIDIA GB200", "B200"));
        assert!(words_match("NVIDIA A100-SXM4-80GB", "A100 80GB"));
        assert!(!words_match("NVIDIA A100-PCIE-40GB", "A100 80GB"));
        assert!(words_match("NVIDIA GeForce RTX 4090", "RTX 4090"));
        assert!(!words_match("anything", ""));
    }

    #[test]
    fn the_longest_name_wins() -> Result<(), crate::units::DecimalError> {
        let rate = |gpu: &str, rate: &str| -> Result<GpuRate, crate::units::DecimalError> {
            let currency = "USD".to_owned();
            Ok(GpuRate { gpu: gpu.to_owned(), rate: rate.parse()?, currency, dated: String::new() })
        };
        let card = RateCard::new(vec![rate("A100", "1")?, rate("A100 80GB", "2")?]);
        assert_eq!(card.rate_of("NVIDIA A100-SXM4-80GB").map(|r| r.rate.micros()), Some(2_000_000));
        assert_eq!(card.rate_of("NVIDIA A100-SXM4-40GB").map(|r| r.rate.micros()), Some(1_000_000));
        Ok(())
    }
}
