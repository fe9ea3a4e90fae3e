//! Leaves out rows that repeat tokens of other rows of their page, sums and copies: their tokens count with those.

use crate::reading::{EngineReading, InstanceId, ModelName, PageReading, Repeats};

/// The number of successive pages after which a row that no longer repeats others is one of its own.
const APART: u8 = 20;

/// The rows of a target's page that are left out.
#[derive(Debug, Default)]
pub(super) struct RepeatedRows(Vec<RepeatedRow>);

/// A row that is left out.
#[derive(Debug)]
struct RepeatedRow {
    instance: Option<InstanceId>,
    model: Option<ModelName>,
    /// The instance that it is a copy of; `None` for a sum.
    copy_of: Option<InstanceId>,
    /// On how many pages in a row it repeated no other.
    apart: u8,
}

/// A page without the rows that repeat others, and the metered rows among those.
pub(super) struct WithoutRepeats {
    pub(super) page: PageReading,
    /// The instances and models of sums that were metered until their parts came.
    pub(super) ended: Vec<(Option<InstanceId>, Option<ModelName>)>,
}

impl RepeatedRow {
    fn is(&self, row: &EngineReading) -> bool {
        self.instance == row.instance && self.model == row.model
    }
}

impl RepeatedRows {
    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A page without the rows that repeat others; `None` if it has none.
    pub(super) fn without(
        &mut self,
        page: &PageReading,
        is_metered: impl Fn(&EngineReading) -> bool,
    ) -> Option<WithoutRepeats> {
        if self.0.is_empty() && page.engines.iter().all(|row| row.repeats.is_no()) {
            return None;
        }
        self.release(page);
        let mut ended = Vec::new();
        let left_out: Vec<bool> = page
            .engines
            .iter()
            .map(|row| {
                let is_new = !self.0.iter().any(|known| known.is(row));
                let is_out = self.is_left_out(row, page, &is_metered);
                if is_out && is_new && is_metered(row) {
                    ended.push((row.instance.clone(), row.model.clone()));
                }
                is_out
            })
            .collect();
        let mut left_out = left_out.into_iter();
        let mut page = page.clone();
        page.engines.retain(|_| !left_out.next().unwrap_or(false));
        Some(WithoutRepeats { page, ended })
    }

    /// Forgets rows that repeat no other any more, and copies whose original left the page.
    fn release(&mut self, page: &PageReading) {
        for known in &mut self.0 {
            let mut rows = page.engines.iter().filter(|row| known.is(row)).peekable();
            let is_apart = rows.peek().is_some() && rows.all(|row| row.repeats.is_no());
            known.apart = if is_apart { known.apart.saturating_add(1) } else { 0 };
        }
        let is_there = |id: &InstanceId| page.engines.iter().any(|row| row.instance.as_ref() == Some(id));
        self.0.retain(|known| known.apart < APART && known.copy_of.as_ref().is_none_or(is_there));
    }

    fn is_left_out(
        &mut self,
        row: &EngineReading,
        page: &PageReading,
        is_metered: impl Fn(&EngineReading) -> bool,
    ) -> bool {
        if self.0.iter().any(|known| known.is(row)) {
            return true;
        }
        let copy_of = match row.repeats {
            Repeats::No => return false,
            Repeats::Undecided => return !is_metered(row),
            Repeats::Sum => None,
            Repeats::Copy => match original(row, page, is_metered) {
                Some(id) => Some(id.clone()),
                None => return false,
            },
        };
        self.0.push(RepeatedRow { instance: row.instance.clone(), model: row.model.clone(), copy_of, apart: 0 });
        true
    }
}

/// The instance that counts instead of a copy: one that is metered, otherwise the first on the page. `None` for that one.
fn original<'p>(
    row: &EngineReading,
    page: &'p PageReading,
    is_metered: impl Fn(&EngineReading) -> bool,
) -> Option<&'p InstanceId> {
    if is_metered(row) {
        return None;
    }
    let same = |other: &&EngineReading| {
        other.repeats == Repeats::Copy
            && (other.kind, &other.model, &other.rank, &other.tokens) == (row.kind, &row.model, &row.rank, &row.tokens)
    };
    let copies: Vec<&EngineReading> = page.engines.iter().filter(same).collect();
    let original = copies.iter().find(|other| is_metered(other)).or(copies.first())?;
    original.instance.as_ref().filter(|id| Some(*id) != row.instance.as_ref())
}
