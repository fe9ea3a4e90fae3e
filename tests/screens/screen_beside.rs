//! The tables beside the fleet: every model, one figure of what is unpriced, and no rows left empty between them.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::Label;
use margintop::snapshot::{NonModelProfit, Snapshot, ValueAtList};
use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use samples::{dollars, fleet, hands::text, hands::type_, twelve};

fn of(snapshot: Snapshot) -> App {
    App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1)
}

/// Twelve nodes with a model without a price, and an alert.
fn unpriced() -> Snapshot {
    let mut snapshot = twelve();
    let row = snapshot.models.last_mut().unwrap();
    row.money = margintop::snapshot::ModelMoney { cost_per_hour: Some(dollars(31.2)), ..Default::default() };
    let money = &mut snapshot.money;
    money.unpriced_tokens = 797_000;
    money.profit_beside_models =
        vec![NonModelProfit { name: Label::new("(unpriced)"), profit_per_hour: dollars(-31.2) }];
    money.compare = Some(ValueAtList {
        list: Label::new("deepseek-r1-standard"),
        amount: dollars(40.0),
        per_hour: Some(dollars(159.12)),
    });
    assert!(!snapshot.alerts.is_empty());
    snapshot
}

/// Class: a row of a table that vanishes without a word where its total stands.
#[test]
fn no_model_vanishes_from_the_overview() {
    let snapshot = unpriced();
    let names: Vec<String> = snapshot.models.iter().map(|row| row.model.to_string()).collect();
    let app = of(snapshot);
    for (width, height) in [(120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let from = frame.lines().position(|line| line.contains("─ Models")).unwrap();
        let table = frame.lines().skip(from).collect::<Vec<_>>().join("\n");
        let missing = names.iter().filter(|name| !table.contains(name.as_str())).count();
        assert!(missing == 0 || table.contains("more"), "{missing} of {names:?}: {frame}");
        assert!(names.iter().all(|name| table.contains(name.as_str())), "{frame}");
    }
    let mut many = unpriced();
    let like = many.models[0].clone();
    many.models.extend((0..9).map(|nth| margintop::snapshot::ModelRow {
        model: margintop::reading::ModelName::new(&format!("model-{nth}")),
        ..like.clone()
    }));
    let frame = text(&of(many), 120, 36);
    assert!(frame.contains(" more"), "{frame}");
}

/// Class: what is unpriced is another amount in each table.
#[test]
fn what_is_unpriced_is_its_rent_everywhere() {
    let mut app = of(unpriced());
    for (width, height) in [(120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let rows: Vec<&str> = frame.lines().filter(|line| line.contains("qwen3-32b")).collect();
        assert!(rows.iter().any(|line| line.contains("its rent") && line.contains("31.20")), "{frame}");
        // The total leaves nothing out.
        assert!(!frame.contains("cost sum"), "{frame}");
        assert!(!frame.contains("(unpriced)"), "{frame}");
        // What its tokens would be worth is in the sentence alone, named.
        assert!(!frame.replace("≈ $159.12/h", "").contains("159"), "{frame}");
    }
    app.update(Action::Command(Command::Show(ViewId::Models)));
    let frame = text(&app, 120, 36);
    let row = frame.lines().find(|line| line.trim_start().starts_with("qwen3-32b")).unwrap();
    // Beside amounts of thousands it has no cents.
    assert!(row.contains(" 31 ") && row.contains("unpriced"), "{row}");
}

/// Class: a sentence cut in its middle.
#[test]
fn the_way_back_from_one_unit_is_whole() {
    let mut app = of(fleet(0));
    type_(&mut app, "4");
    app.update(Action::Command(Command::Enter));
    for width in [80, 120, 200] {
        let frame = text(&app, width, 36);
        if app.subject().is_some() && frame.contains(" shown") {
            assert!(frame.contains("shown, Esc: all"), "{width}: {frame}");
        }
        assert!(!frame.contains("sho…"), "{frame}");
    }
    let mut app = of(fleet(0));
    app.update(Action::Command(Command::Show(ViewId::Overview)));
    app.update(Action::Command(Command::Enter));
    assert!(app.subject().is_some());
    let frame = text(&app, 120, 36);
    assert!(frame.contains("shown, Esc: all") || !frame.contains("shown"), "{frame}");
}

/// Class: rows that stay empty between tables that are cut.
#[test]
fn the_tables_beside_a_fleet_leave_no_rows_empty_between_them() {
    let frame = text(&of(fleet(0)), 120, 36);
    let right: Vec<String> = frame.lines().map(|line| line.chars().skip(62).collect::<String>()).collect();
    let from = right.iter().position(|line| line.contains("Where it burns")).unwrap();
    let to = right.iter().rposition(|line| line.contains('─')).unwrap();
    let blank = right[from..to].iter().filter(|line| line.trim().is_empty()).count();
    assert!(blank < 2, "{blank}: {frame}");
    let burns = frame.lines().find(|line| line.contains("sum ≈"));
    assert!(burns.is_some(), "{frame}");
}

/// Class: a message over a figure, or over a part of one.
#[test]
fn a_message_covers_nothing_but_keys() {
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let mut app = of(unpriced());
        let before = text(&app, width, height);
        app.update(Action::Command(Command::Pause));
        app.update(Action::Command(Command::Pause));
        type_(&mut app, "o");
        if app.said().is_none() {
            continue;
        }
        let after = text(&app, width, height);
        let rows: Vec<(&str, &str)> = before.lines().zip(after.lines()).collect();
        for (before, after) in &rows[..rows.len() - 1] {
            let covered = before.chars().zip(after.chars()).any(|(was, is)| was != ' ' && was != is);
            assert!(!covered, "{width}: {before}\n{after}");
        }
    }
}

/// Class: what completes a line leaves ends of words beside it.
#[test]
fn completions_take_whole_rows() {
    let mut app = of(unpriced());
    app.theme_names = ["dark", "light", "ember"].map(str::to_owned).to_vec();
    type_(&mut app, ":");
    type_(&mut app, "theme ");
    let frame = text(&app, 120, 36);
    let row = frame.lines().find(|line| line.trim_start().starts_with("dark") || line.contains("› dark"));
    if let Some(row) = row {
        assert!(row.chars().skip(70).all(|c| c == ' '), "{row}");
    }
}

/// Class: an alert with three colons and no word of what to do.
#[test]
fn an_alert_says_what_to_do_after_an_arrow() {
    let mut snapshot = unpriced();
    let mut lost = snapshot.alerts[0].clone();
    (lost.rule, lost.severity) = (margintop::snapshot::Rule::GpuLost, margintop::snapshot::Severity::Critical);
    lost.subject = Label::new("gpu-0009 GPU 1");
    lost.text = Label::new("lost: its exporter answers without it: it fell off the bus, or the exporter lost it");
    snapshot.alerts = vec![lost];
    for (width, height) in [(120, 36), (200, 50)] {
        let frame = text(&of(snapshot.clone()), width, height);
        let row = frame.lines().find(|line| line.contains("▲ gpu-0009 GPU 1")).unwrap_or_else(|| panic!("{frame}"));
        assert!(row.matches(": ").count() <= 1 && frame.contains("→ drain the node"), "{row}\n{frame}");
    }
}
