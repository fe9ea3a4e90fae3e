//! Names in lists: rows that differ look different, and a title leaves their room to the headings.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{EngineKind, ModelName, NodeName, TargetId, UnitName};
use margintop::snapshot::Snapshot;
use margintop::tui::app::App;
use margintop::tui::theme::Theme;
use margintop::tui::widgets::Canvas;
use margintop::tui::widgets::table::{Cell, Column, Table, TableRow};
use margintop::units::Span;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::Rect;
use samples::hands::{draw, press, text, type_};

fn showing(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 4);
    draw(&mut app);
    app
}

/// The names as a list of that width shows them.
fn listed(names: &[String], width: u16) -> Vec<String> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, names.len() as u16 + 1));
    let area = buffer.area;
    let columns = [Column::left("Names", width)];
    let row = |nth: usize| TableRow::new([Cell::text(names[nth].clone())]);
    let table = Table {
        title: Vec::new(),
        note: Vec::new(),
        columns: &columns,
        gap: 1,
        margin: 0,
        sorted: None,
        len: names.len(),
        first: 0,
        row: &row,
        beside: &[],
        total: None,
    };
    table.draw(&mut Canvas::new(&mut buffer, &Theme::of_roles()), area);
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
    (1..area.height).map(|y| line(y).trim_end().to_owned()).collect()
}

proptest! {
    /// Class: a list shortens names to the same text, so that its rows cannot be told apart.
    #[test]
    fn shortened_names_stay_apart(before in "[a-z]{1,9}-", after in "[a-z ]{0,12}", first in 0..900_u32, width in 13_u16..40) {
        let names: Vec<String> = (first..first + 8).map(|nth| format!("{before}{nth:04}{after}")).collect();
        let names: Vec<String> = names.iter().map(|name| name.trim_end().to_owned()).collect();
        let shown = listed(&names, width);
        let mut once = shown.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), names.len(), "{:?}", shown);
    }
}

#[test]
fn what_differs_stays_where_a_name_is_shortened() {
    let of = |names: &[&str], width| listed(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), width);
    assert_eq!(of(&["gpu-0007 sglang", "gpu-0008 sglang"], 14), ["gpu-0007 sgla…", "gpu-0008 sgla…"]);
    assert_eq!(of(&["a-very-long-cluster-name-1", "a-very-long-cluster-name-2"], 12), ["a-very…ame-1", "a-very…ame-2"]);
    assert_eq!(
        of(&["aaaaaaaa-0000aa aaaaaaa a", "aaaaaaaa-0001aa aaaaaaa a"], 13),
        ["…aaaaaa-0000…", "…aaaaaa-0001…"],
        "between two long ends"
    );
    assert_eq!(of(&["deepseek-r1-distill-qwen-32b"], 13), ["deepse…en-32b"], "a name alone is cut in its middle");
    assert_eq!(of(&["prefill-pool-a of europe", "prefill-pool-a of asia"], 12), ["prefil…urope", "prefil… asia"]);
}

/// Three engines of one kind that serve a model on nodes of their own.
fn alike() -> App {
    let mut snapshot = samples::without_units(3);
    snapshot.engines.truncate(3);
    for (nth, row) in snapshot.engines.iter_mut().enumerate() {
        let row = Arc::make_mut(row);
        (row.unit, row.rank, row.kind) = (None, None, EngineKind::named("sglang"));
        row.node = NodeName::new(&format!("gpu-000{}", nth + 7));
        row.target = TargetId::new(&format!("http://10.0.0.{}:30000/metrics", nth + 7));
        row.model = Some(ModelName::new("deepseek-r1"));
    }
    for (nth, row) in snapshot.nodes.iter_mut().enumerate() {
        Arc::make_mut(row).name = NodeName::new(&format!("gpu-000{}", nth + 7));
    }
    showing(snapshot)
}

/// Class: what serves a model is listed under one shortened name, while a sparkline beside it has room.
#[test]
fn the_engines_of_a_model_are_told_apart() {
    for (width, height) in [(100, 36), (120, 36), (160, 50), (200, 50), (240, 60)] {
        let mut app = alike();
        type_(&mut app, "3");
        let frame = text(&app, width, height);
        for name in ["gpu-0007 sgl", "gpu-0008 sgl", "gpu-0009 sgl"] {
            assert!(frame.contains(name), "{name} at {width}\n{frame}");
        }
    }
}

/// The line of the engines' headings after Enter in the balance view.
fn engines_of(app: &mut App, width: u16, height: u16) -> String {
    type_(app, "6");
    draw(app);
    press(app, KeyCode::Enter, KeyModifiers::NONE);
    let frame = text(app, width, height);
    let line = frame.lines().find(|line| line.contains("─ Engines of ")).map(str::to_owned);
    line.unwrap_or_else(|| panic!("no engines in\n{frame}"))
}

/// Class: the title of a list covers the headings of its figures, or names an address where rows have a name.
#[test]
fn a_title_leaves_the_headings_their_room() {
    let long = "node-of-the-second-cluster-in-europe-0007";
    for (node, name) in [("gpu-07", "gpu-07 vllm"), (long, "node-o")] {
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let mut snapshot = samples::watched_box(4).shown().as_ref().clone();
            for row in &mut snapshot.engines {
                Arc::make_mut(row).node = NodeName::new(node);
            }
            Arc::make_mut(&mut snapshot.nodes[0]).name = NodeName::new(node);
            let line = engines_of(&mut showing(snapshot), width, height);
            assert!(line.contains(name) && !line.contains("127.0.0.1"), "{line}");
            for heading in [" run ", " wait ", " KV "] {
                assert!(line.contains(heading), "no {heading} at {width}: {line}");
            }
        }
    }
    let mut snapshot = samples::fleet(0);
    let unit = UnitName::new("prefill-of-the-second-cluster-in-europe-07");
    let own = snapshot.units[0].unit.clone();
    for row in &mut snapshot.engines {
        let row = Arc::make_mut(row);
        row.unit = row.unit.clone().map(|name| if name == own { unit.clone() } else { name });
    }
    snapshot.units[0].unit = unit.clone();
    let mut app = showing(snapshot);
    type_(&mut app, "/");
    type_(&mut app, "unit:prefill-of*");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    let line = engines_of(&mut app, 120, 36);
    assert!(line.contains(" run ") && line.contains(" wait "), "{line}");
}
