//! A frame as a picture: SVG text that any browser shows, with the theme's colours.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// The width and height of a cell, and the size of the font, in SVG units.
const CELL: (u32, u32) = (9, 18);
const FONT: u32 = 15;
/// Fonts with the block and braille glyphs of the charts first.
const FONTS: &str = "'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace";
/// xterm's sixteen colours (`XTerm-col.ad`), for frames that were drawn with few.
const SIXTEEN: [u32; 16] = [
    0x0000_0000,
    0x00cd_0000,
    0x0000_cd00,
    0x00cd_cd00,
    0x0000_00ee,
    0x00cd_00cd,
    0x0000_cdcd,
    0x00e5_e5e5,
    0x007f_7f7f,
    0x00ff_0000,
    0x0000_ff00,
    0x00ff_ff00,
    0x005c_5cff,
    0x00ff_00ff,
    0x0000_ffff,
    0x00ff_ffff,
];

/// The frame as an SVG document. `ground` and `text` are the colours of cells that set none.
pub fn svg(frame: &Buffer, ground: Color, text: Color) -> String {
    let (columns, rows) = (u32::from(frame.area.width), u32::from(frame.area.height));
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let defaults = (hex(ground, "#000000"), hex(text, "#ffffff"));
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FONTS}\" font-size=\"{FONT}\" xml:space=\"preserve\">"
    );
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", defaults.0);
    for row in 0..frame.area.height {
        write_row(&mut out, frame, row, &defaults);
    }
    out.push_str("</svg>\n");
    out
}

/// The style of a cell.
#[derive(Debug, PartialEq, Eq)]
struct SvgStyle {
    ground: Option<String>,
    ink: String,
    bold: bool,
}

/// Cells side by side of one style.
struct SvgRun {
    from: u32,
    cells: u32,
    text: String,
    style: SvgStyle,
}

fn write_row(out: &mut String, frame: &Buffer, row: u16, defaults: &(String, String)) {
    let runs = runs(frame, row, defaults);
    let top = u32::from(row) * CELL.1;
    for run in &runs {
        if let Some(ground) = &run.style.ground {
            let (x, width) = (run.from * CELL.0, run.cells * CELL.0);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{ground}\"/>",
                CELL.1
            );
        }
    }
    for run in runs.iter().filter(|run| !run.text.trim().is_empty()) {
        let text = run.text.trim_end();
        let shown = run.cells - u32::try_from(run.text.len() - text.len()).unwrap_or(0);
        let (x, y) = (run.from * CELL.0, top + FONT - 1);
        let weight = if run.style.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{}\" fill=\"{}\"{weight}>{}</text>",
            shown * CELL.0,
            run.style.ink,
            escaped(text)
        );
    }
}

fn runs(frame: &Buffer, row: u16, defaults: &(String, String)) -> Vec<SvgRun> {
    let area = frame.area;
    let mut runs: Vec<SvgRun> = Vec::new();
    let mut next = 0;
    for column in 0..area.width {
        if column < next {
            // The right half of a wide character.
            continue;
        }
        let Some(cell) = frame.cell((area.x + column, area.y + row)) else { continue };
        let width = u16::try_from(super::format::width(cell.symbol())).unwrap_or(1).max(1);
        next = column + width;
        let style = style(cell, defaults);
        // Half a line of blanks between figures would be stretched with them.
        let continues =
            |run: &SvgRun| run.style == style && (run.text.ends_with(' ') || !cell.symbol().trim().is_empty());
        match runs.last_mut() {
            Some(run) if continues(run) || run.style == style && width == 1 => {
                run.text.push_str(cell.symbol());
                run.cells += u32::from(width);
            }
            _ => runs.push(SvgRun {
                from: u32::from(column),
                cells: u32::from(width),
                text: cell.symbol().to_owned(),
                style,
            }),
        }
    }
    runs
}

fn style(cell: &Cell, (ground, text): &(String, String)) -> SvgStyle {
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (mut behind, mut ink) = (hex(cell.bg, ground), hex(cell.fg, text));
    if reversed {
        std::mem::swap(&mut behind, &mut ink);
    }
    SvgStyle { ground: (behind != *ground).then_some(behind), ink, bold: cell.modifier.contains(Modifier::BOLD) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A colour as `#rrggbb`; `unset` where the terminal's own is meant.
fn hex(colour: Color, unset: &str) -> String {
    let value = match colour {
        Color::Rgb(red, green, blue) => u32::from_be_bytes([0, red, green, blue]),
        Color::Indexed(index) => indexed(index),
        Color::Reset => return unset.to_owned(),
        named => SIXTEEN[named_index(named)],
    };
    format!("#{value:06x}")
}

/// xterm's 256 colours: sixteen, a cube of six, and 24 greys.
fn indexed(index: u8) -> u32 {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u32::from(step) };
    match index {
        0..16 => SIXTEEN[usize::from(index)],
        16..232 => {
            let place = index - 16;
            level(place / 36) << 16 | level(place / 6 % 6) << 8 | level(place % 6)
        }
        grey => (8 + 10 * u32::from(grey - 232)) * 0x0001_0101,
    }
}

const fn named_index(colour: Color) -> usize {
    match colour {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Black | Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn frame(width: u16, height: u16) -> Buffer {
        Buffer::empty(Rect { x: 0, y: 0, width, height })
    }

    fn of(frame: &Buffer) -> String {
        svg(frame, Color::Rgb(14, 18, 24), Color::Rgb(215, 222, 232))
    }

    #[test]
    fn cells_of_one_style_are_one_text_at_their_place() {
        let mut buffer = frame(20, 2);
        buffer.set_string(2, 1, "a < b & c", Style::new().fg(Color::Rgb(1, 2, 3)));
        let out = of(&buffer);
        assert!(out.contains("<rect width=\"180\" height=\"36\" fill=\"#0e1218\"/>"), "{out}");
        assert!(
            out.contains("<text x=\"18\" y=\"32\" textLength=\"81\" fill=\"#010203\">a &lt; b &amp; c</text>"),
            "{out}"
        );
        assert_eq!(out.matches("<text").count(), 1, "blank cells have none");
    }

    #[test]
    fn grounds_bold_and_reversed_cells_are_drawn() {
        let mut buffer = frame(4, 1);
        buffer.set_string(0, 0, "ab", Style::new().bg(Color::Rgb(255, 0, 0)).add_modifier(Modifier::BOLD));
        buffer.set_string(2, 0, "cd", Style::new().add_modifier(Modifier::REVERSED));
        let out = of(&buffer);
        assert!(out.contains("<rect x=\"0\" y=\"0\" width=\"18\" height=\"18\" fill=\"#ff0000\"/>"), "{out}");
        assert!(out.contains("font-weight=\"bold\">ab<"), "{out}");
        assert!(
            out.contains("width=\"18\" height=\"18\" fill=\"#d7dee8\"") && out.contains("fill=\"#0e1218\">cd<"),
            "{out}"
        );
    }

    #[test]
    fn wide_characters_take_two_cells() {
        let mut buffer = frame(8, 1);
        buffer.set_string(0, 0, "模型 x", Style::new());
        let out = of(&buffer);
        assert!(out.contains("textLength=\"54\"") && out.contains(">模型 x</text>"), "{out}");
    }

    #[test]
    fn every_colour_has_a_value() {
        assert_eq!((indexed(16), indexed(231), indexed(232), indexed(255)), (0, 0x00ff_ffff, 0x0008_0808, 0x00ee_eeee));
        assert_eq!(hex(Color::LightCyan, ""), "#00ffff");
        assert_eq!(hex(Color::Indexed(9), ""), "#ff0000");
        assert_eq!(hex(Color::Reset, "#123456"), "#123456");
    }

    #[test]
    fn an_empty_frame_is_a_picture() {
        assert!(of(&frame(0, 0)).ends_with("</svg>\n"));
    }
}
