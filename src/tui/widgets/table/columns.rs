//! The layout of table columns: which fit, and their widths.

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// For names, bars and sparklines.
    #[default]
    Left,
    /// For figures.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column<'a> {
    /// The heading.
    pub title: std::borrow::Cow<'a, str>,
    /// The minimum width in cells; a column without that room is left out.
    pub least: u16,
    /// The maximum width in cells.
    pub most: u16,
    /// The weight by which spare cells are distributed; a column of weight 0 does not grow.
    pub stretch: u16,
    /// Columns of higher rank are left out first; those of rank 0 are always shown.
    pub rank: u8,
    /// The alignment of text and heading.
    pub align: Align,
}

impl<'a> Column<'a> {
    /// A left-aligned column that does not grow.
    pub fn left(title: impl Into<std::borrow::Cow<'a, str>>, least: u16) -> Self {
        Self { title: title.into(), least, most: u16::MAX, stretch: 0, rank: 0, align: Align::Left }
    }

    /// A right-aligned column that does not grow.
    pub fn right(title: impl Into<std::borrow::Cow<'a, str>>, least: u16) -> Self {
        Self { align: Align::Right, ..Self::left(title, least) }
    }

    /// The column with a weight, for sparklines, bars and names.
    #[must_use]
    pub fn stretch(self, stretch: u16) -> Self {
        Self { stretch, ..self }
    }

    /// The column with a maximum width.
    #[must_use]
    pub fn most(self, most: u16) -> Self {
        Self { most, ..self }
    }

    /// The column with a rank.
    #[must_use]
    pub fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

/// The first cell and width of each column in `width` cells, with `gap` cells between columns; `None` if it is left out.
/// Columns of rank 0 that do not fit are cut.
pub fn columns_of(columns: &[Column<'_>], width: u16, gap: u16) -> Vec<Option<(u16, u16)>> {
    let mut kept: Vec<bool> = columns.iter().map(|column| column.least > 0).collect();
    while needed(columns, &kept, gap) > u32::from(width) {
        let candidates = columns.iter().zip(&kept).enumerate().filter(|(_, (column, kept))| **kept && column.rank > 0);
        let Some((last, _)) = candidates.max_by_key(|(i, (column, _))| (column.rank, *i)) else { break };
        if let Some(kept) = kept.get_mut(last) {
            *kept = false;
        }
    }
    let grown = grow(columns, &kept, u32::from(width).saturating_sub(needed(columns, &kept, gap)));
    let mut x = 0_u32;
    let place = |(grown, kept): (u32, &bool)| {
        let begin = x.min(u32::from(width));
        let end = (begin + grown).min(u32::from(width));
        if *kept {
            x += grown + u32::from(gap);
        }
        (*kept && end > begin).then(|| (begin as u16, (end - begin) as u16))
    };
    grown.into_iter().zip(&kept).map(place).collect()
}

fn needed(columns: &[Column<'_>], kept: &[bool], gap: u16) -> u32 {
    let shown = columns.iter().zip(kept).filter(|(_, kept)| **kept);
    let (cells, count) = shown.fold((0, 0_u32), |(cells, n), (column, _)| (cells + u32::from(column.least), n + 1));
    cells + u32::from(gap) * count.saturating_sub(1)
}

/// The widths after `free` cells were distributed by weight; cells above a column's maximum go to the others.
fn grow(columns: &[Column<'_>], kept: &[bool], mut free: u32) -> Vec<u32> {
    let mut widths: Vec<u32> = columns.iter().map(|column| u32::from(column.least)).collect();
    loop {
        let may_grow = |i: usize, widths: &[u32]| {
            let below_most = |c: &Column<'_>| widths.get(i).is_some_and(|width| *width < u32::from(c.most));
            kept.get(i) == Some(&true) && columns.get(i).is_some_and(|c| c.stretch > 0 && below_most(c))
        };
        let growing: Vec<usize> = (0..columns.len()).filter(|i| may_grow(*i, &widths)).collect();
        let weight = |i: &usize| columns.get(*i).map_or(0, |column| u32::from(column.stretch));
        let sum: u32 = growing.iter().map(weight).sum();
        if sum == 0 || free == 0 {
            return widths;
        }
        let (mut seen, mut given, mut taken) = (0, 0, 0);
        for i in &growing {
            seen += weight(i);
            let share = (u64::from(free) * u64::from(seen) / u64::from(sum)) as u32 - given;
            given += share;
            if let (Some(width), Some(column)) = (widths.get_mut(*i), columns.get(*i)) {
                let more = share.min(u32::from(column.most).saturating_sub(*width));
                *width += more;
                taken += more;
            }
        }
        free -= taken;
        if taken == 0 {
            return widths;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_is_left_out_first() {
        let columns = [
            Column::left("name", 10),
            Column::right("rate", 6).rank(1),
            Column::left("line", 8).rank(2),
            Column::right("age", 4).rank(2),
        ];
        let of = |width| columns_of(&columns, width, 2);
        assert_eq!(of(34), [Some((0, 10)), Some((12, 6)), Some((20, 8)), Some((30, 4))]);
        assert_eq!(of(33), [Some((0, 10)), Some((12, 6)), Some((20, 8)), None]);
        assert_eq!(of(27), [Some((0, 10)), Some((12, 6)), None, None]);
        assert_eq!(of(5), [Some((0, 5)), None, None, None]);
        assert_eq!(of(0), [None, None, None, None]);
    }

    #[test]
    fn what_is_left_over_is_shared_by_weight_and_up_to_a_limit() {
        let columns =
            [Column::left("name", 10).stretch(1).most(12), Column::left("line", 10).stretch(3), Column::right("n", 4)];
        assert_eq!(columns_of(&columns, 46, 1), [Some((0, 12)), Some((13, 28)), Some((42, 4))]);
        assert_eq!(columns_of(&columns, 30, 1), [Some((0, 11)), Some((12, 13)), Some((26, 4))]);
    }
}
