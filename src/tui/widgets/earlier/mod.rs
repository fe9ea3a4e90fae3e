//! The shapes of the panes that do not stand on the widgets beside this module yet.

mod bar;
mod bars;
mod digits;
mod heat;
mod spark;
mod table;

pub use bar::bar;
pub use bars::Bars;
pub use digits::{DIGIT_ROWS, large};
pub use heat::Level;
pub use spark::{Spark, columns, nice_ceiling};
pub use table::{Align, Column, Figure, Rows, table};
