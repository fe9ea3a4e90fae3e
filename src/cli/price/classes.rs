//! The revenue of each token class.

use serde::Serialize;

use super::question::PriceQuestion;
use crate::cli::Failure;
use crate::pricing::Quote;
use crate::reading::Label;
use crate::units::{Money, Price, Share, Tokens};

/// One class of tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ClassLine {
    pub(super) class: Label,
    pub(super) tokens: Tokens,
    /// Per million.
    pub(super) price: Price,
    pub(super) revenue: Money,
}

/// Every class that has tokens, and the three that every engine counts.
pub(super) fn lines(
    quote: &Quote<'_>,
    question: &PriceQuestion,
    paid: Option<Share>,
) -> Result<Vec<ClassLine>, Failure> {
    let share = paid.unwrap_or(Share::ALL);
    let line = |class: &str, tokens: Tokens, price: Price| ClassLine {
        class: Label::new(class),
        tokens,
        price,
        revenue: price.of_share(tokens, share),
    };
    let mut lines = vec![
        line("miss", question.miss, quote.prices.miss),
        line("hit", question.hit, quote.prices.hit),
        line("output", question.output, quote.prices.output),
    ];
    for (class, tokens) in &question.classes {
        let price = quote.class(class).ok_or_else(|| {
            let (list, tier) = (&quote.list.name, quote.tier);
            Failure::Usage(format!("--class {class}: list {list} has no price for it in tier {tier}"))
        })?;
        lines.push(line(class, *tokens, price));
    }
    Ok(lines)
}
