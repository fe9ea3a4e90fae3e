//! Colours by meaning: eighteen roles, one TOML file a theme, and a style for each role at the terminal's depth.
//!
//! A pane asks for a role and never names a colour. Themes change what a role looks like and nothing else.

mod base16;
mod colour;
mod depth;
mod error;
mod glyphs;
mod ink;
mod palette;
mod registry;
mod role;

pub use colour::Colour;
pub use depth::{ColorChoice, Depth};
pub use error::ThemeError;
pub use glyphs::Glyphs;
pub use ink::Ink;
pub use palette::Palette;
pub use registry::{BUILT_IN, FORMER_NAMES, ThemeRegistry};
pub use role::Role;

use ratatui::style::{Color, Modifier, Style};

/// The styles of one palette at one depth: what `draw` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    glyphs: Glyphs,
    depth: Depth,
    styles: [Style; Role::COUNT],
    /// Absent where colours stand for roles.
    palette: Option<Palette>,
}

impl Theme {
    /// The palette as this terminal can show it.
    pub fn new(palette: &Palette, depth: Depth) -> Self {
        let ground = match depth {
            Depth::None => Style::new(),
            _ => Style::new().bg(palette.colour(Role::Ground, depth)),
        };
        let styles = Role::ALL.map(|role| match (depth, role) {
            (Depth::None, _) => without_colour(role),
            (_, Role::Ground) => ground,
            // The sixteen have no colour that is certain to be near the ground.
            (Depth::Sixteen, Role::Panel) => Style::new().add_modifier(Modifier::REVERSED),
            (_, Role::Panel) => Style::new().bg(palette.colour(role, depth)),
            _ => ground.fg(palette.colour(role, depth)),
        });
        Self { name: palette.name().to_owned(), glyphs: Glyphs::Blocks, depth, styles, palette: Some(palette.clone()) }
    }

    /// A theme in which every role has a colour of its own, for tests that ask which role a cell has.
    pub fn of_roles() -> Self {
        let mut styles = Role::ALL.map(|role| Style::new().bg(Color::Indexed(0)).fg(Color::Indexed(role as u8)));
        styles[Role::Panel as usize] = Style::new().bg(Color::Indexed(Role::Panel as u8));
        styles[Role::Ground as usize] = Style::new().bg(Color::Indexed(0));
        Self { name: "roles".to_owned(), glyphs: Glyphs::Blocks, depth: Depth::True, styles, palette: None }
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

    /// Whether colours tell layers apart; where not, densities do.
    pub fn has_colour(&self) -> bool {
        self.depth != Depth::None
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The ground of a chosen row. Where it is reverse video its words have one colour: of several, each would be a ground.
    pub fn panel(&self) -> Style {
        let style = self.style(Role::Panel);
        match (self.depth, self.style(Role::Text).fg) {
            (Depth::Sixteen, Some(text)) => style.fg(text),
            _ => style,
        }
    }

    /// The colours of the ground and of text in a picture: the palette's own, whatever the terminal can show.
    pub fn paper(&self) -> (Color, Color) {
        let of = |role, unset: Color| match &self.palette {
            Some(palette) => palette.colour(role, Depth::True),
            None => unset,
        };
        let unset = (Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255));
        match (of(Role::Ground, unset.0), of(Role::Text, unset.1)) {
            (ground @ Color::Rgb(..), text @ Color::Rgb(..)) => (ground, text),
            _ => unset,
        }
    }

    /// The foreground of an ink; what it is drawn upon stays.
    pub fn ink(&self, ink: Ink) -> Style {
        match (&self.palette, ink) {
            (_, Ink::Role(role)) if self.depth == Depth::None => quiet_or_grave(role),
            (Some(_), _) if self.depth == Depth::None => Style::new(),
            (Some(palette), _) => Style::new().fg(palette.ink(ink, self.depth)),
            (None, _) => Style::new().fg(Color::Indexed(ink.role() as u8)),
        }
    }

    /// An ink as a ground: the upper part of a cell whose lower part is its glyph. `None` without colours.
    pub fn behind(&self, ink: Ink) -> Option<Style> {
        self.ink(ink).fg.map(|colour| Style::new().bg(colour))
    }
}

/// Without colours widgets show by glyph and weight what matters; words that are quiet or grave keep their weight.
fn quiet_or_grave(role: Role) -> Style {
    match role {
        Role::Dim | Role::Rule => Style::new().add_modifier(Modifier::DIM),
        Role::Critical => Style::new().add_modifier(Modifier::BOLD),
        _ => Style::new(),
    }
}

/// Weight instead of colour.
fn without_colour(role: Role) -> Style {
    let modifier = match role {
        Role::Dim | Role::Rule => Modifier::DIM,
        Role::Accent | Role::Gain | Role::Loss | Role::Warning => Modifier::BOLD,
        Role::Critical => Modifier::BOLD.union(Modifier::REVERSED),
        Role::Panel => Modifier::REVERSED,
        _ => Modifier::empty(),
    };
    Style::new().add_modifier(modifier)
}
