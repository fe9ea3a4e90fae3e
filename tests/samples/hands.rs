//! A dashboard, and hands that press its keys.

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::tui::app::{Action, App, Effect};
use margintop::tui::keys;
use margintop::tui::theme::Theme;
use margintop::tui::view::Hits;
use margintop::units::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fleet;

pub fn app() -> App {
    let mut app = App::new(Arc::new(fleet(0)), TimeZone::UTC, Span::from_secs(1), 4);
    draw(&mut app);
    app
}

/// Draws a frame, so that the mouse meets something.
pub fn draw(app: &mut App) {
    draw_at(app, 120, 36);
}

/// Draws a frame of a size.
pub fn draw_at(app: &mut App, width: u16, height: u16) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
    app.update(Action::Drawn(hits));
}

pub fn press(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Effect {
    keys::action(app, KeyEvent::new(code, modifiers)).map_or(Effect::None, |action| app.update(action))
}

pub fn type_(app: &mut App, text: &str) -> Effect {
    text.chars().map(|c| press(app, KeyCode::Char(c), KeyModifiers::NONE)).last().unwrap_or(Effect::None)
}

/// The frame that the next draw shows.
pub fn text(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| drop(margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles()))).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}

/// A fleet that was watched for a quarter hour.
pub fn watched() -> App {
    let history = History::default();
    for beat in (0..=900).step_by(5) {
        history.record(&fleet(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(fleet(900)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    draw(&mut app);
    app
}
