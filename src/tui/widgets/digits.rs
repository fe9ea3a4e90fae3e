//! The main figure in large digits, in the largest form that fits.

mod forms;

use ratatui::layout::Rect;

use super::{Canvas, Clip, Segment};
use crate::tui::format;
use crate::tui::theme::Role;
use forms::{ASCII, LARGE, MEDIUM};

/// The sizes of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DigitForm {
    /// One row of plain text.
    Line,
    /// Three rows of three cells.
    Medium,
    /// Four rows of five cells: for screens of 160 columns or more.
    Large,
}

impl DigitForm {
    /// The largest form for a screen of this width.
    pub fn for_screen(columns: u16) -> Self {
        if columns >= 160 { Self::Large } else { Self::Medium }
    }
}

/// An amount of money with its sign, currency and bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits<'a> {
    /// Whether it rises or falls: `▲`, `▼`, or a space.
    pub glyph: char,
    /// `+`, `−`, or nothing.
    pub sign: &'a str,
    /// `$`.
    pub currency: &'a str,
    /// The digits and commas before the point; `–` for unknown.
    pub whole: &'a str,
    /// `.01`, or nothing.
    pub cents: &'a str,
    /// `≥` if it is a lower bound.
    pub bound: &'a str,
    /// The role: gain, loss, or text for neither.
    pub role: Role,
    /// The largest form that may be used.
    pub largest: DigitForm,
}

impl Digits<'_> {
    /// The form that fits `width` and `height`.
    pub fn form(&self, width: u16, height: u16, is_ascii: bool) -> DigitForm {
        let fits = |form: DigitForm| {
            let (rows, before) = match form {
                DigitForm::Line => return true,
                DigitForm::Medium => (3, self.before_medium()),
                DigitForm::Large if is_ascii => return false,
                DigitForm::Large => (4, self.before_large()),
            };
            let cents = format::width(self.cents);
            let digits = font(form, is_ascii).and_then(|font| cells(font, self.whole));
            height >= rows && digits.is_some_and(|digits| before + digits + cents <= usize::from(width))
        };
        let forms = [DigitForm::Large, DigitForm::Medium, DigitForm::Line];
        forms.into_iter().find(|form| *form <= self.largest && fits(*form)).unwrap_or(DigitForm::Line)
    }

    /// Draws the amount at the top left of `area`. Returns the form used.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> DigitForm {
        let mut clip = canvas.clip(area);
        let form = self.form(clip.width(), clip.height(), clip.is_ascii());
        let sign_row = match form {
            DigitForm::Line => {
                self.draw_line(&mut clip);
                return form;
            }
            DigitForm::Medium => 1,
            DigitForm::Large => 2,
        };
        clip.put_bold(0, 0, self.glyph, self.role);
        clip.line(0, 1, &[Segment::dim(self.bound)]);
        let (before, x, sign) = match form {
            DigitForm::Large => (self.before_large(), 0, format!("{}{}", self.sign, self.currency)),
            _ => (self.before_medium(), 2, format!("{} {}", self.sign, self.currency)),
        };
        clip.line(x, sign_row, &[Segment::new(self.role, sign).bold()]);
        let ascii = clip.is_ascii();
        let end =
            font(form, ascii).map_or(0, |font| draw_digits(&mut clip, before as u16, font, self.whole, self.role));
        clip.line(end, 0, &[Segment::new(self.role, self.cents)]);
        form
    }

    fn draw_line(&self, clip: &mut Clip<'_>) {
        let bound = if self.bound.is_empty() { String::new() } else { format!("{} ", self.bound) };
        let figure = format!("{}{}{}{}", self.sign, self.currency, self.whole, self.cents);
        let segments = [
            Segment::new(self.role, self.glyph.to_string()).bold(),
            Segment::dim(format!(" {bound}")),
            Segment::new(self.role, figure).bold(),
        ];
        let width = clip.width();
        // A figure is never cut: if it does not fit, it is left out with the texts before it.
        if segments.iter().map(Segment::width).sum::<usize>() <= usize::from(width) {
            clip.line(0, 0, &segments);
        } else if segments[2].width() <= usize::from(width) {
            clip.line(0, 0, &segments[2..]);
        }
    }

    fn before_large(&self) -> usize {
        (format::width(self.sign) + format::width(self.currency) + 2).max(4)
    }

    fn before_medium(&self) -> usize {
        (format::width(self.sign) + format::width(self.currency) + 4).max(6)
    }
}

type Font = &'static [(char, &'static [&'static str])];

fn font(form: DigitForm, is_ascii: bool) -> Option<Font> {
    match (form, is_ascii) {
        (DigitForm::Line, _) => None,
        (_, true) => Some(ASCII),
        (DigitForm::Medium, _) => Some(MEDIUM),
        (DigitForm::Large, _) => Some(LARGE),
    }
}

fn glyph(font: Font, c: char) -> Option<&'static [&'static str]> {
    font.iter().find(|(known, _)| *known == c).map(|(_, rows)| *rows)
}

/// The width of a text in cells, with a cell after each digit; `None` if a character has no large form.
fn cells(font: Font, text: &str) -> Option<usize> {
    text.chars().map(|c| glyph(font, c)?.first().map(|row| format::width(row) + 1)).sum()
}

fn draw_digits(clip: &mut Clip<'_>, mut x: u16, font: Font, text: &str, role: Role) -> u16 {
    for rows in text.chars().filter_map(|c| glyph(font, c)) {
        let width = rows.first().map_or(0, |row| format::width(row)) as u16;
        for (y, row) in (0..).zip(rows) {
            for (x, c) in (x..).zip(row.chars()).filter(|(_, c)| *c != ' ') {
                clip.put(x, y, c, role);
            }
        }
        x = x.saturating_add(width + 1);
    }
    x
}
