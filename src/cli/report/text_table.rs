//! A text table: the first column is aligned left, figures right, with a rule above the total.

use crate::tui::format::{pad_left, pad_right, shorten, width};

/// The maximum width of a key.
const KEY: usize = 48;

/// A table under construction.
#[derive(Debug)]
pub(in crate::cli) struct TextTable {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

impl TextTable {
    /// A table with these columns.
    pub(in crate::cli) fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), rows: Vec::new(), total: None }
    }

    pub(in crate::cli) fn row(&mut self, mut cells: Vec<String>) {
        if let Some(key) = cells.first_mut() {
            *key = shorten(key, KEY);
        }
        self.rows.push(cells);
    }

    pub(in crate::cli) fn total(&mut self, cells: Vec<String>) {
        self.total = Some(cells);
    }

    /// The lines.
    pub(in crate::cli) fn render(&self) -> String {
        let all = || std::iter::once(&self.head).chain(&self.rows).chain(&self.total);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| all().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        let line = |cells: &Vec<String>| {
            let cells = cells.iter().zip(&widths).enumerate();
            let padded: Vec<_> = cells
                .map(
                    |(column, (cell, cells))| {
                        if column == 0 { pad_right(cell, *cells) } else { pad_left(cell, *cells) }
                    },
                )
                .collect();
            format!("{}\n", padded.join("  ").trim_end())
        };
        let mut out = line(&self.head);
        out.extend(self.rows.iter().map(line));
        if let Some(total) = &self.total {
            let rule = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
            out.push_str(&"─".repeat(rule));
            out.push('\n');
            out.push_str(&line(total));
        }
        out
    }
}
