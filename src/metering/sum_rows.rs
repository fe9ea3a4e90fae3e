//! Leaves out rows that are sums of other rows of their page: their tokens count with those.

use crate::reading::{EngineReading, InstanceId, ModelName, PageReading, SumOfOthers};

/// The number of successive pages after which a row that is no sum of the others is one of its own.
const APART: u8 = 20;

/// The rows of a target's page that are left out.
#[derive(Debug, Default)]
pub(super) struct SumRows(Vec<SumRow>);

/// A row that is left out.
#[derive(Debug)]
struct SumRow {
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

impl SumRows {
    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A page without the rows that are sums of its others; `None` if it has none. A row that is metered already goes on.
    pub(super) fn without(
        &mut self,
        page: &PageReading,
        is_metered: impl Fn(&EngineReading) -> bool,
    ) -> Option<PageReading> {
        let left_out: Vec<bool> = page.engines.iter().map(|row| self.is_left_out(row, &is_metered)).collect();
        for known in &mut self.0 {
            let mut rows = page.engines.iter().filter(|row| known.is(row)).peekable();
            let is_apart = rows.peek().is_some() && rows.all(|row| row.sum.is_no());
            known.apart = if is_apart { known.apart.saturating_add(1) } else { 0 };
        }
        self.0.retain(|known| known.apart < APART);
        if !left_out.contains(&true) {
            return None;
        }
        let mut left_out = left_out.into_iter();
        let mut page = page.clone();
        page.engines.retain(|_| !left_out.next().unwrap_or(false));
        Some(page)
    }

    fn is_left_out(&mut self, row: &EngineReading, is_metered: impl Fn(&EngineReading) -> bool) -> bool {
        if self.0.iter().any(|known| known.is(row)) {
            return true;
        }
        if row.sum.is_no() || is_metered(row) {
            return false;
        }
        if row.sum == SumOfOthers::Yes {
            self.0.push(SumRow { instance: row.instance.clone(), model: row.model.clone(), apart: 0 });
        }
        true
    }
}
