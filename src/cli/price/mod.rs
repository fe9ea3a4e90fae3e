//! `margintop price`: what tokens are worth by the book, what GPU-hours cost, and both margins of the two.
//!
//! It works out and prints; it keeps nothing and asks no engine.

mod answer;
mod compare;
mod question;
mod text;

use std::collections::BTreeMap;

use super::Failure;
use super::args::{Global, PriceArgs};
use crate::clock::Clock;
use crate::units::Timestamp;

use answer::Answer;
use question::Question;

pub(super) fn run(global: &Global, args: &PriceArgs) -> Result<(), Failure> {
    let mut settings = super::sources::settings(global)?;
    let at = match &args.at {
        Some(text) => instant(text)?,
        None => whole_second(Clock::System.now().wall),
    };
    let question = Question::of(args)?;
    let answer = Answer::new(&mut settings, args, &question, at)?;
    if args.json {
        let json = serde_json::to_string_pretty(&answer).map_err(|error| Failure::Run(error.to_string()))?;
        println!("{json}");
    } else {
        print!("{}", text::render(&answer, &question));
    }
    Ok(())
}

/// An instant, or the beginning of a day in UTC.
fn instant(text: &str) -> Result<Timestamp, Failure> {
    let parse = |text: &str| crate::pricing::parse_instant(Some(text)).ok().flatten();
    parse(text).or_else(|| parse(&format!("{text}T00:00:00Z"))).ok_or_else(|| {
        Failure::Usage(format!("--at \"{text}\" is not an instant: write it like 2025-03-01 or 2025-03-01T20:00:00Z"))
    })
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis() - at.millis().rem_euclid(1000))
}

/// Counts of open classes by name.
type Counts = BTreeMap<String, crate::units::Tokens>;
