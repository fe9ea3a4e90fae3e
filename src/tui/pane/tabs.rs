//! The views by their numbers; the open one in the accent.

use ratatui::layout::Rect;

use crate::tui::against;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::view::{Hit, Hits, ViewId};
use crate::tui::widgets::{Canvas, Pen, Segment};

/// Cells between two tabs.
const GAP: u16 = 3;

/// Draws them into the first row of `area`, and at its right how charts are to be read where there is room.
pub fn tabs(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) -> Hits {
    let mut hits = Hits::default();
    let mut pen = canvas.pen(area, 0);
    pen.skip(1);
    for view in ViewId::tabs() {
        let start = pen.x();
        tab(&mut pen, view, scene);
        let width = pen.x() - start;
        hits.push(Rect { x: start, y: area.y, width, height: 1 }.intersection(area), Hit::Tab(view));
        pen.skip(GAP);
    }
    let end = pen.x();
    reading(canvas, area, end, scene);
    hits
}

fn tab(pen: &mut Pen<'_>, view: ViewId, scene: &Scene<'_>) {
    let (key, name) = (view.view().key().unwrap_or(' '), view.view().title());
    let label = format!("{key} {name}");
    let is_open = |open: ViewId| view == open || open.view().tab() == Some(view);
    // What-if is over the views, and none of them.
    if is_open(scene.app.view()) && !scene.app.what_if.open {
        pen.strong(Role::Accent, &label);
    } else {
        pen.put(Role::Dim, &label);
    }
    if let Some((role, waiting)) = view.view().waiting(scene) {
        pen.skip(1).put(role, &waiting.to_string());
    }
}

/// The span of the charts and what stands for what in them.
fn reading(canvas: &mut Canvas<'_>, area: Rect, from: u16, scene: &Scene<'_>) {
    let within = |name| vec![Segment::new(Role::Accent, "[ "), Segment::text(name), Segment::new(Role::Accent, " ]")];
    let span = if scene.app.what_if.open {
        vec![Segment::new(Role::Warning, "what if").bold()]
    } else {
        scene.app.view().view().span(scene).map_or_else(Vec::new, within)
    };
    let [long, short] = legend(scene).map(|text| [Segment::dim(text)]);
    let fits = |rest: &[Segment<'_>]| {
        let needed = crate::tui::widgets::cells(&span) + crate::tui::widgets::cells(rest);
        usize::from(area.right().saturating_sub(from)) > needed
    };
    let rest: &[Segment<'_>] = if fits(&long) && area.width >= 160 {
        &long
    } else if fits(&short) {
        &short
    } else {
        &[]
    };
    if !fits(rest) {
        return;
    }
    let mut clip = canvas.clip(area);
    let end = clip.width().saturating_sub(1);
    let line: Vec<Segment<'_>> = span.iter().chain(rest).cloned().collect();
    clip.line_to(end, 0, &line);
}

/// What else stands in the charts of the view that is open: in full, and in fewer words.
fn legend(scene: &Scene<'_>) -> [String; 2] {
    if scene.app.what_if.open {
        return ["  not real money", "  not real money"].map(str::to_owned);
    }
    let Some(dotted) = scene.app.view().view().legend(scene) else { return [String::new(), String::new()] };
    let joined = |gap: &str, change: &str| {
        let dotted = if dotted.is_empty() { String::new() } else { format!("{gap}{dotted}") };
        format!("{dotted}{gap}{change}")
    };
    // In the first minutes nothing is compared.
    if !against::is_comparable(scene) {
        let [long, short] =
            ["   ", "  "].map(|gap| if dotted.is_empty() { String::new() } else { format!("{gap}{dotted}") });
        return [long, short];
    }
    let minutes = against::minutes(scene);
    [joined("   ", &format!("▲▼ against {minutes} min ago")), joined("  ", &format!("▲▼ {minutes} min"))]
}
