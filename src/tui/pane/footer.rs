//! The last line: the keys that one looks for, or the filter that is being written.

use ratatui::layout::Rect;

use crate::tui::app::Command;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::keys::{BINDINGS, Binding, FIRST_RUN};
use crate::tui::theme::Role;
use crate::tui::view::{Hit, Hits, OnEnter, Part, ViewId};
use crate::tui::widgets::Canvas;

/// Columns from which a footer names the views.
const NAMED: u16 = 70;

/// Draws it: the view's own keys, then those of every view; `has_tabs` tells whether views are named elsewhere.
pub fn footer(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, view: ViewId, has_tabs: bool) -> Hits {
    let (filter, glyphs) = (&input.app.filter, canvas.theme.glyphs());
    if filter.editing {
        let mut writer = canvas.writer(area, 0);
        writer.put(Role::Accent, "/").put(Role::Text, filter.text()).put(Role::Accent, "▏");
        writer.skip(2).put(Role::Dim, &glyphs.keys("⏎ keep  Esc drop  words, node:a*, util<20, profit<0"));
        return Hits::default();
    }
    if input.app.what_if.open {
        what_if_keys(canvas, area, input);
        return Hits::default();
    }
    let mut hits = Hits::default();
    let mut x = area.x;
    if let Some(keys) = state_keys(input) {
        let mut writer = canvas.writer(area, 0);
        for (key, word) in keys {
            writer.put(Role::Accent, &glyphs.keys(key)).skip(1).put(Role::Dim, word).skip(2);
        }
        x = writer.x();
    }
    if !filter.text().is_empty() {
        let mut writer = canvas.writer(area, 0);
        writer
            .to(x)
            .put(Role::Accent, "/")
            .put(Role::Text, filter.text())
            .put(Role::Dim, &format!("  ({})", view.view().filtered()))
            .skip(2);
        x = writer.x();
    }
    let room = Rect { x, width: area.right().saturating_sub(x), ..area };
    let named = |item: Item| Item { key: glyphs.keys(&item.key).into_owned(), ..item };
    let items: Vec<Item> = items(input, view, has_tabs || area.width < NAMED).into_iter().map(named).collect();
    // Help must find room: it names all other keys.
    let help = items.iter().find(|item| item.is_help).map_or(0, Item::cells);
    let mut left = usize::from(room.width + 2).saturating_sub(help);
    let mut writer = canvas.writer(room, 0);
    for item in items {
        if !item.is_help && item.cells() > left {
            continue;
        }
        left -= if item.is_help { 0 } else { item.cells() };
        if let Some(tab) = item.tab {
            hits.push(Rect { x: writer.x(), y: area.y, width: item.cells() as u16 - 2, height: 1 }, Hit::Tab(tab));
        }
        writer.put(Role::Accent, &item.key).skip(1).put(Role::Dim, &item.word).skip(2);
    }
    hits
}

/// A key with its word, or a view with its digit.
struct Item {
    key: String,
    word: String,
    tab: Option<ViewId>,
    is_help: bool,
}

impl Item {
    /// Cells with those to the next one.
    fn cells(&self) -> usize {
        format::width(&self.key) + 1 + format::width(&self.word) + 2
    }
}

/// What finds room first: the keys of the view, the other views where they are named nowhere else, the keys of all views.
/// The overview names the views before all but its first key.
fn items(input: &FrameInput<'_>, view: ViewId, is_named: bool) -> Vec<Item> {
    let own = view.view().commands().len();
    let names_time = state_keys(input).is_some();
    let key = |command: Command| {
        if names_time && matches!(command, Command::Step(_)) {
            return None;
        }
        let (key, word) = words(command, view, input)?;
        Some(Item { key, word, tab: None, is_help: command == Command::Help })
    };
    let tab = |tab: ViewId| Item {
        key: tab.view().key().unwrap_or(' ').to_string(),
        word: match tab.view().waiting(input) {
            Some((_, waiting)) => format!("{} {waiting}", tab.view().title()),
            None => tab.view().title().to_owned(),
        },
        tab: Some(tab),
        is_help: false,
    };
    let views: Vec<Item> = match (is_named || view == ViewId::NOTHING, view == ViewId::FIRST) {
        (true, _) => Vec::new(),
        (false, true) => ViewId::tabs().filter(|other| *other != view).map(tab).collect(),
        (false, false) => vec![Item { key: "1-7".to_owned(), word: "views".to_owned(), tab: None, is_help: false }],
    };
    let before = if view == ViewId::FIRST { 1 } else { own };
    let all: Vec<Command> = commands(view).collect();
    let (first, rest) = all.split_at(before.min(all.len()));
    first.iter().copied().filter_map(key).chain(views).chain(rest.iter().copied().filter_map(key)).collect()
}

/// The keys of what is under way: a cursor in the charts, an earlier instant.
fn state_keys(input: &FrameInput<'_>) -> Option<&'static [(&'static str, &'static str)]> {
    if input.app.has_cursor() {
        Some(&[("← →", "move"), ("Esc", "end")])
    } else if input.app.then().is_some() {
        Some(&[("← →", "time"), ("End", "now")])
    } else {
        None
    }
}

/// The keys of the what-if form, or the name that is written for a scenario; one that does not fit is left out whole.
fn what_if_keys(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let glyphs = canvas.theme.glyphs();
    if let Some(name) = &input.app.what_if.naming {
        let mut writer = canvas.writer(area, 0);
        writer.put(Role::Dim, "keep as ").put(Role::Text, name).put(Role::Accent, "▏");
        writer.skip(2).put(Role::Dim, &glyphs.keys("⏎ keep  Esc drop"));
        return;
    }
    let keys = [
        ("↑↓", "field"),
        ("← →", "change"),
        ("0-9", "type a figure"),
        ("Esc", "close"),
        ("r", "as it was"),
        ("s", "save scenario"),
        ("l", "load the next"),
        ("e", "copy command"),
    ];
    let mut writer = canvas.writer(area, 0);
    for (key, word) in keys {
        let key = &glyphs.keys(key);
        let cells = format::width(key) + 1 + format::width(word);
        if cells > writer.left() {
            continue;
        }
        writer.put(Role::Accent, key).skip(1).put(Role::Dim, word).skip(2);
    }
}

fn commands(id: ViewId) -> impl Iterator<Item = Command> {
    let own = id.view().commands();
    let others = id.view().common_commands().iter().filter(|command| !own.contains(command));
    own.iter().chain(others).copied().chain([Command::Quit])
}

/// The line of the table for a command.
pub(in crate::tui) fn binding(command: Command) -> Option<&'static Binding> {
    BINDINGS.iter().chain(FIRST_RUN).find(|binding| binding.command == command && !binding.footer.is_empty())
}

/// Whether Enter leads anywhere from the chosen row or block.
fn leads(input: &FrameInput<'_>, view: ViewId) -> bool {
    match input.app.block().filter(|block| *block != Part::List) {
        Some(block) => view.view().more(block).is_some(),
        None => view.view().enter(input) != OnEnter::Nowhere,
    }
}

fn words(command: Command, view: ViewId, input: &FrameInput<'_>) -> Option<(String, String)> {
    let binding = binding(command)?;
    let app = input.app;
    let word = match command {
        Command::Enter if !leads(input, view) => return None,
        Command::Sort => {
            let orders = view.view().orders(input);
            let order = orders.get(app.list_of(view).order())?;
            format!("sort: {}", order.title)
        }
        Command::Group => format!("group: {}", app.grouping.name()),
        Command::AsItWas => format!("order: {}", if app.ranks.by_load { "load" } else { "rank" }),
        Command::By => format!("by {}", app.money.by.of().name()),
        Command::Pause if app.paused() => "go on".to_owned(),
        Command::Cells => format!("cells: {}", app.charts.cells.names().0),
        _ => binding.footer.to_owned(),
    };
    Some((binding.shown.to_owned(), view.view().word(input, command, word)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::tui::app::App;
    use crate::tui::theme::{Glyphs, Theme};
    use crate::units::Span;

    /// Class: an entry that is left out although there is room for it.
    #[test]
    fn no_key_is_left_out_that_fits() -> Result<(), Box<dyn std::error::Error>> {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in()?, Clock::System.now());
        let app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_secs(1), 1);
        for glyphs in [Glyphs::Blocks, Glyphs::Ascii] {
            let theme = Theme::of_roles().with_glyphs(glyphs);
            for (width, height) in [(40, 12), (80, 24), (120, 36), (200, 50)] {
                let input = FrameInput { app: &app, snap: app.shown(), size: (width, height) };
                for view in ViewId::ALL.iter().copied() {
                    let area = Rect::new(0, 0, width - 2, 1);
                    let mut buffer = Buffer::empty(area);
                    footer(&mut Canvas::new(&mut buffer, &theme), area, &input, view, width >= NAMED);
                    let line: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
                    let free = usize::from(area.width) - format::width(line.trim_end());
                    for item in items(&input, view, width >= NAMED || area.width < NAMED) {
                        let text = format!("{} {}", glyphs.keys(&item.key), item.word);
                        let is_shown = line.contains(&text);
                        assert!(is_shown || format::width(&text) + 2 > free, "{view:?} {width}: {text} in {line}");
                    }
                }
            }
        }
        Ok(())
    }
}
