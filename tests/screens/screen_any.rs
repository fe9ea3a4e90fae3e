//! Whatever the snapshot and whatever the size: drawing never panics, and nothing leaves its cells.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{EngineKind, EngineRole, Health, Label, ModelName, UnitName};
use margintop::snapshot::{Rule, Severity, Snapshot, VitalLine};
use margintop::statement::{By, settled_minute};
use margintop::tui::app::{Action, App, Command, Direction, Motion};
use margintop::tui::frame_input::FrameInput;
use margintop::tui::ledger_query::{Against, Hour, LedgerQuery, LedgerResult, MoneyPage, MoneyQuery, WhatIfPage};
use margintop::tui::theme::Theme;
use margintop::tui::view::ViewId;
use margintop::units::{Money, Ratio, Span, Timestamp, Tokens};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use samples::pages::{self, Page, book};
use samples::past::{Making, classes, gpu_time};
use samples::{Case, case, empty};

fn draw(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles()))).unwrap();
    terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect()
}

fn app(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

/// Keys that change what is drawn.
const KEYS: &[Command] = &[
    Command::By,
    Command::Silence,
    Command::AsItWas,
    Command::Explain,
    Command::Prompt,
    Command::Complete(Direction::Next),
    Command::Cursor,
    Command::Block(Direction::Next),
    Command::Step(Direction::Previous),
    Command::Leap(Direction::Previous),
    Command::Now,
    Command::Enter,
    Command::Back,
    Command::Sort,
    Command::Reverse,
    Command::Fold,
    Command::FoldAll,
    Command::Cells,
    Command::Form,
    Command::StepSpan(Direction::Next),
    Command::Neighbour(Direction::Next),
    Command::AlertsOf,
    Command::Move(Motion::Bottom),
];

/// Class: a part of a view that stands in another one, or beyond the screen.
#[test]
fn parts_of_a_view_never_overlap() {
    for which in Case::ALL {
        let app = app(case(which));
        for (width, height) in [(40, 8), (76, 20), (80, 24), (110, 30), (120, 36), (160, 45), (200, 50), (400, 120)] {
            let area = Rect::new(1, 2, width - 2, height - 3);
            let input = FrameInput { app: &app, snap: app.shown(), size: (width, height) };
            for view in ViewId::ALL {
                let layout = view.view().layout(&input, area);
                for (nth, (part, here)) in layout.parts().iter().enumerate() {
                    assert_eq!(here.intersection(area), *here, "{part:?} of {view:?} in {which:?} at {width}x{height}");
                    for (other, there) in layout.parts().iter().skip(nth + 1) {
                        assert!(
                            !here.intersects(*there),
                            "{part:?} and {other:?} of {view:?} in {which:?} at {width}x{height}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_case_at_every_awkward_size() {
    for which in Case::ALL {
        let mut app = app(case(which));
        for view in ViewId::ALL.iter().copied() {
            app.update(Action::Command(Command::Show(view)));
            for (width, height) in
                [(0, 0), (1, 1), (0, 9), (9, 0), (20, 5), (40, 8), (41, 9), (76, 20), (110, 33), (250, 80)]
            {
                draw(&app, width, height);
            }
        }
    }
}

#[test]
fn every_page_and_pane_at_every_awkward_size() {
    for page in Page::ALL {
        let mut app = pages::app(page);
        for key in [Command::Show(ViewId::Money); 6].into_iter().chain([Command::WhatIf]) {
            for (width, height) in [
                (0, 0),
                (1, 1),
                (40, 8),
                (41, 9),
                (41, 30),
                (78, 20),
                (79, 21),
                (90, 60),
                (108, 32),
                (250, 80),
                (250, 9),
            ] {
                draw(&app, width, height);
            }
            app.update(Action::Command(key));
            pages::answer(&mut app, page);
        }
    }
}

#[test]
fn no_margin_of_the_money_view_is_bare() {
    for page in Page::ALL {
        for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
            let mut app = pages::app(page);
            for _ in 0..2 {
                let text = draw(&app, width, height).replace("margintop", "").replace("gross margin", "");
                assert!(!text.contains("margin"), "{page:?} at {width}x{height}");
                app.update(Action::Command(Command::WhatIf));
                pages::answer(&mut app, page);
            }
        }
    }
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
        let text = draw(&app(case(Case::Hostile)), width, height);
        assert!(!text.chars().any(char::is_control), "{width}x{height}");
        assert!(!text.contains('\u{202e}'), "{width}x{height}");
    }
}

#[test]
fn no_margin_is_bare_and_list_prices_are_called_theoretical() {
    for which in Case::ALL {
        for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
            let snapshot = case(which);
            let (theoretical, revenue) = (snapshot.money.theoretical, snapshot.money.revenue);
            let text = draw(&app(snapshot), width, height);
            let bare = text.replace("margintop", "").replace("gross margin", "");
            assert!(!bare.contains("margin"), "{which:?} at {width}x{height}");
            // Where there is room for more than the bare profit.
            if theoretical && revenue.is_some() && width >= 80 {
                assert!(text.contains("theoretical"), "{which:?} at {width}x{height}");
            }
        }
    }
}

fn text() -> impl Strategy<Value = Label> {
    prop_oneof!["[a-z0-9-]{0,20}", "\\PC{0,40}", ".{0,300}"].prop_map(|text| Label::new(&text))
}

fn number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        Just(Some(0.0)),
        Just(Some(f64::MAX)),
        Just(Some(f64::NAN)),
        Just(Some(f64::INFINITY)),
        (-1e3..1e9).prop_map(Some),
        (0.0..1.0).prop_map(Some)
    ]
}

fn ratio() -> impl Strategy<Value = Option<Ratio>> {
    number().prop_map(|n| n.and_then(Ratio::new))
}

fn money() -> impl Strategy<Value = Option<Money>> {
    prop_oneof![
        Just(None),
        Just(Some(Money::ZERO)),
        any::<i64>().prop_map(|m| Some(Money::from_micros(m))),
        (i128::MIN / 4..i128::MAX / 4).prop_map(|g| Some(Money::from_grains(g)))
    ]
}

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![Just(Health::Live), Just(Health::Stale), Just(Health::Lost), Just(Health::Never)]
}

prop_compose! {
    fn snapshot()(
        at in any::<i64>(),
        names in prop::collection::vec((text(), prop::option::of(text()), 0_usize..18, health()), 0..40),
        engines in prop::collection::vec((text(), health(), number(), ratio(), prop::option::of(text())), 0..12),
        models in prop::collection::vec((text(), money(), number()), 0..6),
        sums in (money(), money(), money(), money(), ratio(), ratio(), ratio()),
        flags in any::<(bool, bool, bool, u64, usize)>(),
        rates in (number(), number(), number(), ratio(), ratio()),
        lines in (prop::collection::vec(prop::option::of(any::<f32>()), 0..400), any::<i32>(), any::<i64>()),
        alerts in prop::collection::vec((text(), text(), any::<i64>()), 0..5),
        currency in text(),
    ) -> Snapshot {
        let mut snapshot = empty();
        snapshot.at = Timestamp::from_millis(at / 4);
        for (name, unit, gpus, state) in names {
            let mut row = samples::node(name.as_str(), unit.as_ref().map(Label::as_str), gpus, 0, "NVIDIA B200");
            row.state = state;
            for gpu in &mut row.gpus {
                gpu.state = state;
                gpu.utilization = rates.3;
                gpu.heat = rates.4;
                gpu.power_watts = rates.0;
            }
            snapshot.gpus.count += gpus;
            if let Some(unit) = unit {
                snapshot.units.push(samples::unit(unit.as_str(), EngineRole::Decode, gpus, 1, 1));
            }
            snapshot.nodes.push(Arc::new(row));
        }
        for (model, state, rate, kv, note) in engines {
            let mut row = samples::engine(0, 0, EngineKind::named("sglang"), model.as_str(), EngineRole::Decode, 0.0, 0.0);
            row.unit = note.as_ref().map(|n| UnitName::new(n.as_str()));
            (row.state, row.output_per_second, row.kv_usage, row.note) = (state, rate, kv, note);
            snapshot.engines.push(Arc::new(row));
        }
        for (name, revenue, rate) in models {
            let mut row = samples::model(name.as_str(), 0.0, 0.0, revenue, revenue);
            row.model = ModelName::new(name.as_str());
            row.output_per_second = rate;
            snapshot.models.push(row);
        }
        let m = &mut snapshot.money;
        (m.revenue, m.cost, m.profit, m.profit_per_hour) = (sums.0, sums.1, sums.2, sums.3);
        (m.profit_on_cost, m.gross_margin, m.break_even_load) = (sums.4, sums.5, sums.6);
        (m.lower_bound, m.upper_bound, m.theoretical, m.unpriced_tokens, m.uncosted_engines) = flags;
        (m.idle_cost, m.break_even_price, m.cost_per_million) = (sums.0, sums.1, sums.2);
        m.since = Some(Timestamp::from_millis(at));
        m.currency = currency;
        snapshot.tokens.output_per_second = rates.0;
        snapshot.tokens.prompt_per_second = rates.1;
        snapshot.tokens.cached_per_second = rates.2;
        snapshot.tokens.output_total = Some(Tokens::new(flags.3));
        snapshot.gpus.utilization = rates.3;
        let line = VitalLine { points: lines.0.into(), change: rates.1 };
        snapshot.vitals.step = Span::from_millis(lines.1.into());
        snapshot.vitals.until = Timestamp::from_millis(lines.2);
        snapshot.vitals.output = line.clone();
        snapshot.vitals.prompt = line.clone();
        snapshot.vitals.prompt_hit = line;
        for (subject, words, since) in alerts {
            let since = Timestamp::from_millis(since / 4);
            snapshot.alerts.push(samples::alert(Rule::Loss, Severity::Critical, subject.as_str(), since, words.as_str()));
        }
        snapshot
    }
}

prop_compose! {
    /// A past of anything: names, prices, rates and counts at their edges.
    fn past()(
        at in 0_i64..4_000_000_000_000,
        names in (text(), text(), text(), text()),
        prices in prop::sample::select(vec!["0", "0.000000001", "0.55", "1000000"]),
        rate in prop::sample::select(vec![None, Some("0"), Some("2.00"), Some("999999.99")]),
        cells in prop::collection::vec((0_i64..96, 0_u64..1_000_000_000_000, 0_u64..1_000_000_000_000, any::<bool>()), 0..20),
        gpu_times in prop::collection::vec((0_i64..96, 0_u32..100_000, any::<bool>()), 0..20),
    ) -> margintop::ledger::Past {
        let mut made = Making::default();
        let since = Timestamp::from_millis(at / 900_000 * 900_000);
        (made.0.since, made.0.until) = (since, since + Span::from_secs(86_400));
        let account = made.account(names.0.as_str(), Some(names.1.as_str()), names.2.as_str(), EngineRole::Decode);
        let cost_account = made.cost_account(Some(names.0.as_str()), Some(names.1.as_str()), rate);
        let tariff = made.tariff(names.3.as_str(), names.2.as_str(), [prices; 3]);
        for (quarter, prompt, output, priced) in cells {
            let bucket = since + Span::from_secs(quarter * 900);
            made.tokens(bucket, account, priced.then_some(tariff), classes(prompt, prompt / 3, output));
        }
        for (quarter, gpus, idle) in gpu_times {
            let bucket = since + Span::from_secs(quarter * 900);
            made.rent(bucket, cost_account, gpu_time(gpus, 15), gpu_time(if idle { gpus } else { 0 }, 15));
        }
        made.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn drawing_a_page_never_panics(
        snapshot in snapshot(),
        pasts in (past(), past(), past()),
        hours in prop::collection::vec((money(), money(), money()), 0..40),
        (width, height) in (0_u16..400, 0_u16..120),
        panes in 0_usize..5,
        (steps, against) in (0_usize..5, 0_usize..3),
    ) {
        let mut app = app(snapshot);
        app.has_past = true;
        let at = pasts.0.until - Span::from_secs(1);
        let question = MoneyQuery { at, minute: settled_minute(at), against: Against::ALL[against], by: By::Model };
        let four = [pasts.0.clone(), pasts.0.clone(), pasts.1, pasts.2];
        let mut page = MoneyPage::of(question, &four, &book(), &TimeZone::UTC, Some(Money::ZERO));
        for _ in 0..=panes {
            app.update(Action::Command(Command::Show(ViewId::Money)));
        }
        app.update(Action::QueryResult(LedgerResult::Money(Ok(Arc::new(page.clone())))));
        draw(&app, width, height);
        page.hours = hours.iter().map(|(revenue, cost, profit)| Hour { begin: at, revenue: *revenue, cost: *cost, profit: *profit, lower_bound: false }).collect();
        app.update(Action::QueryResult(LedgerResult::Money(Ok(Arc::new(page)))));
        draw(&app, width, height);
        app.update(Action::Command(Command::WhatIf));
        for field in 0..6 {
            for _ in 0..=steps {
                app.update(Action::Command(Command::Step(if field % 2 == 0 { Direction::Next } else { Direction::Previous })));
            }
            app.update(Action::Command(Command::Move(Motion::Down)));
        }
        while let Some(question) = app.next_query() {
            app.update(match question {
                LedgerQuery::WhatIf(asked) => Action::QueryResult(LedgerResult::WhatIf(Ok(Arc::new(WhatIfPage::of(&asked, &pasts.0, &book()))))),
                LedgerQuery::Money(_) | LedgerQuery::Day(_) | LedgerQuery::AtLists(..) => Action::QueryDropped,
            });
        }
        draw(&app, width, height);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn drawing_never_panics(snapshot in snapshot(), width in 0_u16..400, height in 0_u16..120, view in 0_usize..ViewId::COUNT, moves in 0_usize..60, keys in prop::collection::vec(0_usize..KEYS.len(), 0..12)) {
        let mut app = app(snapshot);
        app.update(Action::Command(Command::Show(ViewId::ALL[view])));
        for _ in 0..moves {
            app.update(Action::Command(Command::Move(Motion::Down)));
        }
        draw(&app, width, height);
        for key in keys {
            app.update(Action::Command(KEYS[key]));
            draw(&app, width, height);
        }
        app.update(Action::Command(Command::Help));
        draw(&app, width, height);
    }
}
