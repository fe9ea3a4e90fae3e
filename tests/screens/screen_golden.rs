//! Golden frames: what the overview shows, cell by cell, at four sizes and in everything that can go wrong.
//!
//! A file holds the text and, below it, the role of every cell. `MARGINTOP_BLESS=1 cargo test --release --test screens screen_golden::` writes
//! the files anew; a difference fails.

use crate::samples;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::snapshot::{Snapshot, WriterStatus};
use margintop::tui::app::{Action, App, Command, Direction, Field, Motion, Pane};
use margintop::tui::theme::{Depth, Glyphs, Role, Theme, ThemeRegistry};
use margintop::tui::view::{Hits, ViewId};
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use samples::pages::{self, Page};
use samples::{Case, case, empty};

pub const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 50)];

fn app(snapshot: &Arc<Snapshot>) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Fresh(snapshot.clone()));
    app
}

fn frame(app: &App, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), theme))).unwrap();
    terminal.backend().buffer().clone()
}

/// The role of a cell that was drawn in [`Theme::of_roles`], where a colour's number is its role's.
fn role(colour: Color) -> Option<Role> {
    match colour {
        Color::Indexed(number) => Role::ALL.get(usize::from(number)).copied(),
        _ => None,
    }
}

/// One letter a role: the ground is a dot, bold is a capital.
fn letter(cell: &Cell) -> char {
    const LETTERS: &[u8; Role::COUNT] = b".stdfaglwcophkxyz*";
    let chosen = role(cell.bg) == Some(Role::Panel);
    match role(cell.fg) {
        _ if cell.symbol() == " " => {
            if chosen {
                's'
            } else {
                '.'
            }
        }
        Some(role) => {
            let letter = char::from(LETTERS[role as usize]);
            if cell.modifier.contains(Modifier::BOLD) { letter.to_ascii_uppercase() } else { letter }
        }
        None => '!',
    }
}

fn rows(buffer: &Buffer, show: impl Fn(&Cell) -> String) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        let line: String = row.iter().map(&show).collect();
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    text
}

pub fn golden(name: &str, app: &App, size: (u16, u16)) {
    let buffer = frame(app, &Theme::of_roles(), size);
    let got = format!("{}\n{}", rows(&buffer, |c| c.symbol().to_owned()), rows(&buffer, |c| letter(c).to_string()));
    same(&format!("{name}-{}x{}.txt", size.0, size.1), &got);
}

fn same(file: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        std::fs::write(&path, got).unwrap();
        return;
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == want, "{} differs; it is now:\n{got}\nMARGINTOP_BLESS=1 accepts it", path.display());
}

#[test]
fn the_overview_in_every_case_and_size() {
    for which in Case::ALL {
        let snapshot = Arc::new(case(which));
        for size in SIZES {
            golden(which.name(), &app(&snapshot), size);
        }
    }
}

#[test]
fn a_theme_changes_colours_and_nothing_else() {
    let registry = ThemeRegistry::built_in().unwrap();
    let mut apps: Vec<App> = [Case::OneBox, Case::Fleet, Case::Loss].map(|which| app(&Arc::new(case(which)))).into();
    apps.extend([Page::Fleet, Page::Loss, Page::Failed].map(pages::app));
    apps.push(asking());
    apps.push(pages::kept(Page::Fleet, WriterStatus::Memory, Some("the disk is full")));
    for app in apps {
        for size in SIZES {
            let roles = frame(&app, &Theme::of_roles(), size);
            for palette in registry.palettes() {
                for depth in [Depth::True, Depth::Sixteen] {
                    let theme = Theme::new(palette, depth);
                    let themed = frame(&app, &theme, size);
                    assert_eq!(rows(&roles, text), rows(&themed, text), "{} {depth:?}", palette.name());
                    // Interiors are mixed into the ground: only words and signs have their role's own colour.
                    let words =
                        |cell: &&Cell| cell.symbol().chars().all(|c| c.is_alphanumeric() || c.is_ascii_punctuation());
                    for (cell, role_cell) in themed.content.iter().zip(&roles.content).filter(|(cell, _)| words(cell)) {
                        let role = role(role_cell.fg).unwrap_or(Role::Ground);
                        // Reverse video has one colour: each would be a ground of its own.
                        let is_reversed = depth == Depth::Sixteen && role_cell.bg == Color::Indexed(Role::Panel as u8);
                        let role = if is_reversed { Role::Text } else { role };
                        let want = theme.style(role).fg;
                        assert!(want.is_none() || want == Some(cell.fg), "{role:?} in {} {depth:?}", palette.name());
                    }
                }
            }
        }
    }
}

/// The colours of a frame in each theme, and how many cells have them: a palette that changes is seen in a diff.
#[test]
fn each_theme_once() {
    let registry = ThemeRegistry::built_in().unwrap();
    let app = pages::app(Page::Fleet);
    let mut got = String::new();
    for palette in registry.palettes() {
        let mut counts = BTreeMap::new();
        for cell in frame(&app, &Theme::new(palette, Depth::True), SIZES[1]).content {
            *counts.entry(format!("{} on {}", cell.fg, cell.bg)).or_insert(0) += 1;
        }
        writeln!(got, "{}", palette.name()).unwrap();
        for (colours, cells) in counts {
            writeln!(got, "{cells:>6}  {colours}").unwrap();
        }
    }
    same("themes.txt", &got);
}

/// In reverse video a word's colour is the ground around it: of several the row would be patched.
#[test]
fn a_chosen_row_in_reverse_video_has_one_ground() {
    let registry = ThemeRegistry::built_in().unwrap();
    for palette in registry.palettes() {
        let theme = Theme::new(palette, Depth::Sixteen);
        for size in [SIZES[2], SIZES[3]] {
            let buffer = frame(&app(&Arc::new(case(Case::OneBox))), &theme, size);
            let reversed = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            let grounds: Vec<Color> = reversed.map(|cell| cell.fg).collect();
            assert!(grounds.len() > 40, "{size:?}");
            assert!(grounds.iter().all(|ground| Some(*ground) == theme.style(Role::Text).fg), "{}", palette.name());
        }
    }
}

#[test]
fn without_colour_the_sign_and_the_severity_still_show() {
    let registry = ThemeRegistry::built_in().unwrap();
    let theme = Theme::new(&registry.palettes()[0], Depth::None);
    for (which, glyph) in [(Case::OneBox, "▲"), (Case::Loss, "▼")] {
        let snapshot = Arc::new(case(which));
        for size in SIZES {
            let buffer = frame(&app(&snapshot), &theme, size);
            assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
            let bold = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::BOLD));
            assert!(bold.filter(|cell| cell.symbol() == glyph).count() > 0, "{which:?} {size:?}");
        }
    }
}

#[test]
fn without_colour_a_gain_a_loss_and_a_what_if_still_differ() {
    let registry = ThemeRegistry::built_in().unwrap();
    let theme = Theme::new(&registry.palettes()[0], Depth::None);
    for page in Page::ALL {
        for size in SIZES {
            let buffer = frame(&pages::app(page), &theme, size);
            assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{page:?}");
        }
    }
    let cells = |page, glyph| {
        let cells = frame(&pages::app(page), &theme, SIZES[3]).content;
        cells.iter().filter(|cell| cell.symbol() == glyph).count()
    };
    assert!(cells(Page::Loss, "░") > 10, "what is missing is thin");
    assert!(cells(Page::PublishedDay, "▒") > 10, "costs are shaded");
    assert!(cells(Page::PublishedDay, "█") > 10, "profit is full");
    let buffer = frame(&asking(), &theme, SIZES[1]);
    assert!(rows(&buffer, |cell| cell.symbol().to_owned()).contains("not real money"), "the form says what it is");
}

/// The what-if form over the published day.
fn asking() -> App {
    let mut app = pages::app(Page::PublishedDay);
    app.update(Action::Command(Command::WhatIf));
    pages::answer(&mut app, Page::PublishedDay);
    app
}

#[test]
fn an_old_terminal_gets_ascii_only() {
    let theme = Theme::of_roles().with_glyphs(Glyphs::Ascii);
    for page in Page::ALL {
        for size in SIZES {
            let buffer = frame(&pages::app(page), &theme, size);
            assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{page:?} {size:?}");
            // A question mark would stand for what has no plain form; only the help's key is one.
            let key = Color::Indexed(Role::Accent as u8);
            assert!(buffer.content.iter().all(|cell| cell.symbol() != "?" || cell.fg == key), "{page:?} {size:?}");
        }
    }
    assert!(frame(&asking(), &theme, SIZES[1]).content.iter().all(|cell| cell.symbol().is_ascii()));
    for which in Case::ALL {
        let snapshot = Arc::new(case(which));
        for size in SIZES {
            let buffer = frame(&app(&snapshot), &theme, size);
            assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{which:?} {size:?}");
        }
    }
}

fn text(cell: &Cell) -> String {
    cell.symbol().to_owned()
}

#[test]
fn other_views_and_states() {
    let fleet = Arc::new(case(Case::Fleet));
    for view in ViewId::tabs() {
        let mut app = app(&fleet);
        app.update(Action::Command(Command::Show(view)));
        for size in SIZES {
            golden(&format!("view-{}", view.view().title()), &app, size);
        }
    }
    let mut app = app(&fleet);
    app.update(Action::Command(Command::Help));
    for size in SIZES {
        golden("help", &app, size);
    }
    let mut inside = self::app(&fleet);
    inside.update(Action::Command(Command::Show(ViewId::Nodes)));
    inside.update(Action::Command(Command::Enter));
    let mut open = self::app(&fleet);
    open.update(Action::Command(Command::Show(ViewId::Engines)));
    open.update(Action::Command(Command::Fold));
    for size in SIZES {
        golden("node", &inside, size);
        golden("engines-open", &open, size);
    }
    for grouping in ["node", "model"] {
        open.update(Action::Command(Command::Group));
        golden(&format!("engines-by-{grouping}"), &open, (120, 36));
    }
    app.update(Action::Command(Command::Help));
    app.update(Action::Command(Command::Pause));
    golden("paused", &app, (80, 24));
    app.update(Action::Command(Command::Pause));
    app.update(Action::Quiet(Span::from_secs(12)));
    golden("silent", &app, (80, 24));
    golden("too-small", &app, (20, 5));
    golden("too-small", &app, (39, 12));
}

#[test]
fn views_of_a_fleet_that_was_watched_for_a_quarter_hour() {
    let mut app = samples::watched();
    for size in SIZES {
        golden("watched", &app, size);
    }
    // Money has a page of its own, and goldens with it.
    for view in ViewId::tabs().filter(|view| !matches!(view, ViewId::Overview | ViewId::Money)) {
        app.update(Action::Command(Command::Show(view)));
        for size in SIZES {
            golden(&format!("watched-{}", view.view().title()), &app, size);
        }
    }
    app.update(Action::Command(Command::Show(ViewId::Balance)));
    for command in [Command::Against, Command::Against, Command::AsItWas] {
        app.update(Action::Command(command));
    }
    golden("watched-balance-by-load", &app, (120, 36));
    app.update(Action::Command(Command::Show(ViewId::Alerts)));
    // Some ranks of a unit, and an alert that is silenced.
    app.update(Action::Command(Command::Silence));
    golden("watched-silenced", &app, (120, 36));
    app.update(Action::Command(Command::Show(ViewId::Engines)));
    app.update(Action::Command(Command::Fold));
    golden("watched-open", &app, (120, 36));
    // A node with an alert, and what happened on it.
    for command in [Command::Show(ViewId::Nodes), Command::Filter] {
        app.update(Action::Command(command));
    }
    for c in "gpu-0231".chars() {
        app.update(Action::Typed(c));
    }
    app.update(Action::Accept);
    app.update(Action::Command(Command::Enter));
    for size in SIZES {
        golden("watched-node", &app, size);
    }
}

#[test]
fn what_stands_before_and_in_a_view() {
    let watched = || {
        let mut app = samples::watched();
        app.theme_names = ["dark", "light", "ember", "high-contrast"].map(str::to_owned).to_vec();
        app
    };
    let press = |app: &mut App, commands: &[Command]| {
        for command in commands {
            app.update(Action::Command(*command));
        }
    };
    for size in SIZES {
        let mut earlier = watched();
        press(&mut earlier, &[Command::Leap(Direction::Previous), Command::Leap(Direction::Previous)]);
        golden("earlier", &earlier, size);

        let mut pointed = watched();
        draw_once(&mut pointed, size);
        press(&mut pointed, &[Command::Cursor, Command::Leap(Direction::Previous)]);
        golden("cursor", &pointed, size);

        let mut explained = watched();
        press(&mut explained, &[Command::Explain]);
        golden("figures", &explained, size);

        let mut asked = watched();
        press(&mut asked, &[Command::Prompt]);
        for c in "theme ".chars() {
            asked.update(Action::Typed(c));
        }
        press(&mut asked, &[Command::Complete(Direction::Next)]);
        golden("prompt", &asked, size);

        let mut block = watched();
        draw_once(&mut block, size);
        press(&mut block, &[Command::Block(Direction::Next)]);
        golden("block", &block, size);
    }
}

#[test]
fn nodes_without_units_stand_as_a_map_and_the_worst_first_where_room_runs_out() {
    for nodes in [60, 278] {
        let app = app(&Arc::new(samples::without_units(nodes)));
        for size in SIZES {
            golden(&format!("map-{nodes}-nodes"), &app, size);
        }
    }
    let mut app = app(&Arc::new(case(Case::Fleet)));
    for what in ["memory", "KV", "profit", "hits", "temp", "power"] {
        app.update(Action::Command(Command::Cells));
        if matches!(what, "KV" | "profit" | "hits") {
            golden(&format!("map-{what}"), &app, (120, 36));
        }
    }
}

#[test]
fn objectives_for_latency_show_where_they_are_missed() {
    for (name, mut snapshot) in [("fleet", case(Case::Fleet)), ("one-box", case(Case::OneBox))] {
        samples::set_objectives(&mut snapshot);
        let mut app = app(&Arc::new(snapshot));
        for size in [(80, 24), (120, 36), (200, 50)] {
            golden(&format!("slo-{name}"), &app, size);
        }
        app.update(Action::Command(Command::Show(ViewId::Engines)));
        for size in [(40, 12), (60, 16), (120, 36)] {
            golden(&format!("slo-{name}-engines"), &app, size);
        }
    }
}

/// Draws a frame, so that the app knows where its parts stand.
fn draw_once(app: &mut App, (width, height): (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
    app.update(Action::Drawn(hits));
}

#[test]
fn the_money_view_in_every_case_and_size() {
    for page in Page::ALL {
        let app = pages::app(page);
        for size in SIZES {
            golden(&format!("money-{}", page.name()), &app, size);
        }
    }
}

#[test]
fn every_pane_of_the_money_view() {
    let mut app = pages::app(Page::Fleet);
    for pane in Pane::ALL {
        assert_eq!(app.money.pane, pane);
        golden(&format!("money-pane-{}", pane.name()), &app, (80, 24));
        app.update(Action::Command(Command::Show(ViewId::Money)));
    }
    for by in ["tier", "node", "unit", "role"] {
        app.update(Action::Command(Command::By));
        pages::answer(&mut app, Page::Fleet);
        golden(&format!("money-by-{by}"), &app, (120, 36));
    }
    app.update(Action::Command(Command::By));
    draw_once(&mut app, (200, 50));
    pages::answer(&mut app, Page::Fleet);
    app.history = samples::watched().history;
    golden("money-week", &app, (200, 50));
    // A week ago nothing was watched.
    for _ in 0..2 {
        app.update(Action::Command(Command::Against));
    }
    pages::answer(&mut app, Page::Fleet);
    golden("money-no-bridge", &app, (120, 36));
}

#[test]
fn what_if_beside_what_is() {
    let mut app = pages::app(Page::PublishedDay);
    app.update(Action::Command(Command::WhatIf));
    pages::answer(&mut app, Page::PublishedDay);
    golden("what-if-begun", &app, (80, 24));
    for (c, field) in [("37", 1), ("120", 2), ("40", 3), ("2.50", 4)] {
        while app.what_if.field != Field::ALL[field] {
            app.update(Action::Command(Command::Move(Motion::Down)));
        }
        for c in c.chars() {
            app.update(Action::Typed(c));
        }
    }
    golden("what-if-asked", &app, (80, 24));
    pages::answer(&mut app, Page::PublishedDay);
    for size in SIZES {
        golden("what-if", &app, size);
    }
    app.update(Action::Command(Command::Move(Motion::Down)));
    for c in "9999999".chars() {
        app.update(Action::Typed(c));
    }
    golden("what-if-not-taken", &app, (80, 24));
    app.update(Action::Command(Command::AsItWas));
    assert_eq!(app.what_if.changed(), margintop::statement::WhatIfChange::default());
    app.update(Action::Command(Command::Sort));
    for c in "night".chars() {
        app.update(Action::Typed(c));
    }
    golden("what-if-named", &app, (120, 36));
}

#[test]
fn a_ledger_that_is_not_ours_or_not_written_is_seen() {
    let full = "/home/me/ledger.db: the disk is full; it is written again when there is room";
    for size in SIZES {
        golden("ledger-failure", &pages::kept(Page::Fleet, WriterStatus::Ours, Some(full)), size);
        golden("ledger-kept", &pages::kept(Page::Fleet, WriterStatus::Other(Some(4242)), None), size);
    }
    let mut overview = pages::kept(Page::Fleet, WriterStatus::Memory, Some(full));
    overview.update(Action::Command(Command::Show(ViewId::Overview)));
    golden("ledger-failure-overview", &overview, (80, 24));
}

#[test]
fn bars_by_the_day_of_the_week_and_of_the_month() {
    let mut app = pages::app(Page::Fleet);
    for name in ["money-7-days", "money-month"] {
        app.update(Action::Command(Command::StepSpan(Direction::Next)));
        pages::answer(&mut app, Page::Fleet);
        golden(name, &app, (120, 36));
        golden(name, &app, (80, 24));
    }
}
