//! The fleet's efficiency per node, GPU, kWh and dollar, compared with the published day.

use ratatui::layout::Rect;

use crate::efficiency::{PUBLISHED_OUTPUT_PER_NODE, PUBLISHED_PROMPT_PER_NODE, efficiency};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::widgets::rule::{Heading, TitledRule};
use crate::tui::widgets::{Canvas, Segment};

/// The rows with the rule.
pub(super) const ROWS: u16 = 7;
/// The GPUs of a node of the published day.
const GPUS: f64 = 8.0;

/// Draws the table.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let figures = efficiency(input.snap);
    let currency = format::symbol(input.currency()).trim_end().to_owned();
    let rows = [
        ("prompt tok/s a node", figures.prompt_per_node, Some(PUBLISHED_PROMPT_PER_NODE)),
        ("output tok/s a node", figures.output_per_node, Some(PUBLISHED_OUTPUT_PER_NODE)),
        ("output tok/s a GPU", figures.output_per_gpu, Some(PUBLISHED_OUTPUT_PER_NODE / GPUS)),
        ("output tok/s a request", figures.output_per_user, None),
        ("joules an output token", figures.joules_per_output_token, None),
        (&format!("output tokens a {currency}"), figures.output_tokens_per_cost, None),
    ];
    let published = area.width;
    let here = published.saturating_sub(11);
    let heading = |end: u16, text: &'static str| Heading {
        x: end.saturating_sub(text.len() as u16),
        segment: Segment::dim(text),
    };
    let mut rule = TitledRule::new("Efficiency");
    rule.headings = vec![heading(here, "here"), heading(published, "published")];
    rule.draw(canvas, area);
    for (row, (what, value, beside)) in (1..area.height).zip(rows) {
        let text = |value: Option<f64>| format::scaled_tight(value).trim().to_owned();
        let mut clip = canvas.clip(area);
        clip.line_within(0, row, here.saturating_sub(8), &[Segment::dim(what.to_owned())], false);
        clip.line_to(here, row, &[Segment::text(text(value))]);
        if beside.is_some() {
            clip.line_to(published, row, &[Segment::dim(text(beside))]);
        }
    }
}
