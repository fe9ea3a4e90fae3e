//! The pictures of the documentation are frames of the program.
//!
//! `MARGINTOP_BLESS=1 cargo test --release --test screens pictures::` draws them anew; a difference fails.

use std::path::PathBuf;

use crate::samples;
use crate::samples::pages::{self, Page};
use margintop::tui::app::{Action, App, Command, Field, Motion};
use margintop::tui::svg::svg;
use margintop::tui::theme::{Depth, Role, Theme, ThemeRegistry};
use margintop::tui::view::ViewId;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SIZE: (u16, u16) = (120, 36);

/// Compares a frame of `app` with the picture of this name.
fn compare(name: &str, app: &App) {
    let theme = Theme::new(&ThemeRegistry::built_in().unwrap().palettes()[0], Depth::True);
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &theme))).unwrap();
    let colour = |role| theme.style(role).fg.unwrap();
    let ground = theme.style(Role::Ground).bg.unwrap();
    let got = svg(terminal.backend().buffer(), ground, colour(Role::Text));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.svg"));
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        return std::fs::write(&path, &got).unwrap();
    }
    let is_current = std::fs::read_to_string(&path).is_ok_and(|want| want == got);
    assert!(is_current, "{} is not what the program draws; MARGINTOP_BLESS=1 draws it anew", path.display());
}

fn of_view(view: ViewId) -> App {
    let mut app = samples::watched();
    app.update(Action::Command(Command::Show(view)));
    app
}

#[test]
fn the_pictures_of_a_watched_fleet_are_current() {
    compare("overview", &of_view(ViewId::Overview));
    compare("balance", &of_view(ViewId::Balance));
    compare("nodes", &of_view(ViewId::Nodes));
}

#[test]
fn the_pictures_of_the_published_day_are_current() {
    let mut app = pages::app(Page::PublishedDay);
    compare("money", &app);
    app.update(Action::Command(Command::WhatIf));
    pages::answer(&mut app, Page::PublishedDay);
    while app.what_if.field != Field::HitRate {
        app.update(Action::Command(Command::Move(Motion::Down)));
    }
    for c in "62".chars() {
        app.update(Action::Typed(c));
    }
    pages::answer(&mut app, Page::PublishedDay);
    compare("what-if", &app);
}
