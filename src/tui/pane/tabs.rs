//! The views by their numbers; the open one in the accent.

use ratatui::layout::Rect;

use crate::tui::against;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::{Hit, Hits, ViewId};
use crate::tui::widgets::{Canvas, RowWriter, Segment};

/// Cells between two tabs.
const GAP: u16 = 3;

/// Draws them into the first row of `area`, and at its right how charts are to be read where there is room.
pub fn tabs(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) -> Hits {
    let mut hits = Hits::default();
    let mut writer = canvas.writer(area, 0);
    writer.skip(1);
    for view in ViewId::tabs() {
        let start = writer.x();
        tab(&mut writer, view, input);
        let width = writer.x() - start;
        hits.push(Rect { x: start, y: area.y, width, height: 1 }.intersection(area), Hit::Tab(view));
        writer.skip(GAP);
    }
    let end = writer.x();
    reading(canvas, area, end, input);
    hits
}

fn tab(writer: &mut RowWriter<'_>, view: ViewId, input: &FrameInput<'_>) {
    let (key, name) = (view.view().key().unwrap_or(' '), view.view().title());
    let label = format!("{key} {name}");
    let is_open = |open: ViewId| view == open || open.view().tab() == Some(view);
    // What-if is over the views, and none of them.
    if is_open(input.app.view()) && !input.app.what_if.open {
        writer.strong(Role::Accent, &label);
    } else {
        writer.put(Role::Dim, &label);
    }
    if let Some((role, waiting)) = view.view().waiting(input) {
        writer.skip(1).put(role, &waiting.to_string());
    }
}

/// The span of the charts and what stands for what in them.
fn reading(canvas: &mut Canvas<'_>, area: Rect, from: u16, input: &FrameInput<'_>) {
    let within = |name| vec![Segment::new(Role::Accent, "[ "), Segment::text(name), Segment::new(Role::Accent, " ]")];
    let span = if input.app.what_if.open {
        vec![Segment::new(Role::Warning, "what if").bold()]
    } else {
        input.app.view().view().span(input).map_or_else(Vec::new, within)
    };
    let [long, short] = legend(input).map(|text| [Segment::dim(text)]);
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
fn legend(input: &FrameInput<'_>) -> [String; 2] {
    if input.app.what_if.open {
        return ["  not real money", "  not real money"].map(str::to_owned);
    }
    let Some(dotted) = input.app.view().view().legend(input) else { return [String::new(), String::new()] };
    let joined = |gap: &str, change: &str| {
        let dotted = if dotted.is_empty() { String::new() } else { format!("{gap}{dotted}") };
        format!("{dotted}{gap}{change}")
    };
    // In the first minutes nothing is compared.
    if !against::is_comparable(input) {
        let [long, short] =
            ["   ", "  "].map(|gap| if dotted.is_empty() { String::new() } else { format!("{gap}{dotted}") });
        return [long, short];
    }
    let minutes = against::minutes(input);
    [joined("   ", &format!("▲▼ against {minutes} min ago")), joined("  ", &format!("▲▼ {minutes} min"))]
}
