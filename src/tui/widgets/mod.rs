//! What views are made of: charts, tables, gauges, digits and lines of text, each in a file.
//!
//! A widget is data in and cells out: it knows roles, inks and rectangles, and nothing of GPUs, the app or the snapshot.
//! Each clips: no area is too small, and nothing is written outside the area that it was given. What is unknown (`None`,
//! not finite) is never drawn as zero.

pub mod area;
pub mod axis_rule;
pub mod band;
mod canvas;
mod clip;
pub mod digits;
mod dots;
pub mod event_lane;
pub mod framed_chart;
pub mod gauge;
pub mod headline;
pub mod heat_cell;
pub mod hour_bars;
pub mod line;
pub mod margin;
pub mod row_bar;
pub mod rule;
pub mod scale;
mod segment;
pub mod sparkline;
pub mod table;
pub mod time_axis;
pub mod toast;
pub mod waterfall;

pub use canvas::{Canvas, Pen, PlotArea, Spot, TextSpan, flow};
pub use clip::Clip;
pub use segment::{Segment, cells};

use ratatui::layout::Rect;

/// A chart that can stand in a frame: it knows its scale.
pub trait Plot {
    /// Draws it over all of `area`.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect);

    /// The values of its bottom and its top.
    fn range(&self) -> (f64, f64);
}
