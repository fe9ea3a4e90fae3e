//! Names and explanations of the causes of a change of profit.

use crate::statement::{Cause, Causes};
use crate::tui::format;
use crate::units::Money;

/// The name of a cause.
pub(super) fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Traffic => "traffic",
        Cause::Mix => "mix",
        Cause::HitRate => "hit rate",
        Cause::Price => "price",
        Cause::Unpriced => "unpriced",
        Cause::Gpus => "GPUs at work",
        Cause::Idle => "idle",
    }
}

/// A short explanation of each cause.
pub(super) fn cause_notes(causes: Option<Causes>, parts: &[(Cause, Money)]) -> Vec<String> {
    let Some(causes) = causes else { return vec![String::new(); parts.len()] };
    let percent =
        |ppm: Option<u32>| ppm.map_or(format::UNKNOWN.to_owned(), |ppm| format!("{:.1}", f64::from(ppm) / 1e4));
    let count = |milli: i64| format::grouped((milli.max(0) as u128 + 500) / 1_000);
    let note = |(cause, part): &(Cause, Money)| match cause {
        Cause::Traffic => match causes.tokens_ppm {
            None => String::new(),
            Some(ppm) if ppm.abs() < 5_000 => "same tokens".to_owned(),
            Some(ppm) if ppm > 9_994_999 => "> +999 % tokens".to_owned(),
            Some(ppm) => format!("{}{:.0} % tokens", if ppm < 0 { '−' } else { '+' }, (ppm as f64 / 1e4).abs()),
        },
        Cause::HitRate => {
            let [then, now] = causes.hits_ppm.map(percent);
            format!("{then} → {now} %")
        }
        Cause::Price if part.is_zero() => "no change".to_owned(),
        Cause::Unpriced if !causes.has_unpriced => "none".to_owned(),
        Cause::Mix | Cause::Price | Cause::Unpriced => String::new(),
        Cause::Gpus => {
            let [then, now] = causes.working_milli.map(count);
            format!("{then} → {now}")
        }
        Cause::Idle => {
            let [then, now] = causes.idle_milli.map(count);
            format!("{then} → {now} GPUs")
        }
    };
    parts.iter().map(note).collect()
}
