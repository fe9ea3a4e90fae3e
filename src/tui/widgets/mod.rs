//! The components of views: charts, tables, gauges, digits and lines of text, one per file.
//!
//! A widget turns data into cells. It depends on roles, inks and rectangles, and not on GPUs, the app or the snapshot.
//! It accepts an area of any size and writes nothing outside of it. Unknown values (`None`,
//! not finite) are never drawn as zero.

pub mod area;
pub mod axis_rule;
pub mod band;
mod canvas;
mod clip;
pub mod clipped;
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

pub use canvas::{Canvas, PlotArea, RowWriter, Spot, TextSpan, flow};
pub use clip::Clip;
pub use segment::{Segment, cells};

use ratatui::layout::Rect;

/// A chart with a scale, which can be framed.
pub trait Plot {
    /// Draws the chart over all of `area`.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect);

    /// The values at its bottom and its top.
    fn range(&self) -> (f64, f64);
}
