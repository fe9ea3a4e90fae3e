//! Help: the keys, from the table that dispatches them, and a legend of glyphs.

use ratatui::layout::Rect;

use super::{Hits, Layout, ListKey, Part, View, ViewId};
use crate::tui::app::{App, Command, Effect};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::keys::{BINDINGS, Binding, KeyGroup};
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::axis_rule::{AxisRule, Tick};
use crate::tui::widgets::framed_chart::{ScaleColumn, ScaleLabel, side_by_side};
use crate::tui::widgets::heat_cell::legend;
use crate::tui::widgets::margin::{MarginChart, MarginForm};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Plot, Segment};

/// The width of the keys in cells.
const KEYS: u16 = 11;

/// The rows of the example of a large chart with its times, and the cells of its scale.
const CHART: u16 = 5;
const SCALE: u16 = 7;

/// The least number of rows for the last row with program and version.
const LEAST_WITH_BASIS: u16 = 18;

/// The help view.
pub(super) struct Help;

impl View for Help {
    fn title(&self) -> &'static str {
        "help"
    }

    /// One row per line that can be scrolled.
    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        let area = input.area();
        let room = Rect { width: area.width.saturating_sub(2), height: area.height.saturating_sub(3), ..area };
        (0..=HelpPage::new(parted(room).0).hidden).map(ListKey::of).collect()
    }

    /// Its keys are what it shows: how one leaves it is all that is left to say.
    fn common_commands(&self) -> &'static [Command] {
        &[Command::Back, Command::NextTheme]
    }

    fn obey(&self, app: &mut App, command: Command) -> Option<Effect> {
        let Command::Help = command else { return None };
        app.leave_view();
        Some(Effect::Redraw)
    }

    fn needs_no_fleet(&self) -> bool {
        true
    }

    fn layout(&self, _input: &FrameInput<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let (keys, basis) = parted(area);
        layout.put(Part::List, keys);
        layout.put(Part::Basis, basis);
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let Some(area) = layout.area(Part::List) else { return Hits::default() };
        let page = HelpPage::new(area);
        let first = input.app.list_of(ViewId::Help).place(&self.rows(input)).min(usize::from(page.hidden)) as u16;
        let body = Rect { height: area.height.saturating_sub(u16::from(page.hidden > 0)), ..area };
        let places = side_by_side(body, page.columns, 2);
        for placed in &page.blocks {
            let Some(column) = places.get(usize::from(placed.column)) else { continue };
            placed.block.draw(canvas, *column, i32::from(placed.row) - i32::from(first));
        }
        if let Some(area) = layout.area(Part::Basis) {
            basis(canvas, area, input);
        }
        if page.hidden > 0 {
            let left = page.hidden - first;
            let mut writer = canvas.writer(area, area.height.saturating_sub(1));
            writer.put(Role::Accent, "j k PgDn").put(Role::Dim, &format!(" scroll, {left} more lines"));
        }
        Hits::of_page(usize::from(body.height))
    }
}

/// The area of the keys, and the row below with program, configuration and ledger.
fn parted(area: Rect) -> (Rect, Rect) {
    let rows = u16::from(area.height >= LEAST_WITH_BASIS);
    let keys = Rect { height: area.height - rows, ..area };
    (keys, Rect { y: keys.bottom(), height: rows, ..area })
}

fn basis(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let config = input.app.config.as_ref().map_or("none".to_owned(), ToString::to_string);
    let ledger = input.snap.money.ledger.path.as_ref().map_or("in memory only".to_owned(), ToString::to_string);
    let facts = [
        concat!("margintop ", env!("CARGO_PKG_VERSION")).to_owned(),
        format!("config {config}"),
        format!("ledger {ledger}"),
    ];
    let mut writer = canvas.writer(area, 0);
    let mut used = format::width("basis ");
    writer.put(Role::Dim, "basis ");
    for (nth, fact) in facts.iter().enumerate() {
        used += format::width(fact) + 3;
        // A fact that does not fit is left out.
        if used > usize::from(area.width) {
            return;
        }
        writer.put(Role::Rule, if nth > 0 { " · " } else { "" }).put(Role::Dim, fact);
    }
}

/// The blocks in columns, which may be longer than the screen.
struct HelpPage {
    columns: u16,
    blocks: Vec<PlacedText>,
    /// The number of lines that do not fit.
    hidden: u16,
}

struct PlacedText {
    column: u16,
    row: u16,
    block: Block,
}

impl HelpPage {
    fn new(area: Rect) -> Self {
        let columns = match area.width {
            118.. => 3,
            78.. => 2,
            _ => 1,
        };
        let sizes: Vec<u16> = blocks().iter().map(Block::rows).collect();
        // The last row says how many lines are hidden.
        // Columns of about one height: none stands empty beside longer ones.
        let fits = (1..=area.height).find_map(|rows| place(&sizes, columns, rows));
        let page = area.height.saturating_sub(1);
        let longer = || (page..).find_map(|rows| Some((place(&sizes, columns, rows)?, rows)));
        let (places, hidden) = match fits {
            Some(places) => (places, 0),
            None => longer().map_or((Vec::new(), 0), |(places, rows)| (places, rows - page)),
        };
        let put = |((column, row), block)| PlacedText { column, row, block };
        Self { columns, blocks: places.into_iter().zip(blocks()).map(put).collect(), hidden }
    }
}

/// Column and row of each block with these numbers of rows, none of them split; `None` if the columns are too short.
fn place(sizes: &[u16], columns: u16, height: u16) -> Option<Vec<(u16, u16)>> {
    let (mut column, mut row) = (0, 0);
    let mut places = Vec::new();
    for size in sizes {
        if row > 0 && row + size > height {
            (column, row) = (column + 1, 0);
        }
        if column >= columns || row + size > height {
            return None;
        }
        places.push((column, row));
        row += size + 1;
    }
    Some(places)
}

/// A titled list of lines: a key or a glyph, and what it means.
struct Block {
    title: &'static str,
    /// Whether the large chart of an example stands above the lines.
    has_chart: bool,
    lines: Vec<(Vec<Segment<'static>>, String)>,
}

impl Block {
    /// The number of lines, and one for the rule.
    fn rows(&self) -> u16 {
        self.lines.len() as u16 + 1 + self.chart_rows()
    }

    const fn chart_rows(&self) -> u16 {
        if self.has_chart { CHART } else { 0 }
    }

    /// Draws the list this many rows below the top of `area` (negative: above). What is outside is not drawn.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, top: i32) {
        let line = |nth: u16| {
            let row = u16::try_from(top + i32::from(nth)).ok().filter(|row| *row < area.height)?;
            Some(Rect { y: area.y + row, height: 1, ..area })
        };
        if let Some(place) = line(0) {
            TitledRule::new(self.title).draw(canvas, place);
        }
        let first = 1 + self.chart_rows();
        // The chart is drawn where all of its rows are seen.
        if let (true, Some(begin), Some(_)) = (self.has_chart, line(1), line(first - 1)) {
            example(canvas, Rect { height: CHART, ..begin });
        }
        for (nth, (key, text)) in (first..).zip(&self.lines) {
            let Some(place) = line(nth) else { continue };
            if key.is_empty() {
                canvas.writer(place, 0).put(Role::Text, text);
                continue;
            }
            let glyphs = canvas.theme.glyphs();
            let named = |part: &Segment<'static>| match part.ink {
                Ink::Role(Role::Accent) => {
                    Segment { text: glyphs.keys(&part.text).into_owned().into(), ..part.clone() }
                }
                _ => part.clone(),
            };
            // A longer name of a key does not run into what it does.
            let key: Vec<Segment<'static>> = key.iter().map(named).collect();
            canvas.clip(Rect { width: KEYS.min(place.width), ..place }).line(0, 0, &key);
            canvas.writer(place, 0).skip(KEYS).put(Role::Text, &glyphs.keys(text));
        }
    }
}

fn blocks() -> Vec<Block> {
    let of = |group: KeyGroup| {
        let shown = BINDINGS.iter().filter(|binding| binding.group == group && !binding.shown.is_empty());
        let line = |binding: &Binding| {
            (vec![Segment::new(Role::Accent, binding.shown.replace('⏎', "Enter"))], binding.help.to_owned())
        };
        Block { title: group.name(), has_chart: false, lines: shown.map(line).collect() }
    };
    let mut blocks: Vec<Block> = KeyGroup::ALL.into_iter().map(of).collect();
    if let Some(move_) = blocks.get_mut(1) {
        let mouse = "click, wheel, point; Shift".to_owned();
        move_.lines.push((vec![Segment::new(Role::Accent, "mouse")], mouse));
    }
    blocks.extend([large_chart(), colours(), glyphs(), sources()]);
    blocks
}

fn glyphs() -> Block {
    let lines = [
        ("▲ ▼", "money or change up, down"),
        ("≥", "at least: some is unpriced"),
        ("≈", "an estimate"),
        ("–", "unknown; it is not 0"),
        ("×", "lost: silent for 30 s"),
        ("?", "silent: three intervals"),
        ("╌", "break-even"),
        ("┴", "a time on the axis"),
        ("↑", "a value above the scale"),
        ("● ○", "live; silent"),
    ];
    let line = |(glyph, text): (&'static str, &str)| (vec![Segment::text(glyph)], text.to_owned());
    Block { title: "What glyphs mean", has_chart: false, lines: lines.into_iter().map(line).collect() }
}

fn colours() -> Block {
    let of = |role: Role, text: &str| {
        let keys = [62, 80].map(|share| Segment::new(Ink::Mixed(role, share), "▪"));
        let mut line: Vec<Segment<'static>> = keys.into();
        line.push(Segment::key(role));
        (line, text.to_owned())
    };
    let heat = legend("", "").into_iter().filter(|segment| !segment.text.trim().is_empty()).collect();
    let lines = vec![
        of(Role::Gain, "profit, with ▲ and +"),
        of(Role::Loss, "loss, with ▼ and −"),
        of(Role::Cost, "cost: rent, power, overhead"),
        of(Role::Output, "output tokens"),
        of(Role::Prompt, "prompt tokens, computed"),
        of(Role::Hit, "prompt tokens from a cache"),
        of(Role::Warning, "warning"),
        of(Role::Critical, "critical"),
        (heat, "load, 0 to 100 %".to_owned()),
    ];
    Block { title: "Colours", has_chart: false, lines }
}

/// Draws the sources of figures and the meaning of glyphs, side by side if they fit.
pub(super) fn legend_of_figures(canvas: &mut Canvas<'_>, area: Rect) {
    let blocks = [sources(), glyphs(), colours()];
    let columns = match area.width {
        118.. => 3,
        78.. => 2,
        _ => 1,
    };
    for (block, place) in blocks.iter().zip(side_by_side(area, columns, 2)) {
        block.draw(canvas, place, 0);
    }
}

/// How to read the large chart.
fn large_chart() -> Block {
    let lines = ["Top edge: revenue. Above cost: profit.", "Hatched: what is missing to the cost."];
    let lines = lines.map(|text| (Vec::new(), text.to_owned()));
    Block { title: "How to read the large chart", has_chart: true, lines: lines.into() }
}

/// Draws a large chart of an example: a profit between two times of loss.
fn example(canvas: &mut Canvas<'_>, area: Rect) {
    const TOP: f64 = 10.0;
    const COST: f64 = 5.0;
    let width = area.width.saturating_sub(SCALE + 1);
    let chart = Rect { width, height: area.height - 1, ..area };
    let dots = usize::from(2 * width);
    let at = |dot: usize| dot as f64 / dots.max(1) as f64;
    let wave = |dot: usize| (1.35 * std::f64::consts::PI * (at(dot) - 0.12)).sin();
    let revenue: Vec<Option<f64>> = (0..dots).map(|dot| Some(COST + 4.2 * wave(dot))).collect();
    let cost = vec![Some(COST); dots];
    let form = MarginForm::Stack;
    MarginChart { revenue: &revenue, cost: &cost, top: TOP, bottom: 0.0, form }.draw(canvas, chart);
    let scale = Rect { x: chart.right() + 1, width: area.right().saturating_sub(chart.right() + 1), ..chart };
    let labels = vec![ScaleLabel::end(8.0, "profit"), ScaleLabel::end(COST - 0.1, "cost")];
    ScaleColumn::of(labels).draw(canvas, scale, (0.0, TOP));
    let tick = |cell: u16, text: &str| Tick { cell, text: format!("┴{text}") };
    let ticks = vec![tick(0, "then"), tick(width.saturating_sub(5), "now")];
    let axis = AxisRule { ticks, marks: Vec::new(), floor: Some(("0", SCALE + 1)) };
    axis.draw(canvas, Rect { y: area.bottom() - 1, height: 1, ..area });
}

fn sources() -> Block {
    let lines = [
        ("revenue", "token counters x price"),
        ("cost", "allocated GPU time x rate"),
        ("profit", "revenue with a cost − cost"),
        ("on cost", "profit / cost"),
        ("gross", "profit / revenue"),
    ];
    let line = |(name, text): (&'static str, &str)| (vec![Segment::dim(name)], text.to_owned());
    Block { title: "Where figures come from", has_chart: false, lines: lines.into_iter().map(line).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: the name of a key that runs into what it does, or a text that its column cuts.
    #[test]
    fn no_line_is_wider_than_its_column() {
        use crate::tui::theme::Glyphs;
        // Of two columns on 80 cells, and of three on 120.
        let column = u16::min((78 - 2) / 2, (118 - 4) / 3);
        for (block, glyphs) in blocks().iter().flat_map(|block| [(block, Glyphs::Blocks), (block, Glyphs::Ascii)]) {
            for (key, text) in &block.lines {
                // A line without a key has the whole column.
                let keys = if key.is_empty() { 0 } else { KEYS };
                let key: usize = key.iter().map(|part| format::width(&glyphs.keys(&part.text))).sum();
                assert!(key <= usize::from(keys.saturating_sub(1)), "{}: {text}", block.title);
                let text = glyphs.keys(text);
                assert!(format::width(&text) <= usize::from(column - keys), "{}: {text}", block.title);
            }
        }
    }

    #[test]
    fn every_block_has_its_place_on_every_screen() {
        for (width, height) in [(38, 9), (78, 21), (118, 32), (198, 46), (398, 117)] {
            let page = HelpPage::new(Rect::new(0, 0, width, height));
            assert_eq!(page.blocks.len(), blocks().len(), "{width}x{height}");
            let body = height - u16::from(page.hidden > 0);
            assert!(page.blocks.iter().all(|placed| placed.row + placed.block.rows() <= body + page.hidden));
            assert!(page.blocks.iter().all(|placed| placed.column < page.columns));
        }
        assert_eq!(HelpPage::new(Rect::new(0, 0, 198, 46)).hidden, 0, "a large screen shows it at once");
    }
}
