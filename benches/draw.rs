//! One frame of the overview at 200x50 over 278 nodes and 2,224 GPUs, what a new snapshot costs before it, and one frame
//! of the money view and the fold behind it.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use margintop::statement::{By, settled_minute};
use margintop::tui::app::{Action, App, Command};
use margintop::tui::ledger_query::{Against, MoneyPage, MoneyQuery};
use margintop::tui::terminal::StyleSortedBackend;
use margintop::tui::theme::{Depth, Theme, ThemeRegistry};
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::layout::Size;
use samples::pages::{self, Page};
use samples::past::deepseek_day;

fn frames(c: &mut Criterion) {
    let theme = Theme::new(&ThemeRegistry::built_in().unwrap().palettes()[0], Depth::True);
    let snapshots: Vec<_> = (0..8).map(|beat| Arc::new(samples::fleet(beat))).collect();
    let mut app = App::new(snapshots[0].clone(), TimeZone::UTC, Span::from_secs(1), 1);
    let mut terminal = Terminal::new(StyleSortedBackend::new(std::io::sink(), || Ok(Size::new(200, 50)))).unwrap();
    let mut next = snapshots.iter().cycle();

    c.bench_function("take in a snapshot of 2,224 GPUs", |b| {
        b.iter(|| app.update(Action::Fresh(black_box(next.next().unwrap().clone()))));
    });
    c.bench_function("draw 200x50 with 2,224 GPUs, every figure moving", |b| {
        b.iter(|| {
            app.update(Action::Fresh(next.next().unwrap().clone()));
            terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &theme))).unwrap();
        });
    });
    c.bench_function("draw 200x50 with 2,224 GPUs, nothing moving", |b| {
        b.iter(|| {
            terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &theme))).unwrap();
        });
    });
    let mut money = pages::app(Page::Fleet);
    c.bench_function("draw the money view at 200x50, every figure moving", |b| {
        b.iter(|| {
            money.update(Action::Fresh(next.next().unwrap().clone()));
            terminal.draw(|frame| drop(margintop::tui::draw(frame, &money, money.shown(), &theme))).unwrap();
        });
    });
    money.update(Action::Command(Command::WhatIf));
    pages::answer(&mut money, Page::Fleet);
    c.bench_function("draw the what-if form over it", |b| {
        b.iter(|| {
            terminal.draw(|frame| drop(margintop::tui::draw(frame, &money, money.shown(), &theme))).unwrap();
        });
    });
}

/// What the ledger's thread does for one page, without the reading of the file.
fn folds(c: &mut Criterion) {
    let at = deepseek_day().until - Span::from_secs(1);
    let asked = MoneyQuery { at, minute: settled_minute(at), against: Against::Quarter, by: By::Model };
    let pasts = [deepseek_day(), deepseek_day(), deepseek_day(), deepseek_day()];
    let book = pages::book();
    c.bench_function("fold a page of 278 nodes' day in quarter hours", |b| {
        b.iter(|| MoneyPage::of(black_box(asked), &pasts, &book, &TimeZone::UTC, None));
    });
}

criterion_group!(benches, frames, folds);
criterion_main!(benches);
