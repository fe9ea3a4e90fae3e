//! One frame without a terminal.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::draw::draw_into;
use super::svg::svg;
use super::theme::{Depth, Theme, ThemeError, ThemeRegistry};

/// The frame of an app as it is now, without what was said last.
pub(super) fn still(app: &App, theme: &Theme, area: Rect) -> Buffer {
    let mut frame = Buffer::empty(area);
    let app = app.unsaid();
    draw_into(&mut frame, &app, app.shown(), theme);
    frame
}

/// The same of so many columns and rows as an SVG document, in the built-in dark theme.
///
/// # Errors
/// If the built-in themes cannot be read.
pub fn picture_of(app: &App, (width, height): (u16, u16)) -> Result<String, ThemeError> {
    let shelf = ThemeRegistry::built_in()?;
    let theme = shelf.palettes().first().map(|palette| Theme::new(palette, Depth::True));
    let theme = theme.unwrap_or_else(Theme::of_roles);
    let (ground, text) = theme.paper();
    Ok(svg(&still(app, &theme, Rect::new(0, 0, width, height)), ground, text))
}
