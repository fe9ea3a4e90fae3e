//! The same tokens at every list of the book, side by side.

use serde::Serialize;

use super::class_lines::lines;
use super::question::PriceQuestion;
use crate::pricing::{Book, Exchange, PriceList, Provenance, Quote};
use crate::reading::Label;
use crate::units::{Money, Ratio, Share, Timestamp, gross_margin, profit_on_cost, quotient};

/// One list and tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ListComparison {
    pub(crate) list: Label,
    pub(crate) tier: Label,
    /// The list's own currency.
    pub(crate) currency: Label,
    pub(crate) provenance: Provenance,
    /// When the list begins, if it is not in force yet.
    pub(crate) list_begins: Option<Timestamp>,
    /// In that currency; absent if the list has no price for a class that was asked for.
    pub(crate) revenue: Option<Money>,
    /// The revenue as a multiple of the first row's; across currencies only with an exchange rate.
    pub(crate) times_first: Option<Ratio>,
    /// Both margins by the first row's cost.
    pub(crate) profit_on_cost: Option<Ratio>,
    pub(crate) gross_margin: Option<Ratio>,
    /// The day of the exchange rate, if one was needed.
    pub(crate) converted: Option<Label>,
    #[serde(skip)]
    order: (bool, Option<Money>),
}

/// The requested list, then those of its currency by revenue, then those of others.
pub(crate) fn compare(
    (book, exchange): (&Book, &Exchange),
    question: &PriceQuestion,
    (chosen, paid, at): (&Quote<'_>, Option<Share>, Timestamp),
    first: Money,
    cost: Option<Money>,
) -> Vec<ListComparison> {
    let ours = book.currency();
    let row = |quote: &Quote<'_>| {
        let lines = lines(quote, question, paid).ok().filter(|_| quote.list.is_known(at));
        let revenue = lines.map(|lines| lines.iter().map(|line| line.revenue).sum::<Money>());
        let foreign = quote.list.currency != ours;
        let conversion = exchange.conversion(&quote.list.currency, ours, at).filter(|_| foreign);
        let worth = match conversion {
            Some(conversion) => revenue.and_then(|revenue| conversion.money(revenue)),
            None => revenue.filter(|_| !foreign),
        };
        ListComparison {
            list: Label::new(&quote.list.name),
            tier: Label::new(quote.tier),
            currency: Label::new(&quote.list.currency),
            provenance: quote.list.provenance,
            list_begins: quote.list.from.filter(|from| *from > at),
            revenue: revenue.map(|revenue| revenue.round_to(6)),
            times_first: worth.and_then(|worth| quotient(worth, first)),
            profit_on_cost: worth.zip(cost).and_then(|(worth, cost)| profit_on_cost(worth, cost)),
            gross_margin: worth.zip(cost).and_then(|(worth, cost)| gross_margin(worth, cost)),
            converted: conversion.map(|conversion| Label::new(conversion.dated)),
            order: (foreign, revenue),
        }
    };
    let is_chosen = |quote: &Quote<'_>| (&quote.list.name, quote.tier) == (&chosen.list.name, chosen.tier);
    let quotes = book.lists().flat_map(PriceList::quotes).filter(|quote| !is_chosen(quote));
    let mut others: Vec<_> = quotes.map(|quote| row(&quote)).collect();
    others.sort_by(|a, b| (a.order.0, &a.currency, a.order.1).cmp(&(b.order.0, &b.currency, b.order.1)));
    std::iter::once(row(chosen)).chain(others).collect()
}
