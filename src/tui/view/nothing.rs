//! The view shown when nothing was found: what was looked for, what was found instead, and the command to fix it. The
//! search goes on.

use ratatui::layout::Rect;

use super::help;
use super::{Hits, Layout, Part, View};
use crate::reading::SourceErrorKind;
use crate::snapshot::WriterStatus;
use crate::tui::app::Command;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::instead::Start;
use crate::tui::keys::FIRST_RUN;
use crate::tui::layout::LayoutRows;
use crate::tui::theme::Role;
use crate::tui::widgets::digits::{DigitForm, Digits};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};

/// The cells of a source's name with its mark, and the same on narrow screens.
const NAME: u16 = 17;
const SHORT_NAME: u16 = 10;
/// The width in cells below which cause and remedy are on separate lines.
const ON_A_LINE: usize = 96;

/// The minimum rows of the digits with their rule.
const LEAST_HEAD: u16 = 4;

/// The view shown when nothing was found.
pub(super) struct Nothing;

impl View for Nothing {
    fn title(&self) -> &'static str {
        "nothing found"
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let mut rows = LayoutRows(area);
        let roomy = area.height >= 16 && area.width >= 70;
        layout.put(Part::Basis, rows.bottom(u16::from(roomy)));
        let all_tries = FIRST_RUN.len() as u16 + 1;
        let tries = if roomy { all_tries } else { 0 };
        // Remedies have precedence over the digits.
        let most = rows.0.height.saturating_sub(tries + if roomy { LEAST_HEAD } else { 1 } + 1);
        let list = looked_for(input, area.width, most).len() as u16 + 1;
        let head = if roomy { rows.0.height.saturating_sub(tries + list).clamp(LEAST_HEAD, 6) } else { 1 };
        layout.put(Part::Digits, rows.top(head));
        layout.put(Part::List, rows.top(list.min(rows.0.height.saturating_sub(tries))));
        let tries = if rows.0.height >= all_tries { all_tries } else { tries };
        let spare = rows.0.height.saturating_sub(tries);
        rows.top(u16::from(spare > 0));
        layout.put(Part::Table(0), rows.top(tries));
        rows.top(u16::from(rows.0.height > 1));
        if roomy && rows.0.height >= 5 {
            layout.put(Part::Table(1), rows.0);
        }
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        if let Some(area) = layout.area(Part::Digits) {
            head(canvas, area, input);
        }
        if let Some(area) = layout.area(Part::List) {
            draw_list(canvas, area, input);
        }
        if let Some(area) = layout.area(Part::Table(0)) {
            tries(canvas, area);
        }
        if let Some(area) = layout.area(Part::Table(1)) {
            help::legend_of_figures(canvas, area);
        }
        if let Some(area) = layout.area(Part::Basis) {
            let version = concat!(" · margintop ", env!("CARGO_PKG_VERSION"));
            let text = format!("basis nothing watched: no figure is shown as 0{version}");
            canvas.writer(area, 0).put(Role::Dim, &text);
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

    /// There is nothing to filter or to hold.
    fn common_commands(&self) -> &'static [Command] {
        &[]
    }

    fn legend(&self, _input: &FrameInput<'_>) -> Option<&'static str> {
        None
    }
}

fn head(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let note = if area.width >= 60 { " · the search is repeated" } else { "" };
    TitledRule::new("Nothing to watch yet").note([Segment::dim(note)]).draw(canvas, area);
    if area.height < 4 {
        return;
    }
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let symbol = format::symbol(input.currency());
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
    canvas.writer(text, 0).put(Role::Text, "Profit is tokens x price − GPU time x rate.");
    canvas.writer(text, 1).put(Role::Text, "It needs an engine and a GPU: here is what was looked for.");
}

fn name_cells(width: u16) -> u16 {
    if width >= 60 { NAME } else { SHORT_NAME }
}

/// Something that was looked for.
struct SoughtItem {
    source: String,
    is_missing: bool,
    cause: String,
    remedy: String,
}

/// A line of the list: the name with its mark on the first line of an entry, and the text after it.
struct NothingLine {
    name: Option<(bool, String)>,
    text: Vec<(Role, String)>,
}

fn all(input: &FrameInput<'_>) -> Vec<SoughtItem> {
    let source_errors = input.snap.source_errors.iter().map(|failure| SoughtItem {
        source: failure.source.to_string(),
        is_missing: failure.kind != SourceErrorKind::Port,
        cause: failure.cause.to_string(),
        remedy: failure.remedy.to_string(),
    });
    let agents = SoughtItem {
        source: "agents".to_owned(),
        is_missing: true,
        cause: "none is named".to_owned(),
        remedy: "margintop http://NODE:9545".to_owned(),
    };
    let hub = SoughtItem {
        source: "hub".to_owned(),
        is_missing: true,
        cause: "none is named".to_owned(),
        remedy: "margintop serve starts one".to_owned(),
    };
    source_errors.chain([agents, hub, config(input), ledger(input)]).collect()
}

fn config(input: &FrameInput<'_>) -> SoughtItem {
    let (is_missing, cause, remedy) = match &input.app.config {
        Some(path) => (false, path.to_string(), "margintop config check"),
        None => (true, "none, defaults hold".to_owned(), "margintop config init"),
    };
    SoughtItem { source: "config".to_owned(), is_missing, cause, remedy: remedy.to_owned() }
}

fn ledger(input: &FrameInput<'_>) -> SoughtItem {
    let ledger = &input.snap.money.ledger;
    let age = if ledger.first_run { "new" } else { "kept" };
    let (cause, remedy) = match (&ledger.write_error, &ledger.path, ledger.writer) {
        (Some(failure), _, _) => (failure.to_string(), "--ledger PATH"),
        (None, Some(path), WriterStatus::Other(_)) => (format!("{path}, another process writes it"), ""),
        (None, Some(path), _) => (format!("{age}, {path}"), ""),
        // A watch is without a file only where none was wanted: there is nothing to advise.
        (None, None, _) => ("in memory only".to_owned(), ""),
    };
    SoughtItem {
        source: "ledger".to_owned(),
        is_missing: ledger.write_error.is_some(),
        cause,
        remedy: remedy.to_owned(),
    }
}

/// What was looked for, in lines of `width` cells; only the first clauses if all of it exceeds `rows` rows.
fn looked_for(input: &FrameInput<'_>, width: u16, rows: u16) -> Vec<NothingLine> {
    let whole = lines_of(all(input), width);
    if whole.len() <= usize::from(rows) {
        return whole;
    }
    let room = usize::from(width.saturating_sub(name_cells(width)));
    let first = |text: &str| {
        let ends = ["; ", " (", ": ", " or "].into_iter().filter_map(|end| text.find(end));
        let text = ends.min().and_then(|end| text.get(..end)).unwrap_or(text);
        format::clauses(text, room.saturating_sub(2))
    };
    let brief = |item: SoughtItem| SoughtItem { cause: first(&item.cause), remedy: first(&item.remedy), ..item };
    lines_of(all(input).into_iter().map(brief).collect(), width)
}

/// Cause and remedy are on one line where both fit.
fn lines_of(all: Vec<SoughtItem>, width: u16) -> Vec<NothingLine> {
    let room = usize::from(width.saturating_sub(name_cells(width)));
    let remedy_of =
        |item: &SoughtItem| if item.remedy.is_empty() { String::new() } else { format!("→ {}", item.remedy) };
    // All remedies begin in one column, unless a cause is too long for that.
    let widest = |item: &SoughtItem| {
        let remedy = format::width(&remedy_of(item));
        (format::width(&item.cause) + 2 + remedy <= room.min(ON_A_LINE)).then_some(remedy)
    };
    let at = room.min(ON_A_LINE).saturating_sub(all.iter().filter_map(widest).max().unwrap_or(0));
    let mut lines = Vec::new();
    for item in all {
        let remedy = remedy_of(&item);
        let name = Some((item.is_missing, item.source));
        let both = format::width(&item.cause) + 2 + format::width(&remedy);
        if both <= room && (room < ON_A_LINE || both <= ON_A_LINE) {
            let most = room.min(ON_A_LINE) - format::width(&remedy);
            let gap = " ".repeat(at.clamp(format::width(&item.cause) + 2, most) - format::width(&item.cause));
            let text = vec![(Role::Text, item.cause), (Role::Dim, format!("{gap}{remedy}"))];
            lines.push(NothingLine { name, text });
            continue;
        }
        let mut name = name;
        let cause = format::wrapped(&item.cause, room).into_iter().map(|line| (Role::Text, line));
        let indent = if at + format::width(&remedy) <= room { at } else { 0 };
        let remedy = format::wrapped(&remedy, room.saturating_sub(indent + 2)).into_iter().enumerate();
        let remedy = remedy.map(|(nth, line)| {
            (Role::Dim, format!("{}{line}", " ".repeat(if nth == 0 { indent } else { indent + 2 })))
        });
        lines.extend(cause.chain(remedy).map(|text| NothingLine { name: name.take(), text: vec![text] }));
    }
    lines
}

fn draw_list(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    TitledRule::new("Looked for").right([Segment::dim("what to do")]).draw(canvas, area);
    if area.is_empty() {
        return;
    }
    for (row, line) in (1..area.height).zip(looked_for(input, area.width, area.height - 1)) {
        let name_cells = name_cells(area.width);
        let mut writer = canvas.writer(area, row);
        if let Some((is_missing, name)) = line.name {
            let (role, mark) = if is_missing { (Role::Critical, "× ") } else { (Role::Accent, "● ") };
            writer.put(role, mark).name(Role::Accent, &name, usize::from(name_cells - 3));
        }
        writer.to(area.x + name_cells);
        for (role, text) in line.text {
            writer.put(role, &text);
        }
    }
}

fn tries(canvas: &mut Canvas<'_>, area: Rect) {
    TitledRule::new("Try").draw(canvas, area);
    for (row, binding) in (1..).zip(FIRST_RUN) {
        let help = format::clauses(binding.help, usize::from(area.width).saturating_sub(5));
        canvas.writer(area, row).skip(2).name(Role::Accent, binding.shown, 3).put(Role::Text, &help);
    }
}
