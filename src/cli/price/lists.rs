//! Every list of the book: its dates, origin and prices.

use serde::Serialize;

use crate::natural_order::natural_cmp;
use crate::pricing::{Book, PriceList, Provenance, Quote};
use crate::reading::Label;
use crate::tui::format;
use crate::units::{Price, Timestamp};

/// One list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ListLine {
    list: Label,
    currency: Label,
    provenance: Provenance,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Whether it has begun and not ended at `--at`.
    in_force: bool,
    tiers: Vec<Tier>,
    source: Label,
}

/// The prices of a tier per million tokens.
#[allow(clippy::struct_field_names, reason = "the key of the JSON")]
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tier {
    tier: Label,
    hit: Price,
    miss: Price,
    output: Price,
}

/// All lists of a book by name, with numbers in names compared as numbers; lists of one name in the order of the book.
pub(super) fn of(book: &Book, at: Timestamp) -> Vec<ListLine> {
    let tier = |quote: Quote<'_>| Tier {
        tier: Label::new(quote.tier),
        hit: quote.prices.hit,
        miss: quote.prices.miss,
        output: quote.prices.output,
    };
    let listed = |list: &PriceList| ListLine {
        list: Label::new(&list.name),
        currency: Label::new(&list.currency),
        provenance: list.provenance,
        from: list.from,
        until: list.until,
        in_force: list.from.is_none_or(|from| from <= at) && list.until.is_none_or(|until| at < until),
        tiers: list.quotes().map(tier).collect(),
        source: Label::new(&list.source),
    };
    let mut lists: Vec<ListLine> = book.lists().map(listed).collect();
    lists.sort_by(|one, other| natural_cmp(one.list.as_str(), other.list.as_str()));
    lists
}

/// A row for each tier.
pub(super) fn render(lists: &[ListLine]) -> String {
    let wide = lists.iter().map(|list| format::width(list.list.as_str())).max().unwrap_or(0).max(4);
    let head = ["tier", "hit", "miss", "output", "from", "until", "in force", "says"];
    let mut out = row("list", wide, head.map(str::to_owned), "source");
    for list in lists {
        let day =
            |at: Option<Timestamp>| at.map_or_else(|| format::UNKNOWN.to_owned(), |at| at.to_string()[..10].to_owned());
        for tier in &list.tiers {
            let symbol = format::symbol(list.currency.as_str());
            let price = |price: Price| format!("{symbol}{price}");
            let cells = [
                tier.tier.to_string(),
                price(tier.hit),
                price(tier.miss),
                price(tier.output),
                day(list.from),
                day(list.until),
                if list.in_force { "yes" } else { "no" }.to_owned(),
                list.provenance.to_string(),
            ];
            out += &row(list.list.as_str(), wide, cells, list.source.as_str());
        }
    }
    out
}

fn row(
    name: &str,
    wide: usize,
    [tier, hit, miss, output, from, until, in_force, says]: [String; 8],
    source: &str,
) -> String {
    let name = format::pad_right(name, wide);
    let line = format!(
        "{name}  {tier:<10}{hit:>11}{miss:>11}{output:>11}  {from:<10}  {until:<10}  {in_force:<8}  {says:<10}  {source}"
    );
    line.trim_end().to_owned() + "\n"
}
