//! Names in any script: columns stay where they are, nothing is cut inside a letter, and no control of writing direction
//! reaches the terminal.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{Label, ModelName, NodeName, UnitName};
use margintop::snapshot::Snapshot;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::format;
use margintop::tui::theme::Theme;
use margintop::tui::view::ViewId;
use margintop::units::Span;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use samples::{Case, case};

/// Letters of right-to-left scripts, wide ones, letters with marks, emoji, and controls that must vanish.
const PARTS: &[&str] = &[
    "a",
    "Z",
    "9",
    "-",
    "ש",
    "שָׁ",
    "לום",
    "م",
    "لا",
    "مَرْحَبًا",
    "深",
    "度",
    "ﾓ",
    "モ",
    "デ",
    "é",
    "e\u{301}",
    "🙂",
    "👩‍👩‍👧",
    "❤\u{fe0f}",
    "🇩🇪",
    "क्षि",
    "ก็",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200f}",
    "\u{61c}",
    "\u{feff}",
];

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PARTS), 1..14).prop_map(|parts| parts.concat())
}

/// A fleet in which a node, its unit and a model have a name.
fn named(name: &str) -> Snapshot {
    let mut snapshot = case(Case::Fleet);
    let (node, model) = (snapshot.nodes[3].name.clone(), snapshot.models[0].model.clone());
    let unit = snapshot.nodes[3].unit.clone();
    for row in &mut snapshot.nodes {
        let row = Arc::make_mut(row);
        if row.name == node {
            row.name = NodeName::new(name);
        }
        if row.unit == unit {
            row.unit = Some(UnitName::new(name));
        }
    }
    for row in &mut snapshot.engines {
        let row = Arc::make_mut(row);
        if row.node == node {
            row.node = NodeName::new(name);
        }
        if row.unit == unit {
            row.unit = Some(UnitName::new(name));
        }
        if row.model.as_ref() == Some(&model) {
            row.model = Some(ModelName::new(name));
        }
    }
    for row in snapshot.units.iter_mut().filter(|row| Some(&row.unit) == unit.as_ref()) {
        row.unit = UnitName::new(name);
    }
    snapshot.models[0].model = ModelName::new(name);
    snapshot.alerts[0].subject = Label::new(name);
    snapshot
}

fn drawn(snapshot: Snapshot, view: ViewId, (width, height): (u16, u16)) -> Buffer {
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Command(Command::Show(view)));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, &app, app.shown(), &Theme::of_roles()))).unwrap();
    terminal.backend().buffer().clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Class: a column that moves, or a letter that is cut, behind a name of another script.
    #[test]
    fn columns_stay_where_they_are_behind_any_name(
        name in name(),
        view in prop::sample::select(vec![ViewId::Nodes, ViewId::Models, ViewId::Engines]),
        size in prop::sample::select(vec![(40, 12), (80, 24), (120, 36), (200, 50)]),
    ) {
        let shown = Label::new(&name);
        let latin = "n".repeat(format::width(shown.as_str()).max(1));
        let [theirs, plain] = [name.as_str(), &latin].map(|name| drawn(named(name), view, size));
        for y in 0..size.1 {
            let mut x = 0;
            while x < size.0 {
                let cell = &theirs[(x, y)];
                let symbol = cell.symbol();
                prop_assert!(
                    !symbol.chars().any(|c| c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')),
                    "{symbol:?}"
                );
                // A cell begins with a letter, not with the mark of another.
                prop_assert!(symbol == " " || format::width(symbol) > 0, "{symbol:?} at {x}, {y}");
                let width = format::width(symbol).max(1) as u16;
                prop_assert!(x + width <= size.0, "{symbol:?} leaves the screen");
                x += width;
            }
            // Figures stand in the same cells as beside a name of Latin letters. Lists may sort equal rows by name.
            let ends = |buffer: &Buffer| (0..size.0).rev().find(|x| buffer[(*x, y)].symbol() != " ");
            let is_list = ends(&plain).is_some() && plain[(0, y)].symbol() == " ";
            if is_list && ends(&plain) == Some(size.0 - 2) {
                prop_assert_eq!(ends(&theirs), ends(&plain), "row {} of {:?} at {:?}: {}", y, view, size, name);
            }
        }
    }
}
