//! Parses the changes of a what-if.

use std::fmt;

use crate::cli::Failure;
use crate::config::Scenario;
use crate::pricing::{Book, PriceList};
use crate::statement::WhatIfChange;
use crate::suggestion::meant;
use crate::units::{Decimal, Share};

const NAMES: [&str; 6] = ["list", "paid", "load", "hit_rate", "gpu_rate", "nodes"];
const KEYS: &str = "write list=NAME, paid=37%, load=120%, hit_rate=60%, gpu_rate=2.50 (per GPU and hour) or nodes=200, or the name of a \
     [[scenario]]; 37% and 0.37 are the same";

/// All changes of the call together, with the name of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scenarios(pub(super) WhatIfChange<String>);

impl Scenarios {
    /// The changes of all arguments, each a change or the name of one of the configuration's scenarios.
    pub(super) fn new(texts: &[String], named: &[Scenario]) -> Result<Self, Failure> {
        let mut asked = Self::default();
        for text in texts {
            asked.set(text, named).map_err(|why| Failure::Usage(format!("--what-if {text}: {why}")))?;
        }
        Ok(asked)
    }

    /// Whether there is no change.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn set(&mut self, text: &str, named: &[Scenario]) -> Result<(), String> {
        let Some((key, value)) = text.split_once('=') else { return self.set_named(text.trim(), named) };
        let decimal = |error: crate::units::DecimalError| error.to_string();
        let share = || {
            let whole = |error| format!("{}: write a share, {key}=70% or {key}=0.7", decimal(error));
            percent(value)?.parse::<Share>().map_err(whole)
        };
        match key.trim() {
            "list" => put(&mut self.0.list, value.trim().to_owned(), "list"),
            "paid" => put(&mut self.0.paid, share()?, "paid"),
            "load" => put(&mut self.0.load, percent(value)?.parse()?, "load"),
            "hit_rate" => put(&mut self.0.hit_rate, share()?, "hit_rate"),
            "gpu_rate" => put(&mut self.0.gpu_rate, value.parse().map_err(decimal)?, "gpu_rate"),
            "nodes" => put(&mut self.0.nodes, value.parse()?, "nodes"),
            key => Err(format!("no key \"{key}\"{}; {KEYS}", meant(key, NAMES))),
        }
    }

    fn set_named(&mut self, name: &str, named: &[Scenario]) -> Result<(), String> {
        let Some(scenario) = named.iter().find(|scenario| scenario.name == name) else {
            let near = meant(name, named.iter().map(|scenario| scenario.name.as_str()));
            return Err(format!("no [[scenario]] of this name{near}; {KEYS}"));
        };
        let WhatIfChange { list, paid, load, hit_rate, gpu_rate, nodes } = scenario.change();
        list.map_or(Ok(()), |list| put(&mut self.0.list, list, "list"))?;
        paid.map_or(Ok(()), |paid| put(&mut self.0.paid, paid, "paid"))?;
        load.map_or(Ok(()), |load| put(&mut self.0.load, load, "load"))?;
        hit_rate.map_or(Ok(()), |share| put(&mut self.0.hit_rate, share, "hit_rate"))?;
        gpu_rate.map_or(Ok(()), |rate| put(&mut self.0.gpu_rate, rate, "gpu_rate"))?;
        nodes.map_or(Ok(()), |nodes| put(&mut self.0.nodes, nodes, "nodes"))
    }

    /// The change, with the named list.
    pub(super) fn change<'a>(&self, book: &'a Book, currency: &str) -> Result<WhatIfChange<&'a PriceList>, Failure> {
        let list = self.0.list.as_deref().map(|name| own_list(book, name, currency)).transpose();
        let list = list.map_err(|why| Failure::Usage(format!("--what-if list: {why}")))?;
        Ok(self.0.clone().with_list(list))
    }
}

/// The text of a share or a factor: `70%` is `0.7`.
fn percent(text: &str) -> Result<String, String> {
    let Some(percent) = text.trim().strip_suffix('%') else { return Ok(text.to_owned()) };
    let number = Decimal::parse(percent.trim()).map_err(|error| error.to_string())?;
    let micros = number.shifted(-2).scaled(6).map_err(|error| error.to_string())?;
    Ok(format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000)))
}

/// Sets a value; a different value is a contradiction.
fn put<T: PartialEq + fmt::Display>(slot: &mut Option<T>, value: T, key: &str) -> Result<(), String> {
    match slot {
        Some(said) if *said != value => {
            Err(format!("{key}={value} contradicts {key}={said}, which is asked for too: write one of the two"))
        }
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// As it was written: `paid=0.37, nodes=200`.
impl fmt::Display for Scenarios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.arguments().join(", "))
    }
}

/// A list of the ledger's currency.
fn own_list<'a>(book: &'a Book, name: &str, currency: &str) -> Result<&'a PriceList, String> {
    let own = || book.lists().filter(|list| list.currency == currency);
    own().find(|list| list.name == name).ok_or_else(|| {
        let near = meant(name, own().map(|list| list.name.as_str()));
        let near = if near.is_empty() { "; `margintop price --lists` names them".to_owned() } else { near };
        format!("no price list \"{name}\" in {currency}{near}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::units::NodeCount;

    fn scenarios(texts: &[&str]) -> Result<Scenarios, String> {
        let night = "name = \"night\"\nnodes = 8\nhit_rate = \"0.6\"";
        let named = [toml::from_str(night).unwrap()];
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        Scenarios::new(&texts, &named).map_err(|failure| match failure {
            Failure::Usage(why) | Failure::Run(why) => why,
        })
    }

    #[test]
    fn a_what_if_says_what_it_takes() {
        let asked =
            scenarios(&["list=deepseek-r1-2025", "paid=0.37", "hit_rate=1", "gpu_rate=2.50", "nodes=200"]).unwrap();
        assert_eq!((asked.0.list.as_deref(), asked.0.nodes), (Some("deepseek-r1-2025"), NodeCount::whole(200)));
        assert_eq!(scenarios(&["nodes=218.025"]).unwrap().to_string(), "nodes=218.025");
        assert_eq!(scenarios(&["load=1.20"]).unwrap().to_string(), "load=1.2");
        let percent = scenarios(&["paid=70%", "load=120 %", "hit_rate=62.5%"]).unwrap();
        assert_eq!(percent.to_string(), "paid=0.70, load=1.2, hit_rate=0.625");
        let wrong = scenarios(&["paid=70"]).unwrap_err();
        assert!(wrong.contains("write a share, paid=70% or paid=0.7"), "{wrong}");
        assert!(["paid=-1%", "hit_rate=101%", "load=x%"].iter().all(|text| scenarios(&[text]).is_err()));
        let wrong = scenarios(&["hitrate=0.5"]).unwrap_err();
        assert!(wrong.contains("no key \"hitrate\"; is it \"hit_rate\"?"), "{wrong}");
        assert_eq!(scenarios(&["nodes=5.0"]), scenarios(&["nodes=5"]));
        for text in ["", "list", "nodes=0", "nodes=-1", "paid=1.5", "hit_rate=x", "gpu_rate=-2", "fx=1", "nigth"] {
            assert!(scenarios(&[text]).is_err(), "{text}");
        }
        assert!(scenarios(&["nigth"]).unwrap_err().contains("is it \"night\"?"));
    }

    #[test]
    fn several_hold_together_and_none_contradicts_another() {
        let asked = scenarios(&["night", "gpu_rate=1", "nodes=8"]).unwrap();
        assert_eq!(asked.to_string(), "hit_rate=0.60, gpu_rate=1.00, nodes=8");
        for pair in
            [["hit_rate=0.6", "hit_rate=0.61"], ["night", "nodes=9"], ["nodes=9", "night"], ["list=a", "list=b"]]
        {
            let why = scenarios(&pair).unwrap_err();
            assert!(why.contains("contradicts") && why.contains("write one"), "{why}");
        }
        assert!(scenarios(&["paid=0.5", "paid=0.50"]).is_ok(), "the same said twice is no contradiction");
    }

    #[test]
    fn a_list_that_is_not_there_is_near_one_that_is() {
        let book = Book::built_in().unwrap();
        let why = own_list(&book, "deepseek-r1-2052", "USD").map(|list| list.name.clone());
        let message = "no price list \"deepseek-r1-2052\" in USD; is it \"deepseek-r1-2025\"?";
        assert_eq!(why, Err(message.to_owned()));
    }
}
