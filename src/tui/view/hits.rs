//! Mouse targets: the areas that were drawn, and what each stands for.

use ratatui::layout::Rect;

use super::id::ViewId;
use super::layout::Part;
use super::place::ListKey;
use crate::tui::widgets::{PlotArea, Spot};

/// What an area stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A view's tab.
    Tab(ViewId),
    /// A row of the view's list.
    Row(ListKey),
    /// A heading that sorts, by the index of its sort order.
    Order(usize),
}

/// The areas of one frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    areas: Vec<(Rect, Hit)>,
    plots: Vec<PlotArea>,
    spots: Vec<Spot>,
    parts: Vec<(Part, Rect)>,
    /// The number of list rows shown.
    pub page: usize,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
}

impl Hits {
    /// No targets, on a screen of `size` columns and rows.
    pub fn of_screen(size: (u16, u16)) -> Self {
        Self { size, ..Self::default() }
    }

    /// No targets, for a list of which `page` rows were shown.
    pub fn of_page(page: usize) -> Self {
        Self { page, ..Self::default() }
    }

    /// Adds an area.
    pub fn push(&mut self, area: Rect, hit: Hit) {
        self.areas.push((area, hit));
    }

    /// Adds the targets of another part.
    pub fn extend(&mut self, other: Self) {
        self.areas.extend(other.areas);
        self.plots.extend(other.plots);
        self.spots.extend(other.spots);
        self.parts.extend(other.parts);
        self.page = self.page.max(other.page);
        self.size = self.size.max(other.size);
    }

    /// The target at a column and row.
    pub fn at(&self, x: u16, y: u16) -> Option<Hit> {
        self.areas.iter().find(|(area, _)| area.contains((x, y).into())).map(|(_, hit)| *hit)
    }

    /// Adds charts.
    pub fn push_plots(&mut self, plots: Vec<PlotArea>) {
        self.plots.extend(plots);
    }

    /// Adds map cells.
    pub fn push_spots(&mut self, spots: Vec<Spot>) {
        self.spots.extend(spots);
    }

    /// The map cells that were drawn.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// The charts that were drawn.
    pub fn plots(&self) -> &[PlotArea] {
        &self.plots
    }

    /// Adds the parts of the view.
    pub fn push_parts(&mut self, parts: &[(Part, Rect)]) {
        self.parts.extend_from_slice(parts);
    }

    /// The parts of the view.
    pub fn parts(&self) -> &[(Part, Rect)] {
        &self.parts
    }

    /// All areas.
    pub fn areas(&self) -> &[(Rect, Hit)] {
        &self.areas
    }
}
