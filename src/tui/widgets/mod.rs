//! The few shapes that panes are made of: a pen for text, bars, sparklines, heat cells, large digits and tables.
//!
//! They know roles and rectangles, and nothing of GPUs or money. All of them clip: no area is too small.

mod bar;
mod bars;
mod canvas;
mod digits;
mod heat;
mod spark;
mod table;

pub use bar::bar;
pub use bars::Bars;
pub use canvas::{Canvas, Pen, Span, flow};
pub use digits::{DIGIT_ROWS, large};
pub use heat::Level;
pub use spark::{Spark, columns, nice_ceiling};
pub use table::{Align, Column, Figure, Rows, table};
