//! Nothing found: what was looked for, what was found instead, and the command that mends it. It goes on looking.

use ratatui::layout::Rect;

use super::{Hits, Layout, Part, View};
use crate::tui::app::Command;
use crate::tui::format;
use crate::tui::instead::Start;
use crate::tui::keys::FIRST_RUN;
use crate::tui::layout::Rows;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// Cells of a source's name.
const NAME: u16 = 17;

/// The view.
pub(super) struct Nothing;

impl View for Nothing {
    fn title(&self) -> &'static str {
        "nothing found"
    }

    fn layout(&self, _scene: &Scene<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let mut rows = Rows(area);
        let roomy = area.height >= 16 && area.width >= 70;
        layout.put(Part::Digits, rows.top(if roomy { 6 } else { 2 }));
        let tries = rows.bottom(if roomy { 6 } else { 0 });
        layout.put(Part::List, rows.0);
        layout.put(Part::Table(0), tries);
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scene: &Scene<'_>, layout: &Layout) -> Hits {
        if let Some(area) = layout.area(Part::Digits) {
            head(canvas, area, scene);
        }
        if let Some(area) = layout.area(Part::List) {
            looked_for(canvas, area, scene);
        }
        if let Some(area) = layout.area(Part::Table(0)) {
            tries(canvas, area);
        }
        Hits::default()
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Instead(Start::Demo),
            Command::Instead(Start::Day),
            Command::AskTarget,
            Command::Instead(Start::Again),
            Command::NextTheme,
            Command::Help,
        ]
    }
}

fn head(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let rule = TitledRule::new("Nothing to watch was found here").note([Segment::dim(" · it goes on looking")]);
    rule.draw(canvas, area);
    if area.height < 5 {
        return;
    }
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let symbol = format::symbol(scene.currency());
    let digits = Digits {
        glyph: ' ',
        sign: "",
        currency: symbol.trim_end(),
        whole: "–",
        cents: "",
        bound: "",
        role: Role::Dim,
        largest: DigitForm::Medium,
    };
    digits.draw(canvas, Rect { width: 14, ..below });
    let text = Rect { x: below.x + 16, width: below.width.saturating_sub(16), ..below };
    canvas.pen(text, 1).put(Role::Text, "Profit is tokens x price − GPU time x rate.");
    canvas.pen(text, 2).put(Role::Text, "It needs an engine and a GPU: here is what was looked for.");
}

fn looked_for(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    TitledRule::new("Looked for").right([Segment::dim("what to do")]).draw(canvas, area);
    let mut row = 1;
    let troubles = &scene.snap.troubles;
    let room = usize::from(area.width.saturating_sub(NAME + 2));
    for trouble in troubles {
        let why = format::wrapped(trouble.why.as_str(), room);
        let mend = format::wrapped(trouble.mend.as_str(), room.saturating_sub(2));
        canvas.pen(area, row).put(Role::Critical, "× ").name(
            Role::Accent,
            trouble.what.as_str(),
            usize::from(NAME - 1),
        );
        let lines = why.into_iter().map(|line| (Role::Text, line));
        let lines = lines.chain(
            mend.into_iter()
                .enumerate()
                .map(|(nth, line)| (Role::Dim, format!("{}{line}", if nth == 0 { "→ " } else { "  " }))),
        );
        for (role, line) in lines {
            canvas.pen(area, row).skip(NAME + 2).put(role, &line);
            row += 1;
        }
    }
}

fn tries(canvas: &mut Canvas<'_>, area: Rect) {
    TitledRule::new("Try").draw(canvas, area);
    for (row, binding) in (1..).zip(FIRST_RUN) {
        canvas.pen(area, row).skip(2).name(Role::Accent, binding.shown, 3).put(Role::Text, binding.help);
    }
}
