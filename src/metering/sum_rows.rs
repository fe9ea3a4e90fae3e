//! Leaves out rows that are sums of other rows of their page: their tokens count with those.

use super::Engine;
use crate::reading::{EngineReading, InstanceId, ModelName, PageReading, SumOfOthers};

/// The number of successive pages after which a row that is no sum of the others is one of its own.
const APART: u8 = 20;

/// A row that is left out.
#[derive(Debug)]
pub(super) struct SumRow {
    instance: Option<InstanceId>,
    model: Option<ModelName>,
    /// On how many pages in a row it was no sum.
    apart: u8,
}

impl SumRow {
    fn is(&self, row: &EngineReading) -> bool {
        self.instance == row.instance && self.model == row.model
    }
}

impl Engine {
    /// Whether rows of its page are sums of others.
    pub(crate) const fn has_sums(&self) -> bool {
        !self.sums.is_empty()
    }

    /// A page without the rows that are sums of its others; `None` if it has none. A row that was metered before goes on.
    pub(super) fn without_sums(&mut self, page: &PageReading) -> Option<PageReading> {
        let mut left_out = vec![false; page.engines.len()];
        for (row, out) in page.engines.iter().zip(&mut left_out) {
            *out = self.is_left_out(row);
        }
        for known in &mut self.sums {
            let mut rows = page.engines.iter().filter(|row| known.is(row)).peekable();
            let is_apart = rows.peek().is_some() && rows.all(|row| row.sum.is_no());
            known.apart = if is_apart { known.apart.saturating_add(1) } else { 0 };
        }
        self.sums.retain(|known| known.apart < APART);
        if !left_out.contains(&true) {
            return None;
        }
        let mut left_out = left_out.into_iter();
        let mut page = page.clone();
        page.engines.retain(|_| !left_out.next().unwrap_or(false));
        Some(page)
    }

    fn is_left_out(&mut self, row: &EngineReading) -> bool {
        if self.sums.iter().any(|known| known.is(row)) {
            return true;
        }
        let is_metered = || {
            let is_its = |known: &super::Row| known.instance == row.instance && known.reading.model == row.model;
            self.rows.iter().any(is_its)
        };
        if row.sum.is_no() || is_metered() {
            return false;
        }
        if row.sum == SumOfOthers::Yes {
            self.sums.push(SumRow { instance: row.instance.clone(), model: row.model.clone(), apart: 0 });
        }
        true
    }
}
