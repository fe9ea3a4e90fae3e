//! Reads the calculator's question from the arguments: tokens by class and GPU-hours, exactly as written.

use super::args::PriceArgs;
use crate::calculator::{ClassCounts, PriceQuestion};
use crate::cli::Failure;
use crate::units::{Decimal, Tokens};

/// The most tokens of a class. At the largest price the revenue of all classes together does not overflow.
const MOST: i64 = 1_000_000_000_000_000;
/// The most GPU-hours, in billionths, for the same reason.
const MOST_NANOHOURS: i64 = 1_000_000_000_000_000_000;
/// The most classes besides the three that every engine counts.
const MOST_CLASSES: usize = 8;

/// The question of a call.
///
/// # Errors
/// The flag, what is wrong with it, and what to write.
pub(super) fn question(args: &PriceArgs) -> Result<PriceQuestion, Failure> {
    let (input, hit) = (tokens("--input", &args.input)?, tokens("--cached", &args.cached)?);
    let miss = input.checked_sub(hit).ok_or_else(|| {
        let (hit, input) = (hit.count(), input.count());
        Failure::Usage(format!(
            "--cached {hit} is more than --input {input}: --input is all prompt tokens, the cached included"
        ))
    })?;
    if args.class.len() > MOST_CLASSES {
        return Err(Failure::Usage(format!("--class: more than {MOST_CLASSES} classes: ask in parts")));
    }
    let mut classes = ClassCounts::new();
    for class in &args.class {
        let Some((name, count)) = class.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            let why = format!("--class {class}: write the class and its tokens, like --class write_5m=1e6");
            return Err(Failure::Usage(why));
        };
        if matches!(name, "hit" | "miss" | "output") || classes.contains_key(name) {
            let why = format!("--class {name}: counted already, by --input, --cached, --output or another --class");
            return Err(Failure::Usage(why));
        }
        classes.insert(name.to_owned(), tokens(&format!("--class {name}"), count)?);
    }
    let nanohours = args.gpu_hours.as_deref().map(hours).transpose()?;
    Ok(PriceQuestion { miss, hit, output: tokens("--output", &args.output)?, classes, nanohours })
}

fn tokens(flag: &str, text: &str) -> Result<Tokens, Failure> {
    let refuse = |why: String| Failure::Usage(format!("{flag} \"{text}\": {why}"));
    let count = Decimal::parse(text).and_then(|number| number.scaled(0));
    let count = count.map_err(|_| refuse("write a whole number, like 608e9 or 608_000_000_000".to_owned()))?;
    match u64::try_from(count) {
        Ok(tokens) if count <= MOST => Ok(Tokens::new(tokens)),
        _ => Err(refuse("more than 1e15: write fewer tokens".to_owned())),
    }
}

fn hours(text: &str) -> Result<i64, Failure> {
    let refuse = |why: &dyn std::fmt::Display| Failure::Usage(format!("--gpu-hours \"{text}\": {why}"));
    match Decimal::parse(text).and_then(|number| number.scaled(9)) {
        Ok(nanos) if nanos <= MOST_NANOHOURS => Ok(nanos),
        Ok(_) => Err(refuse(&"more than 1e9: write fewer hours")),
        Err(error) => Err(refuse(&error)),
    }
}
