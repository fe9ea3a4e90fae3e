//! A waterfall chart of a change of profit: before, each cause, now. Each bar begins where the previous one ends.

use ratatui::layout::Rect;

use super::row_bar::span;
use super::{Canvas, Clip, Segment};
use crate::tui::format;
use crate::tui::theme::{Ink, Role};
use crate::units::Money;

/// The least width in cells of a figure with the space before it.
const FIGURE: usize = 10;
/// The opacity of the bars of before and now, in percent.
const TOTAL: u8 = 75;

/// A row: before, a cause, or now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct WaterfallStep<'a> {
    pub label: &'a str,
    /// The explanation, such as `−7 % tokens`; `–` without one.
    pub note: &'a str,
    /// The amount of the change; for the first row, the amount before. `None` is unknown and counts as zero.
    pub amount: Option<Money>,
}

/// A waterfall chart. The last row is the sum of the others, also as printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall<'a> {
    /// Before.
    pub before: WaterfallStep<'a>,
    /// The causes, in order.
    pub causes: Vec<WaterfallStep<'a>>,
    /// Label and note of the row of now.
    pub now: (&'a str, &'a str),
    /// The marks of bounds of before and of now, such as `≥ `.
    pub bounds: [&'static str; 2],
    /// Decimals of the figures, at most 6.
    pub places: u32,
    /// The values of both ends of the axis; chosen automatically if `None`.
    pub ends: Option<(f64, f64)>,
}

/// A row to draw: its figure and the ends of its bar in the unit of money.
struct WaterfallLine<'a> {
    label: &'a str,
    note: &'a str,
    is_total: bool,
    bound: &'static str,
    /// The printed figure, in units of the last decimal.
    figure: Option<i128>,
    from: f64,
    to: f64,
}

impl<'a> Waterfall<'a> {
    /// Both ends of the axis. If the axis begins above zero, the rule should say so.
    pub fn axis(&self) -> (f64, f64) {
        self.ends.filter(|(low, top)| top > low).unwrap_or_else(|| {
            let levels = self.lines().into_iter().map(|line| line.to);
            let (least, most) = levels.fold((f64::MAX, f64::MIN), |(a, b), level| (a.min(level), b.max(level)));
            axis_about(least, most)
        })
    }

    fn lines(&self) -> Vec<WaterfallLine<'a>> {
        let mut sum = Money::default();
        let mut printed = 0;
        let mut lines = Vec::with_capacity(self.causes.len() + 2);
        let steps = std::iter::once(&self.before).chain(&self.causes);
        for (i, step) in steps.enumerate() {
            let from = if i == 0 { 0.0 } else { value(sum) };
            sum = step.amount.and_then(|amount| sum.checked_add(amount)).unwrap_or(sum);
            // Rounded together with all rows above it, so that the printed rows add up.
            let rounded = sum.rounded(self.places.min(6));
            let figure = step.amount.map(|_| rounded - printed);
            printed = rounded;
            lines.push(WaterfallLine {
                label: step.label,
                note: step.note,
                is_total: i == 0,
                bound: if i == 0 { self.bounds[0] } else { "" },
                figure,
                from,
                to: value(sum),
            });
        }
        let (label, note) = self.now;
        let [_, bound] = self.bounds;
        let (figure, to) = (Some(printed), value(sum));
        lines.push(WaterfallLine { label, note, is_total: true, bound, figure, from: 0.0, to });
        lines
    }

    /// Draws as many rows as fit.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut clip = canvas.clip(area);
        let lines = self.lines();
        let figures: Vec<Segment<'_>> = lines.iter().map(|line| self.figure(line)).collect();
        let width = usize::from(clip.width());
        let figure_width = figures.iter().map(|figure| figure.width() + 1).max().unwrap_or(0).max(FIGURE).min(width);
        let longest = |of: fn(&WaterfallLine<'a>) -> &'a str| {
            lines.iter().map(|line| format::width(of(line)) + 1).max().unwrap_or(0)
        };
        let room = width - figure_width;
        let label = longest(|line| line.label).min(room);
        let note = longest(|line| line.note);
        // Bars have precedence over notes, and names over bars.
        let note = if label + note + 8 <= room { note } else { 0 };
        let bar = room - label - note;
        let ends = self.axis();
        for ((y, line), figure) in (0_u16..).zip(&lines).zip(&figures) {
            let label_role = if line.is_total { Role::Text } else { Role::Dim };
            clip.line_within(0, y, label.saturating_sub(1) as u16, &[Segment::new(label_role, line.label)], false);
            clip.line_within(label as u16, y, note.saturating_sub(1) as u16, &[Segment::dim(line.note)], false);
            draw_bar(&mut clip, ((label + note) as u16, y), bar as u16, ends, line);
            clip.line_within(
                room as u16 + 1,
                y,
                figure_width.saturating_sub(1) as u16,
                std::slice::from_ref(figure),
                true,
            );
        }
    }

    fn figure(&self, line: &WaterfallLine<'_>) -> Segment<'static> {
        let Some(figure) = line.figure else { return Segment::dim(format::UNKNOWN) };
        let text = amount(figure.unsigned_abs(), self.places.min(6));
        match (figure.signum(), line.is_total) {
            (0, false) => Segment::dim("0"),
            (0, true) => Segment::text(format!("{}0", line.bound)),
            (1, false) => Segment::new(Role::Gain, format!("▲ +{text}")),
            (1, true) => Segment::new(Role::Gain, format!("{}+{text}", line.bound)),
            _ => Segment::new(Role::Loss, format!("{}▼ −{text}", line.bound)),
        }
    }
}

/// The ends of the axis: a round value below `least` if that shows more, else zero; and `most`.
fn axis_about(least: f64, most: f64) -> (f64, f64) {
    let range = most - least;
    if least <= 0.0 || range >= most / 2.0 || range <= 0.0 {
        let (low, top) = (least.min(0.0), most.max(0.0));
        return if top > low { (low, top) } else { (0.0, 1.0) };
    }
    let unit = 10_f64.powf(range.log10().floor());
    let low = (least / unit).floor() * unit;
    // The bar of a total equal to the start of the axis would be invisible.
    (if least - low < range / 20.0 { low - unit } else { low }.max(0.0), most)
}

fn draw_bar(clip: &mut Clip<'_>, (x, y): (u16, u16), width: u16, (low, top): (f64, f64), line: &WaterfallLine<'_>) {
    let most = u32::from(width) * 2;
    if most == 0 {
        return;
    }
    let halves = |value: f64| {
        let share = ((value - low) / (top - low)).clamp(0.0, 1.0);
        (share * f64::from(most)).round_ties_even() as u32
    };
    let (a, b) = (halves(line.from), halves(line.to));
    let (from, to) = (a.min(b), a.max(b));
    let role = if line.to >= line.from { Role::Gain } else { Role::Loss };
    if line.is_total {
        span(clip, x, y, (from, to), Ink::Mixed(role, TOTAL));
    } else if line.figure.is_none_or(|figure| figure == 0) {
        clip.put(x + ((from / 2) as u16).min(width - 1), y, '│', Role::Rule);
    } else if from == to {
        clip.put(x + ((from / 2) as u16).min(width - 1), y, '╸', role);
    } else {
        span(clip, x, y, (from, to), role.into());
    }
}

/// An amount in the unit of money, for drawing.
fn value(money: Money) -> f64 {
    money.rounded(6) as f64 / 1e6
}

/// Formats units of the last decimal with thousands separators.
fn amount(units: u128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let whole = format::grouped(units / scale);
    if places == 0 { whole } else { format!("{whole}.{:0width$}", units % scale, width = places as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(label: &str, micros: Option<i64>) -> WaterfallStep<'_> {
        WaterfallStep { label, note: "", amount: micros.map(Money::from_micros) }
    }

    fn waterfall(before: i64, causes: &[Option<i64>]) -> Waterfall<'static> {
        let causes = causes.iter().map(|micros| step("cause", *micros)).collect();
        Waterfall {
            before: step("before", Some(before)),
            causes,
            now: ("now", ""),
            bounds: [""; 2],
            places: 0,
            ends: None,
        }
    }

    #[test]
    fn the_printed_rows_add_up() {
        // Each third rounds to zero, their sum to one.
        let figures = |w: &Waterfall<'_>| w.lines().iter().map(|line| line.figure).collect::<Vec<_>>();
        let third = Some(333_334);
        assert_eq!(figures(&waterfall(10_000_000, &[third; 3])), [Some(10), Some(0), Some(1), Some(0), Some(11)]);
        assert_eq!(figures(&waterfall(0, &[None, Some(-2_000_000)])), [Some(0), None, Some(-2), Some(-2)]);
    }

    #[test]
    fn the_axis_begins_above_zero_where_that_shows_more() {
        let close = |(a, b): (f64, f64), (c, d): (f64, f64)| (a - c).abs() < 1e-6 && (b - d).abs() < 1e-6;
        let axis = waterfall(26_524_000_000, &[Some(-2_084_000_000), Some(84_000_000)]).axis();
        assert!(close(axis, (24_000.0, 26_524.0)), "{axis:?}");
        let from_zero = waterfall(3_000_000, &[Some(-2_000_000)]).axis();
        assert!(close(from_zero, (0.0, 3.0)), "{from_zero:?}");
        let loss = waterfall(-3_000_000, &[Some(-2_000_000)]).axis();
        assert!(close(loss, (-5.0, 0.0)), "{loss:?}");
        assert!(close(waterfall(0, &[]).axis(), (0.0, 1.0)));
    }
}
