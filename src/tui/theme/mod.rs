//! Colours by meaning: sixteen roles, one TOML file a theme, and a style for each role at the terminal's depth.
//!
//! A pane asks for a role and never names a colour. Themes change what a role looks like and nothing else.

mod colour;
mod depth;
mod error;
mod glyphs;
mod palette;
mod role;
mod shelf;

pub use colour::Colour;
pub use depth::{ColorChoice, Depth};
pub use error::ThemeError;
pub use glyphs::Glyphs;
pub use palette::Palette;
pub use role::Role;
pub use shelf::{BUILT_IN, Shelf};

use ratatui::style::{Color, Modifier, Style};

/// The styles of one palette at one depth: what `draw` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    glyphs: Glyphs,
    styles: [Style; Role::COUNT],
}

impl Theme {
    /// The palette as this terminal can show it.
    pub fn new(palette: &Palette, depth: Depth) -> Self {
        let ground = match depth {
            Depth::None => Style::new(),
            _ => Style::new().bg(palette.colour(Role::Ground, depth)),
        };
        let styles = Role::ALL.map(|role| match depth {
            Depth::None => without_colour(role),
            _ if role == Role::Ground => ground,
            _ if role == Role::Selection => Style::new().bg(palette.colour(role, depth)),
            _ => ground.fg(palette.colour(role, depth)),
        });
        Self { name: palette.name().to_owned(), glyphs: Glyphs::Blocks, styles }
    }

    /// A theme in which every role has a colour of its own, for tests that ask which role a cell has.
    pub fn of_roles() -> Self {
        let mut styles = Role::ALL.map(|role| Style::new().bg(Color::Indexed(0)).fg(Color::Indexed(role as u8)));
        styles[Role::Selection as usize] = Style::new().bg(Color::Indexed(Role::Selection as u8));
        styles[Role::Ground as usize] = Style::new().bg(Color::Indexed(0));
        Self { name: "roles".to_owned(), glyphs: Glyphs::Blocks, styles }
    }

    /// The same theme with other characters.
    #[must_use]
    pub fn with_glyphs(self, glyphs: Glyphs) -> Self {
        Self { glyphs, ..self }
    }

    /// The characters that may be drawn.
    pub fn glyphs(&self) -> Glyphs {
        self.glyphs
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// Weight instead of colour.
fn without_colour(role: Role) -> Style {
    let modifier = match role {
        Role::Dim | Role::Faint => Modifier::DIM,
        Role::Accent | Role::Gain | Role::Loss | Role::Warning => Modifier::BOLD,
        Role::Critical => Modifier::BOLD.union(Modifier::REVERSED),
        Role::Selection => Modifier::REVERSED,
        _ => Modifier::empty(),
    };
    Style::new().add_modifier(modifier)
}
