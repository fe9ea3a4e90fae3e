//! The titled rule of a block: `─ Title · note ───── right ─`, with a table's headings in the same row.

use ratatui::layout::Rect;

use super::{Canvas, Clip, Segment, cells};
use crate::tui::theme::Role;

/// A heading in the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading<'a> {
    /// Its first cell, from the left end of the rule.
    pub x: u16,
    /// The text.
    pub segment: Segment<'a>,
}

/// A rule with title, note, groups at the right, and headings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TitledRule<'a> {
    /// The title, usually bold, with a current figure.
    pub title: Vec<Segment<'a>>,
    /// The text after the title, if it fits; it begins with its own space or ` · `.
    pub note: Vec<Segment<'a>>,
    /// Groups of legend and figures at the right. Where not all fit, the first is left out first.
    pub right: Vec<Vec<Segment<'a>>>,
    /// The column headings.
    pub headings: Vec<Heading<'a>>,
}

impl<'a> TitledRule<'a> {
    /// A rule with a bold title.
    pub fn new(title: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { title: vec![Segment::title(title)], ..Self::default() }
    }

    /// The rule with a note after the title.
    #[must_use]
    pub fn note(mut self, note: impl IntoIterator<Item = Segment<'a>>) -> Self {
        self.note = note.into_iter().collect();
        self
    }

    /// The rule with another group at the right, after the existing ones.
    #[must_use]
    pub fn right(mut self, group: impl IntoIterator<Item = Segment<'a>>) -> Self {
        self.right.push(group.into_iter().collect());
        self
    }

    /// Whether title, note and all groups at the right fit in `width` cells.
    pub fn fits(&self, width: u16) -> bool {
        let left = cells(&self.title) + cells(&self.note);
        let right: usize = self.right.iter().map(|group| cells(group)).sum();
        left + right + 5 <= usize::from(width)
    }

    /// Draws the rule into the first row of `area`.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(Rect { height: area.height.min(1), ..area });
        clip.fill(0, '─', Role::Rule);
        let room = self.headings.iter().map(|heading| heading.x).min();
        let room = room.unwrap_or_else(|| clip.width().saturating_sub(1));
        let title = self.titled(&mut clip, usize::from(room));
        for heading in &self.headings {
            draw_heading(&mut clip, heading);
        }
        if self.headings.is_empty() {
            self.draw_right(&mut clip, title);
        }
    }

    /// Writes title and note if both fit before `room`, else the title. Returns the column after them.
    fn titled(&self, clip: &mut Clip<'_>, room: usize) -> u16 {
        // The first cell of the rule, and a space before and after the text.
        let spaces = 3;
        if self.title.is_empty() || room < spaces {
            return 0;
        }
        let whole: Vec<Segment<'_>> = self.title.iter().chain(&self.note).cloned().collect();
        let segments = if cells(&whole) + spaces <= room { &whole } else { &self.title };
        let taken = clip.line_within(2, 0, (room - spaces) as u16, segments, false);
        if taken == 0 {
            return 0;
        }
        clip.put(1, 0, ' ', Role::Text);
        clip.put(2 + taken, 0, ' ', Role::Text);
        3 + taken
    }

    /// Writes the groups that fit after `title`, beginning with the last.
    fn draw_right(&self, clip: &mut Clip<'_>, title: u16) {
        let end = usize::from(clip.width()).saturating_sub(2);
        // The space after the title may also be the space before the group.
        let fits = |groups: &[Vec<Segment<'_>>]| {
            let needed: usize = groups.iter().map(|group| cells(group)).sum();
            needed > 0 && needed + usize::from(title).max(2) <= end
        };
        let first = (0..self.right.len()).find(|first| fits(self.right.get(*first..).unwrap_or(&[])));
        let Some(groups) = first.and_then(|first| self.right.get(first..)) else { return };
        let segments: Vec<Segment<'_>> = groups.iter().flatten().cloned().collect();
        let start = end - cells(&segments);
        clip.put((start - 1) as u16, 0, ' ', Role::Text);
        let end = clip.line(start as u16, 0, &segments);
        clip.put(end, 0, ' ', Role::Text);
    }
}

/// Writes a heading with a space on each side where the rule continues.
fn draw_heading(clip: &mut Clip<'_>, heading: &Heading<'_>) {
    if heading.segment.text.is_empty() {
        return;
    }
    let end = clip.line(heading.x, 0, std::slice::from_ref(&heading.segment));
    for x in [heading.x.checked_sub(1), Some(end)].into_iter().flatten() {
        if clip.glyph(x, 0) == "─" {
            clip.put(x, 0, ' ', Role::Text);
        }
    }
}
