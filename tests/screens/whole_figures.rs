//! Nothing leaves its block, and no figure is cut: whatever the snapshot and whatever the size.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::tui::app::{Action, App, Command};
use margintop::tui::frame_input::FrameInput;
use margintop::tui::theme::Theme;
use margintop::tui::view::{Layout, ViewId};
use margintop::tui::widgets::rule::{Heading, TitledRule};
use margintop::tui::widgets::table::{Align, Cell, Column, Table, TableRow};
use margintop::tui::widgets::{Canvas, Segment};
use margintop::units::Span;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use samples::hands::text;
use samples::{Case, case};

/// What stands in cells that nothing was drawn into.
const BLANK: &str = "\u{1}";

fn blank(width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    for cell in &mut buffer.content {
        cell.set_symbol(BLANK);
    }
    buffer
}

/// A fleet of 24 nodes and their engines that was watched for a quarter hour.
fn small() -> App {
    let of = |beat| {
        let mut snapshot = samples::fleet(beat);
        snapshot.nodes.truncate(24);
        snapshot.engines.truncate(24);
        snapshot.samples.truncate(24);
        snapshot.units.truncate(6);
        snapshot
    };
    let history = History::default();
    for beat in (0..=900).step_by(5) {
        history.record(&of(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(of(900)), TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    app
}

thread_local! {
    static WATCHED: App = small();
}

fn watched() -> App {
    WATCHED.with(App::clone)
}

fn app(which: usize) -> App {
    let mut app = watched();
    if let Some(which) = Case::ALL.get(which) {
        app.update(Action::Fresh(Arc::new(case(*which))));
    }
    app
}

/// Rows with a figure that was shortened: `12…`, `…5`. Names, which end in numbers, have letters.
fn cut_figures(screen: &str) -> Vec<&str> {
    screen.lines().filter(|row| margintop::tui::format::cuts_figure(row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Class: a part of a view that writes into the cells of its neighbour.
    #[test]
    fn every_block_writes_its_own_cells_only(
        width in 20_u16..=400, height in 6_u16..=120, which in 0..=Case::ALL.len(), view in 0..ViewId::COUNT, moves in 0..4_usize,
    ) {
        let mut app = app(which);
        let view = ViewId::ALL[view];
        app.update(Action::Command(Command::Show(view)));
        for _ in 0..moves {
            app.update(Action::Command(Command::Enter));
        }
        let view = app.view();
        let input = FrameInput { app: &app, snap: app.shown(), size: (width, height) };
        let theme = Theme::of_roles();
        let layout = view.view().layout(&input, Rect::new(1, 2, width - 2, height - 3));
        for (part, area) in layout.parts() {
            let mut buffer = blank(width, height);
            view.view().draw(&mut Canvas::new(&mut buffer, &theme), &input, &Layout::whole(*part, *area));
            for place in buffer.area.positions().filter(|place| !area.contains(*place)) {
                prop_assert_eq!(buffer[place].symbol(), BLANK, "{:?} of {:?} in {} at {:?} of {}x{}", part, view, which, place, width, height);
            }
        }
    }

    /// Class: digits that are left of a figure that did not fit.
    #[test]
    fn no_figure_of_a_screen_is_cut(
        width in 20_u16..=400, height in 6_u16..=120, which in 0..=Case::ALL.len(), view in 0..ViewId::COUNT, moves in 0..3_usize,
    ) {
        // Hostile names look like figures.
        prop_assume!(Case::ALL.get(which) != Some(&Case::Hostile));
        let mut app = app(which);
        app.update(Action::Command(Command::Show(ViewId::ALL[view])));
        for _ in 0..moves {
            app.update(Action::Command(Command::Enter));
        }
        let screen = text(&app, width, height);
        let rows = cut_figures(&screen);
        prop_assert!(rows.is_empty(), "{:?} at {}x{}: {:#?}", app.view(), width, height, rows);
    }

    /// A figure in a table is whole, or an ellipsis stands for it.
    #[test]
    fn a_figure_in_a_table_is_whole_or_left_out(
        figure in "(▼ −|\\+|≈ \\$|≥ )?[1-9][0-9]{0,7}([.,][0-9]{1,3})?( %|k|M| ms)?", room in 1_u16..14, least in 1_u16..14,
    ) {
        let theme = Theme::of_roles();
        let mut buffer = Buffer::empty(Rect::new(0, 0, room, 2));
        let columns = [Column { align: Align::Right, ..Column::left("x", least) }];
        let row = |_: usize| TableRow::new([Cell::text(figure.clone())]);
        let table = Table {
            title: Vec::new(), note: Vec::new(), columns: &columns, gap: 1, margin: 0, sorted: None, len: 1, first: 0, row: &row, beside: &[], total: None,
        };
        table.draw(&mut Canvas::new(&mut buffer, &theme), buffer_area(room));
        let shown: String = (0..room).map(|x| buffer[(x, 1)].symbol().to_owned()).collect();
        let shown = shown.trim();
        prop_assert!(shown == figure.trim() || shown == "…" || shown.is_empty(), "{} of {} in {}", shown, figure, room);
    }

    /// Text that meets the end of its area does not end inside a figure.
    #[test]
    fn no_text_ends_inside_a_figure(before in "[a-z ]{0,9}", figure in "[1-9][0-9]{1,7}([.,][0-9]{1,3})?", after in "[ a-z]{0,5}", room in 0_u16..24) {
        let theme = Theme::of_roles();
        let text = format!("{before}{figure}{after}");
        for by_pen in [true, false] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, room, 1));
            let area = buffer.area;
            let mut canvas = Canvas::new(&mut buffer, &theme);
            if by_pen {
                canvas.writer(area, 0).put(margintop::tui::theme::Role::Text, &text);
            } else {
                canvas.clip(area).line(0, 0, &[Segment::text(text.clone())]);
            }
            let shown: String = (0..room).map(|x| buffer[(x, 0)].symbol().to_owned()).collect();
            prop_assert!(shown.contains(&figure) || !shown.contains(|c: char| c.is_ascii_digit()), "{} of {}", shown, text);
        }
    }

    /// The rule of a block begins and ends as one, whatever stands in it.
    #[test]
    fn the_rule_of_a_block_is_whole(title in "[a-zA-Z0-9 ]{0,30}", note in "[a-z ]{0,30}", right in "[a-z0-9 ]{0,30}", width in 6_u16..80, at in 0_u16..70) {
        let theme = Theme::of_roles();
        for headings in [vec![], vec![Heading { x: at.min(width.saturating_sub(3)), segment: Segment::dim("x") }]] {
            let mut buffer = blank(width + 4, 3);
            let area = Rect::new(2, 1, width, 1);
            let mut rule = TitledRule::new(title.clone()).note([Segment::dim(note.clone())]).right([Segment::dim(right.clone())]);
            rule.headings = headings;
            rule.draw(&mut Canvas::new(&mut buffer, &theme), area);
            for place in buffer.area.positions() {
                let symbol = buffer[place].symbol();
                if area.contains(place) {
                    prop_assert!(symbol != BLANK, "a hole at {:?}", place);
                } else {
                    prop_assert!(symbol == BLANK, "{:?} is written over", place);
                }
            }
        }
    }
}

fn buffer_area(width: u16) -> Rect {
    Rect::new(0, 0, width, 2)
}
