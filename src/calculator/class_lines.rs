//! The revenue of each token class.

use std::fmt;

use serde::Serialize;

use super::question::PriceQuestion;
use crate::pricing::Quote;
use crate::reading::Label;
use crate::units::{Money, Price, Share, Tokens};

/// One class of tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ClassLine {
    pub(crate) class: Label,
    pub(crate) tokens: Tokens,
    /// Per million.
    pub(crate) price: Price,
    pub(crate) revenue: Money,
}

/// A class of tokens that a list does not price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnpricedClass {
    class: String,
    list: String,
    tier: String,
}

impl fmt::Display for UnpricedClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, list, tier } = self;
        write!(f, "{class}: list {list} has no price for it in tier {tier}")
    }
}

/// Every class that has tokens, and the three that every engine counts.
///
/// # Errors
/// The first class that the list does not price.
pub(crate) fn lines(
    quote: &Quote<'_>,
    question: &PriceQuestion,
    paid: Option<Share>,
) -> Result<Vec<ClassLine>, UnpricedClass> {
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
        let price = quote.class(class).ok_or_else(|| UnpricedClass {
            class: class.clone(),
            list: quote.list.name.clone(),
            tier: quote.tier.to_owned(),
        })?;
        lines.push(line(class, *tokens, price));
    }
    Ok(lines)
}
