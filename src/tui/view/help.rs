//! Help: the keys, from the table that dispatches them, and what stands for what.

use ratatui::layout::Rect;

use super::{Hits, Layout, Part, View};
use crate::tui::keys::{BINDINGS, Binding, Group};
use crate::tui::scene::Scene;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::framed_chart::side_by_side;
use crate::tui::widgets::heat_cell::legend;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// Cells of the keys before what they do.
const KEYS: u16 = 11;

/// The view.
pub(super) struct Help;

impl View for Help {
    fn title(&self) -> &'static str {
        "help"
    }

    fn layout(&self, _scene: &Scene<'_>, area: Rect) -> Layout {
        Layout::whole(Part::List, area)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, _scene: &Scene<'_>, layout: &Layout) -> Hits {
        let Some(area) = layout.area(Part::List) else { return Hits::default() };
        let columns = match area.width {
            118.. => 3,
            78.. => 2,
            _ => 1,
        };
        let blocks = blocks(columns > 1);
        let places = side_by_side(area, columns, 2);
        let mut place = places.iter();
        let Some(mut here) = place.next().copied() else { return Hits::default() };
        for block in blocks {
            let needed = block.lines.len() as u16 + 1;
            // A block stands whole where any column has room for it.
            if needed > here.height
                && let Some(next) = place.next()
            {
                here = *next;
            }
            block.draw(canvas, here);
            let used = (needed + 1).min(here.height);
            here = Rect { y: here.y + used, height: here.height - used, ..here };
        }
        Hits::default()
    }
}

/// A titled list of lines: a key or a glyph, and what it means.
struct Block {
    title: &'static str,
    lines: Vec<(Vec<Segment<'static>>, String)>,
}

impl Block {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height < 2 {
            return;
        }
        TitledRule::new(self.title).draw(canvas, Rect { height: 1, ..area });
        for (row, (key, text)) in (1..area.height).zip(&self.lines) {
            let line = Rect { y: area.y + row, height: 1, ..area };
            canvas.clip(line).line(0, 0, key);
            canvas.pen(line, 0).skip(KEYS).put(Role::Text, text);
        }
    }
}

fn blocks(has_legend: bool) -> Vec<Block> {
    let of = |group: Group| {
        let shown = BINDINGS.iter().filter(|binding| binding.group == group && !binding.shown.is_empty());
        let line = |binding: &Binding| (vec![Segment::new(Role::Accent, binding.shown)], binding.help.to_owned());
        Block { title: group.name(), lines: shown.map(line).collect() }
    };
    let mut blocks: Vec<Block> = Group::ALL.into_iter().map(of).collect();
    if let Some(move_) = blocks.get_mut(1) {
        let mouse = "click, wheel; Shift: text".to_owned();
        move_.lines.push((vec![Segment::new(Role::Accent, "mouse")], mouse));
    }
    if has_legend {
        blocks.extend([glyphs(), colours(), sources()]);
    }
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
        ("● ○", "live; silent"),
    ];
    let line = |(glyph, text): (&'static str, &str)| (vec![Segment::text(glyph)], text.to_owned());
    Block { title: "What glyphs mean", lines: lines.into_iter().map(line).collect() }
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
    Block { title: "Colours", lines }
}

fn sources() -> Block {
    let lines = [
        ("revenue", "token counters x price"),
        ("cost", "GPU time held x your rate"),
        ("profit", "revenue with a cost − cost"),
        ("on cost", "profit / cost"),
        ("gross", "profit / revenue"),
        ("chart", "top edge is revenue"),
    ];
    let line = |(name, text): (&'static str, &str)| (vec![Segment::dim(name)], text.to_owned());
    Block { title: "Where figures come from", lines: lines.into_iter().map(line).collect() }
}
