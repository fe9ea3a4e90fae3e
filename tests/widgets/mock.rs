//! A mock, read from its file, and the comparison with what a widget draws.

use std::collections::HashMap;

use margintop::tui::theme::{Depth, Glyphs, Role, Theme, ThemeRegistry};
use margintop::tui::widgets::Canvas;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

/// What a cell is drawn with.
struct CellLook {
    fg: Color,
    bg: Color,
    fg_of_16: String,
    is_on_panel: bool,
    is_bold: bool,
    key: String,
}

/// A drawing of the design.
pub(crate) struct Mock {
    name: String,
    size: (u16, u16),
    data: HashMap<String, Vec<Option<f64>>>,
    text: Vec<String>,
    ink: Vec<String>,
    mono: Vec<String>,
    ascii: Option<Vec<String>>,
    marks: HashMap<char, CellLook>,
}

impl Mock {
    pub(crate) fn read(name: &str) -> Self {
        let path = format!("{}/tests/widgets/mock/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap();
        let mut lines = file.lines().peekable();
        let size: Vec<u16> = lines.next().unwrap().split(' ').skip(1).map(|n| n.parse().unwrap()).collect();
        let mut data = HashMap::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("data ")) {
            let mut words = line.split(' ').skip(1);
            let key = words.next().unwrap().to_owned();
            data.insert(key, words.map(|word| word.parse().ok()).collect());
        }
        let mut blocks: HashMap<&str, Vec<String>> = HashMap::new();
        for name in ["text", "ink", "mono", "ascii"] {
            if lines.next_if_eq(&name).is_some() {
                blocks.insert(name, lines.by_ref().take(usize::from(size[1])).map(str::to_owned).collect());
            }
        }
        assert_eq!(lines.next(), Some("legend"));
        let mut block = |name: &str| blocks.remove(name);
        Self {
            name: name.to_owned(),
            size: (size[0], size[1]),
            data,
            text: block("text").unwrap(),
            ink: block("ink").unwrap(),
            mono: block("mono").unwrap(),
            ascii: block("ascii"),
            marks: lines.map(mark).collect(),
        }
    }

    /// A series of the mock.
    pub(crate) fn data(&self, key: &str) -> Vec<Option<f64>> {
        self.data[key].clone()
    }

    /// Draws with `draw` in the middle of a larger buffer and compares every cell, at all four depths.
    pub(crate) fn check(&self, draw: impl Fn(&mut Canvas<'_>, Rect)) {
        let palette = ThemeRegistry::built_in().unwrap().palettes()[0].clone();
        for depth in [Depth::True, Depth::Sixteen, Depth::None] {
            let buffer = self.drawn(&Theme::new(&palette, depth), &draw);
            let text = if depth == Depth::None { &self.mono } else { &self.text };
            assert_eq!(&lines(&buffer), text, "{} {depth:?}\n{}", self.name, lines(&buffer).join("\n"));
            self.compare_inks(&buffer, depth);
        }
        if let Some(ascii) = &self.ascii {
            let buffer = self.drawn(&Theme::new(&palette, Depth::True).with_glyphs(Glyphs::Ascii), &draw);
            assert_eq!(&lines(&buffer), ascii, "{}\n{}", self.name, lines(&buffer).join("\n"));
        }
    }

    /// Draws it with air about it, which must stay as it is; returns the part within.
    fn drawn(&self, theme: &Theme, draw: &impl Fn(&mut Canvas<'_>, Rect)) -> Buffer {
        let (width, height) = self.size;
        let area = Rect::new(3, 2, width, height);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width + 6, height + 4));
        let mut canvas = Canvas::new(&mut buffer, theme);
        canvas.ground(canvas.buffer.area, Role::Ground);
        let untouched = canvas.buffer.clone();
        draw(&mut canvas, area);
        theme.glyphs().apply(canvas.buffer);
        for place in buffer.area.positions().filter(|place| !area.contains(*place)) {
            assert_eq!(buffer[place], untouched[place], "{}: {place:?} lies outside", self.name);
        }
        let mut part = Buffer::empty(Rect::new(0, 0, width, height));
        for place in part.area.positions() {
            part[place] = buffer[(place.x + area.x, place.y + area.y)].clone();
        }
        part
    }

    fn compare_inks(&self, buffer: &Buffer, depth: Depth) {
        for place in buffer.area.positions() {
            let letter = self.ink[usize::from(place.y)].chars().nth(usize::from(place.x)).unwrap_or('.');
            let Some(mark) = self.marks.get(&letter) else { continue };
            let cell = &buffer[place];
            let at = format!("{} {depth:?} at {place:?} `{}`: {}", self.name, cell.symbol(), mark.key);
            if cell.symbol() != " " {
                assert_eq!(cell.modifier.contains(Modifier::BOLD), mark.is_bold || is_grave(mark, depth), "{at}");
            }
            match depth {
                Depth::True => compare_rgb(cell, mark, &at),
                Depth::Sixteen => compare_16(cell, mark, &at),
                _ => assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{at}"),
            }
        }
    }
}

/// Without colour a grave word keeps its weight.
fn is_grave(mark: &CellLook, depth: Depth) -> bool {
    depth == Depth::None && mark.key == "critical"
}

fn compare_rgb(cell: &Cell, mark: &CellLook, at: &str) {
    assert_eq!(cell.bg, mark.bg, "ground of {at}");
    if cell.symbol() != " " {
        assert_eq!(cell.fg, mark.fg, "{at}");
    }
}

fn compare_16(cell: &Cell, mark: &CellLook, at: &str) {
    // What is on a panel is shown in reverse, where each colour would be a ground of its own: unlike the drawing, it has one.
    // Text has the terminal's own colour.
    assert_eq!(cell.modifier.contains(Modifier::REVERSED), mark.is_on_panel, "{at}");
    let want = match mark.fg_of_16.as_str() {
        _ if mark.key == "text" || mark.is_on_panel => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bblack" => Color::DarkGray,
        "bred" => Color::LightRed,
        "bgreen" => Color::LightGreen,
        "byellow" => Color::LightYellow,
        "bblue" => Color::LightBlue,
        "bmagenta" => Color::LightMagenta,
        "bcyan" => Color::LightCyan,
        "bwhite" => Color::White,
        other => panic!("{other}"),
    };
    if cell.symbol() != " " {
        assert_eq!(cell.fg, want, "{at}");
    }
}

fn mark(line: &str) -> (char, CellLook) {
    let words: Vec<&str> = line.split(' ').collect();
    let colour = |hex: &str| {
        let [_, r, g, b] = u32::from_str_radix(hex, 16).unwrap().to_be_bytes();
        Color::Rgb(r, g, b)
    };
    let mark = CellLook {
        fg: colour(words[1]),
        bg: colour(words[2]),
        fg_of_16: words[3].to_owned(),
        is_on_panel: words[2] == "1a222d",
        is_bold: words[5] == "bold",
        key: words[6].to_owned(),
    };
    (line.chars().next().unwrap(), mark)
}

/// The rows of a buffer without the spaces at their ends.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let row = |cells: &[Cell]| cells.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned();
    buffer.content.chunks(width).map(row).collect()
}
