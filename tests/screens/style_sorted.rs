//! What the terminal shows is what was drawn, whatever changed from one frame to the next: the real backend, read by a
//! terminal emulator.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use margintop::tui::terminal::StyleSortedBackend;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier, Style};

const COLUMNS: u16 = 24;
const ROWS: u16 = 6;

#[derive(Clone, Default)]
struct Sent(Rc<RefCell<Vec<u8>>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text at a place in a style.
#[derive(Debug, Clone)]
struct Written {
    x: u16,
    y: u16,
    text: &'static str,
    style: Style,
}

fn colour() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Reset),
        Just(Color::Red),
        Just(Color::LightBlue),
        Just(Color::Indexed(201)),
        Just(Color::Rgb(1, 2, 3)),
        Just(Color::Rgb(200, 100, 0)),
    ]
}

fn modifier() -> impl Strategy<Value = Modifier> {
    prop::sample::select(vec![
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::REVERSED,
        Modifier::ITALIC,
        Modifier::UNDERLINED,
        Modifier::BOLD.union(Modifier::REVERSED),
    ])
}

fn written() -> impl Strategy<Value = Written> {
    let text = prop::sample::select(vec![
        "a",
        "42 %",
        "⣿⡇",
        "━━━━╸",
        "日本語",
        "e\u{301}x",
        "שלום",
        "▲ 1",
        "          ",
        "🙂b",
    ]);
    (0..COLUMNS, 0..ROWS, text, colour(), colour(), modifier()).prop_map(|(x, y, text, fg, bg, modifier)| Written {
        x,
        y,
        text,
        style: Style::new().fg(fg).bg(bg).add_modifier(modifier),
    })
}

fn of_terminal(colour: Color) -> vt100::Color {
    match colour {
        Color::Red => vt100::Color::Idx(1),
        Color::LightBlue => vt100::Color::Idx(12),
        Color::Indexed(nth) => vt100::Color::Idx(nth),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        _ => vt100::Color::Default,
    }
}

/// Cells that are the other half of a symbol. When its first half is written over, terminals differ in the style that they
/// leave there, and a cell that is blank before and after is not drawn again for as long as it stays so.
fn halves(shown: &vt100::Screen) -> Vec<(u16, u16)> {
    let all = (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x)));
    all.filter(|(y, x)| shown.cell(*y, *x).unwrap().is_wide_continuation()).collect()
}

fn differences(drawn: &Buffer, shown: &vt100::Screen, halves: &[(u16, u16)]) -> Vec<String> {
    let mut found = Vec::new();
    for (y, x) in (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x))) {
        let (drawn, shown) = (&drawn[(x, y)], shown.cell(y, x).unwrap());
        let text = if shown.has_contents() { shown.contents() } else { " " };
        if shown.is_wide_continuation() || halves.contains(&(y, x)) && text == " " {
            continue;
        }
        let is_same = text == drawn.symbol()
            && shown.fgcolor() == of_terminal(drawn.fg)
            && shown.bgcolor() == of_terminal(drawn.bg)
            // The emulator knows one intensity, either bold or dim.
            && (drawn.modifier.contains(Modifier::BOLD | Modifier::DIM)
                || shown.bold() == drawn.modifier.contains(Modifier::BOLD)
                    && shown.dim() == drawn.modifier.contains(Modifier::DIM))
            && shown.italic() == drawn.modifier.contains(Modifier::ITALIC)
            && shown.underline() == drawn.modifier.contains(Modifier::UNDERLINED)
            && shown.inverse() == drawn.modifier.contains(Modifier::REVERSED);
        if !is_same {
            found.push(format!("({x}, {y}): {drawn:?} is shown as {shown:?}"));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_terminal_shows_what_was_drawn(frames in prop::collection::vec(prop::collection::vec(written(), 0..12), 1..6), rude in any::<bool>()) {
        let sent = Sent::default();
        let backend = StyleSortedBackend::new(sent.clone(), || Ok(Size::new(COLUMNS, ROWS)));
        let mut terminal = Terminal::new(backend).unwrap();
        let mut emulator = vt100::Parser::new(ROWS, COLUMNS, 0);
        let mut split = Vec::new();
        for frame in frames {
            if rude {
                // Another program sets a style and moves the cursor between two frames.
                emulator.process(b"\x1b[0;7;31m\x1b[3;3H");
            }
            split.extend(halves(emulator.screen()));
            let mut drawn = None;
            terminal
                .draw(|view| {
                    for written in &frame {
                        view.buffer_mut().set_string(written.x, written.y, written.text, written.style);
                    }
                    drawn = Some(view.buffer_mut().clone());
                })
                .unwrap();
            emulator.process(&sent.0.borrow_mut().split_off(0));
            let found = differences(&drawn.unwrap(), emulator.screen(), &split);
            prop_assert!(found.is_empty(), "{found:#?}");
        }
    }
}

/// Class: styles that are set again though nothing changed them.
#[test]
fn cells_of_one_background_set_it_once() {
    let sent = Sent::default();
    let mut terminal = Terminal::new(StyleSortedBackend::new(sent.clone(), || Ok(Size::new(COLUMNS, ROWS)))).unwrap();
    sent.0.borrow_mut().clear();
    let rows = [Color::Rgb(1, 1, 1), Color::Rgb(2, 2, 2), Color::Rgb(3, 3, 3)];
    let paint = |view: &mut ratatui::Frame<'_>| {
        for (y, fg) in (0..).zip(rows) {
            view.buffer_mut().set_string(4, y, "⣿", Style::new().fg(fg).bg(Color::Rgb(9, 9, 9)));
        }
    };
    terminal.draw(paint).unwrap();
    let bytes = String::from_utf8(sent.0.borrow().clone()).unwrap();
    assert_eq!(bytes.matches("48;2;9;9;9").count(), 1, "{bytes:?}");
    assert!(bytes.len() < 110, "{} bytes: {bytes:?}", bytes.len());
}
