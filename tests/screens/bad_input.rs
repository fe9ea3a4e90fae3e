//! Fleets that are larger, and names that are longer, than any screen was drawn for.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{Label, ModelName, NodeName, TargetId, UnitName};
use margintop::snapshot::{Coverage, Snapshot};
use margintop::tui::app::{Action, App, Command, Motion};
use margintop::tui::theme::Theme;
use margintop::tui::view::ViewId;
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use samples::{Case, case, empty};

const SIZES: [(u16, u16); 5] = [(40, 12), (80, 24), (120, 36), (200, 50), (400, 120)];

/// The rows of each view at each size: of its first rows, and of its last ones.
fn frames(snapshot: Snapshot) -> Vec<(ViewId, (u16, u16), Vec<String>)> {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Fresh(Arc::new(snapshot)));
    let mut frames = Vec::new();
    for view in ViewId::ALL.iter().copied() {
        app.update(Action::Command(Command::Show(view)));
        for size in SIZES {
            for motion in [Motion::Top, Motion::Bottom] {
                app.update(Action::Command(Command::Move(motion)));
                frames.push((view, size, drawn(&app, size)));
            }
        }
    }
    frames
}

fn drawn(app: &App, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles()))).unwrap();
    let rows = terminal.backend().buffer().content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(Cell::symbol).collect()).collect()
}

/// Each view has its header and its keys, and words between them.
fn are_legible(frames: &[(ViewId, (u16, u16), Vec<String>)]) {
    for (view, size, rows) in frames {
        let all = || rows.join("\n");
        assert!(rows[0].starts_with(" margintop"), "{view:?} at {size:?}:\n{}", all());
        let words = rows[1..rows.len() - 1].iter().filter(|row| row.chars().any(char::is_alphabetic)).count();
        assert!(words > 0, "{view:?} at {size:?}:\n{}", all());
        let keys = &rows[rows.len() - 1];
        assert!(keys.contains("help") || keys.contains("Esc"), "{view:?} at {size:?}:\n{}", all());
    }
}

fn frame_of(frames: &[(ViewId, (u16, u16), Vec<String>)], view: ViewId, size: (u16, u16)) -> &[String] {
    &frames.iter().find(|(of, at, _)| *of == view && *at == size).unwrap().2
}

#[test]
fn ten_thousand_nodes() {
    let mut snapshot = case(Case::Fleet);
    let (nodes, engines) = (snapshot.nodes.clone(), snapshot.engines.clone());
    let renamed = |at: usize| NodeName::new(&format!("gpu-{at:05}"));
    snapshot.nodes = (0..10_000)
        .map(|at| {
            let mut node = (*nodes[at % nodes.len()]).clone();
            node.name = renamed(at);
            Arc::new(node)
        })
        .collect();
    snapshot.engines = (0..10_000)
        .map(|at| {
            let mut engine = (*engines[at % engines.len()]).clone();
            engine.node = renamed(at);
            engine.target = TargetId::new(&format!("http://10.0.{}.{}:8000/metrics", at / 250, at % 250));
            Arc::new(engine)
        })
        .collect();
    snapshot.coverage =
        Coverage { nodes_live: 10_000, nodes_known: 10_000, engines_live: 10_000, engines_known: 10_000 };
    (snapshot.gpus.count, snapshot.gpus.reporting) = (80_000, 80_000);
    let frames = frames(snapshot);
    are_legible(&frames);
    let overview = frame_of(&frames, ViewId::Overview, (200, 50));
    assert!(overview[0].contains("10,000/10,000 nodes · 80,000/80,000 GPUs"), "{}", overview[0]);
    let list = frame_of(&frames, ViewId::Nodes, (120, 36)).join("\n");
    assert!(list.contains("all 10,000"), "{list}");
}

#[test]
fn three_hundred_models() {
    let mut snapshot = case(Case::Fleet);
    let models = snapshot.models.clone();
    snapshot.models = (0..300)
        .map(|at| {
            let mut model = models[at % models.len()].clone();
            model.model = ModelName::new(&format!("model-{at}"));
            model
        })
        .collect();
    let frames = frames(snapshot);
    are_legible(&frames);
    for size in [(80, 24), (120, 36), (200, 50)] {
        let list = frame_of(&frames, ViewId::Models, size).join("\n");
        assert!(list.contains("all 300"), "{size:?}: {list}");
        let beside = frame_of(&frames, ViewId::Overview, size).join("\n");
        assert!(size.0 < 100 || beside.contains(" more"), "{size:?}: {beside}");
    }
}

#[test]
fn names_of_four_hundred_characters() {
    for letter in ['x', '深', '\u{301}', '\u{202e}'] {
        let name = format!("begin{}end", letter.to_string().repeat(392));
        let mut snapshot = case(Case::Fleet);
        snapshot.nodes.iter_mut().take(9).for_each(|node| {
            let node = Arc::make_mut(node);
            node.name = NodeName::new(&name);
            node.unit = Some(UnitName::new(&name));
        });
        snapshot.engines.iter_mut().take(9).for_each(|engine| {
            let engine = Arc::make_mut(engine);
            engine.target = TargetId::new(&format!("http://{name}:8000/metrics"));
            engine.node = NodeName::new(&name);
            engine.unit = Some(UnitName::new(&name));
            engine.model = Some(ModelName::new(&name));
        });
        snapshot.units.iter_mut().take(2).for_each(|unit| unit.unit = UnitName::new(&name));
        snapshot.models.iter_mut().for_each(|model| {
            model.model = ModelName::new(&name);
            model.money.list = Some(Label::new(&name));
        });
        snapshot.alerts.iter_mut().for_each(|alert| {
            alert.subject = Label::new(&format!("{name} GPU 3"));
            alert.text = Label::new(&name);
        });
        snapshot.money.lists.iter_mut().for_each(|list| list.list = Label::new(&name));
        are_legible(&frames(snapshot));
    }
}
