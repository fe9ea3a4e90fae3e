//! The past with another share of cached prompt tokens.

use super::classes::ClassScale;
use crate::ledger::{Past, TokenCell};
use crate::units::{Share, Tokens};

/// Prompt tokens of a past and the hits among them, with or without a price.
fn prompts(past: &Past) -> (u128, u128) {
    past.tokens.iter().fold((0, 0), |(prompts, hits), cell| {
        let hit = u128::from(cell.tokens.hit.count());
        (prompts + hit + u128::from(cell.tokens.miss.count()), hits + hit)
    })
}

/// The past with this hit rate over all of it. The number of prompt tokens does not change, nor the order of accounts
/// by hit rate: for fewer hits each cell keeps the same part of its hits, for more hits the same part of its misses.
/// The past's own rate, to six decimals, changes nothing.
pub(super) fn with_hit_rate(mut past: Past, share: Share) -> Past {
    let (prompts, hits) = prompts(&past);
    let ppm = u128::from(share.ppm());
    let same = |half: u128| (hits * 1_000_000 + half).checked_div(prompts).is_none_or(|now| now == ppm);
    if same(0) || same(prompts / 2) {
        return past;
    }
    let wanted = prompts * ppm / 1_000_000;
    let fewer = wanted < hits;
    // The tokens that shrink, and their new number.
    let (whole, rest) = if fewer { (hits, wanted) } else { (prompts - hits, prompts - wanted) };
    let mut scale = ClassScale::new(rest.cast_signed(), whole.cast_signed());
    // Cells of equal worth are one class, so that the result does not depend on how the postings are divided into
    // cells.
    let costed: Vec<bool> = past.accounts.iter().map(|account| account.costed).collect();
    let class = |cell: &TokenCell| {
        let tariff = cell.tariff.map_or(0, |tariff| tariff.index() + 1);
        2 * tariff + usize::from(costed.get(cell.account.index()).copied().unwrap_or_default())
    };
    for cell in &past.tokens {
        let shrinks = if fewer { cell.tokens.hit } else { cell.tokens.miss };
        scale.count(class(cell), shrinks.count().into());
    }
    scale.begin();
    for cell in &mut past.tokens {
        let class = class(cell);
        let (shrinks, grows) = if fewer {
            (&mut cell.tokens.hit, &mut cell.tokens.miss)
        } else {
            (&mut cell.tokens.miss, &mut cell.tokens.hit)
        };
        let kept = scale.part(class, shrinks.count().into()).and_then(|kept| u64::try_from(kept).ok());
        let kept = Tokens::new(kept.unwrap_or_default());
        (*shrinks, *grows) = (kept, *grows + shrinks.saturating_sub(kept));
    }
    past
}
