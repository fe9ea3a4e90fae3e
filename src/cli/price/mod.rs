//! `margintop price`: revenue of tokens by the book, cost of GPU-hours, and both margins.
//!
//! It stores nothing and polls no engine.

mod answer;
mod args;
mod benchmark;
mod lists;
mod question;
mod rate;
mod text;

use serde::Serialize;

use super::global::Global;
use super::{Failure, out};
use crate::clock::Clock;
use crate::units::Timestamp;

pub(super) use args::PriceArgs;

use answer::{answer, keep_currency_of_list};
use question::question;

pub(super) fn run(global: &Global, args: &PriceArgs) -> Result<(), Failure> {
    let mut settings = super::settings::settings(global)?;
    let present = whole_second(Clock::System.now().wall);
    let at = args.at.map_or(present, |at| at.resolve(&settings.zone, present));
    if args.lists {
        let lists = lists::of(&settings.book, at);
        return print_answer(args, &lists, || lists::render(&lists));
    }
    keep_currency_of_list(&mut settings, args, at)?;
    if let Some(file) = &args.from {
        let priced = benchmark::price(&settings, args, file, at)?;
        return print_answer(args, &priced, || benchmark::render(&priced));
    }
    let question = question(args)?;
    let answer = answer(&settings, args, &question, at)?;
    print_answer(args, &answer, || text::render(&answer, &question))
}

/// The JSON of an answer.
#[cfg(test)]
pub(super) fn answered(
    settings: &crate::config::Settings,
    args: &PriceArgs,
    at: Timestamp,
) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(&answer(settings, args, &question(args)?, at)?)?)
}

/// Prints an answer, as one JSON object or for people.
fn print_answer<T: Serialize>(args: &PriceArgs, answer: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if args.json {
        let json = serde_json::to_string_pretty(answer)?;
        out::line(&json)
    } else {
        out::text(&text())
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis() - at.millis().rem_euclid(1000))
}
