//! Screens of terminals that show ASCII only.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::theme::{Depth, Glyphs, Theme, ThemeRegistry};
use margintop::tui::view::ViewId;
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use samples::pages::{self, Page};
use samples::{Case, case, hands};

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 50)];

fn frame(app: &App, (width, height): (u16, u16)) -> String {
    let themes = ThemeRegistry::built_in().unwrap();
    let theme = Theme::new(&themes.palettes()[0], Depth::True).with_glyphs(Glyphs::Ascii);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &theme))).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buffer.content.chunks(usize::from(width)).map(row).collect::<Vec<_>>().join("\n")
}

fn is_ascii(app: &App, size: (u16, u16), what: &str) {
    let frame = frame(app, size);
    let other = frame.chars().find(|c| *c != '\n' && !(' '..='~').contains(c));
    assert_eq!(other, None, "{what} {size:?}: {frame}");
}

#[test]
fn nothing_beyond_ascii_is_drawn_in_any_view() {
    for which in Case::ALL {
        let mut app = App::new(Arc::new(case(which)), TimeZone::UTC, Span::from_secs(1), 1);
        app.update(Action::Fresh(app.shown().clone()));
        for size in SIZES {
            is_ascii(&app, size, which.name());
        }
    }
    for mut app in [samples::watched(), pages::app(Page::Fleet), pages::app(Page::Failed)] {
        for view in ViewId::ALL {
            app.update(Action::Command(Command::Show(*view)));
            for size in [SIZES[1], SIZES[3]] {
                is_ascii(&app, size, &format!("{view:?}"));
            }
        }
        for keys in ["w", "/", ":", "i", "?", "c"] {
            let mut app = app.clone();
            hands::type_(&mut app, keys);
            for size in [SIZES[1], SIZES[3]] {
                is_ascii(&app, size, keys);
            }
        }
    }
}

/// Class: a replaced glyph that names another key: `<  >` for the arrows, `v` for the one down, `&` for Enter.
#[test]
fn each_key_keeps_its_name() {
    let watched = samples::watched();
    let mut app = watched.clone();
    hands::type_(&mut app, "?");
    let frame = frame(&app, (120, 36));
    for line in [
        "1-7        the views of the tabs",
        "Enter      into the chosen row",
        "<  >       view before; Ctrl-PgUp",
        "<- ->      back and forth by a cell",
        "j Dn  k Up one row down, up",
        "{  }       by ten cells; also Shift <-",
        "+  -       poll less or more often",
    ] {
        assert!(frame.contains(line), "{line}: {frame}");
    }
    let named = |keys: &str, word: &str| {
        let mut app = watched.clone();
        hands::draw(&mut app);
        hands::type_(&mut app, keys);
        let frame = self::frame(&app, (120, 36));
        let last = frame.lines().last().unwrap().to_owned();
        assert!(last.contains(word), "{keys}: {last}");
    };
    named("", "Enter open");
    named("/", "Enter keep");
    named(":", "Enter do it  Up before");
    named("c", "<- -> move");
    named("w", "Up Dn field  <- -> change");
}

/// Class: a glyph without a replacement, drawn as `?`, which is the sign of silence.
#[test]
fn every_glyph_of_the_screens_has_a_replacement() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if name.starts_with("hostile") || file.path().is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).unwrap();
        // The key is written in a word.
        let is_unknown = |c: &char| !c.is_ascii() && *c != '⏎' && Glyphs::Ascii.text(&c.to_string()) == "?";
        let unknown = text.chars().find(is_unknown);
        assert_eq!(unknown, None, "{name}");
    }
}
