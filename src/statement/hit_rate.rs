//! The past with another share of its prompts read from a cache.

use crate::ledger::Past;
use crate::units::{Share, Tokens};

/// Prompt tokens of a past and those of them that were hits, with a price or without.
fn prompts(past: &Past) -> (u128, u128) {
    past.tokens.iter().fold((0, 0), |(prompts, hits), cell| {
        let hit = u128::from(cell.tokens.hit.count());
        (prompts + hit + u128::from(cell.tokens.miss.count()), hits + hit)
    })
}

/// The past with this hit rate over all of it. Whole prompts stay what they are, and who hit more than others still does:
/// for fewer hits each cell keeps the same part of its hits, for more of them the same part of its misses. The rate that
/// the past has, to six decimals, changes nothing.
pub(super) fn with_hit_rate(mut past: Past, share: Share) -> Past {
    let (prompts, hits) = prompts(&past);
    let ppm = u128::from(share.ppm());
    let same = |half: u128| (hits * 1_000_000 + half).checked_div(prompts).is_none_or(|now| now == ppm);
    if same(0) || same(prompts / 2) {
        return past;
    }
    let wanted = prompts * ppm / 1_000_000;
    let fewer = wanted < hits;
    // What shrinks, and to what.
    let (whole, rest) = if fewer { (hits, wanted) } else { (prompts - hits, prompts - wanted) };
    let (mut before, mut after) = (0, 0);
    for cell in &mut past.tokens {
        let (shrinks, grows) = if fewer {
            (&mut cell.tokens.hit, &mut cell.tokens.miss)
        } else {
            (&mut cell.tokens.miss, &mut cell.tokens.hit)
        };
        before += u128::from(shrinks.count());
        let upto = (before * rest).checked_div(whole).unwrap_or_default();
        let kept = Tokens::new(u64::try_from(upto - after).unwrap_or_default());
        after = upto;
        (*shrinks, *grows) = (kept, *grows + shrinks.saturating_sub(kept));
    }
    past
}
