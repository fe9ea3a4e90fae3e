//! The last line: the keys that one looks for, or the filter that is being written.

use ratatui::layout::Rect;

use crate::tui::app::Command;
use crate::tui::keys::{BINDINGS, Binding, FIRST_RUN};
use crate::tui::scene::Scene;
use crate::tui::theme::{Glyphs, Role};
use crate::tui::view::has_one_pane;
use crate::tui::view::{Hit, Hits, ViewId};
use crate::tui::widgets::Canvas;

/// Keys that mean something in every view, in the order in which they find room.
const EVERYWHERE: [Command; 5] = [Command::Filter, Command::WhatIf, Command::Pause, Command::NextTheme, Command::Help];

/// Draws it: the view's own keys, then those of every view; `has_tabs` tells whether views are named elsewhere.
pub fn footer(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, view: ViewId, has_tabs: bool) -> Hits {
    let filter = &scene.app.filter;
    if filter.editing {
        let mut pen = canvas.pen(area, 0);
        pen.put(Role::Accent, "/").put(Role::Text, filter.text()).put(Role::Accent, "▏");
        pen.skip(2).put(Role::Dim, "⏎ keep  Esc drop  words, node:a*, util<20, profit<0");
        return Hits::default();
    }
    if scene.app.what_if.open {
        what_if_keys(canvas, area, scene);
        return Hits::default();
    }
    let mut hits = Hits::default();
    let mut x = area.x;
    if let Some(keys) = state_keys(scene) {
        let mut pen = canvas.pen(area, 0);
        for (key, word) in keys {
            pen.put(Role::Accent, key).skip(1).put(Role::Dim, word).skip(2);
        }
        x = pen.x();
    }
    if !filter.text().is_empty() {
        let mut pen = canvas.pen(area, 0);
        pen.to(x)
            .put(Role::Accent, "/")
            .put(Role::Text, filter.text())
            .put(Role::Dim, if view == ViewId::Overview { "  (rows)" } else { "  (rows and sums)" })
            .skip(2);
        x = pen.x();
    }
    let room = Rect { x, width: area.right().saturating_sub(x), ..area };
    // Help must find room: it names all other keys.
    let help = words(Command::Help, view, scene).map_or(0, |(key, word)| key.len() + word.len() + 3);
    let mut left = usize::from(room.width).saturating_sub(help);
    let is_ascii = canvas.theme.glyphs() == Glyphs::Ascii;
    let mut pen = canvas.pen(room, 0);
    if !has_tabs && area.width >= 70 && view != ViewId::Nothing {
        for tab in ViewId::tabs().filter(|tab| *tab != view) {
            let (key, name) = (tab.view().key().unwrap_or(' ').to_string(), tab.view().title());
            let cells = key.len() + name.len() + 3;
            if cells > left {
                break;
            }
            left -= cells;
            hits.push(Rect { x: pen.x(), y: area.y, width: cells as u16 - 2, height: 1 }, Hit::Tab(tab));
            pen.put(Role::Accent, &key).skip(1).put(Role::Dim, name).skip(2);
        }
    }
    for command in commands(view) {
        let Some((key, word)) = words(command, view, scene) else { continue };
        // Its one character in ASCII would be that of another key.
        let key = if is_ascii { key.replace('⏎', "Enter") } else { key };
        let cells = crate::tui::format::width(&key) + crate::tui::format::width(&word) + 3;
        let is_help = command == Command::Help;
        if !is_help && cells > left {
            continue;
        }
        if !is_help {
            left -= cells;
        }
        pen.put(Role::Accent, &key).skip(1).put(Role::Dim, &word).skip(2);
    }
    hits
}

/// The keys of what is under way: a cursor in the charts, an earlier instant.
fn state_keys(scene: &Scene<'_>) -> Option<&'static [(&'static str, &'static str)]> {
    if scene.app.has_cursor() {
        Some(&[("← →", "move"), ("Esc", "end")])
    } else if scene.app.then().is_some() {
        Some(&[("← →", "time"), ("End", "now")])
    } else {
        None
    }
}

/// The keys of the what-if form, or the name that is written for a scenario; one that does not fit is left out whole.
fn what_if_keys(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if let Some(name) = &scene.app.what_if.naming {
        let mut pen = canvas.pen(area, 0);
        pen.put(Role::Dim, "keep as ").put(Role::Text, name).put(Role::Accent, "▏");
        pen.skip(2).put(Role::Dim, "⏎ keep  Esc drop");
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
    let mut pen = canvas.pen(area, 0);
    for (key, word) in keys {
        let cells = crate::tui::format::width(key) + 1 + crate::tui::format::width(word);
        if cells > pen.left() {
            continue;
        }
        pen.put(Role::Accent, key).skip(1).put(Role::Dim, word).skip(2);
    }
}

fn commands(id: ViewId) -> impl Iterator<Item = Command> {
    let own = id.view().commands();
    // Where nothing was found there is nothing to filter or to hold.
    let everywhere = if id == ViewId::Nothing { &[][..] } else { &EVERYWHERE[..] };
    let others = everywhere.iter().filter(|command| !own.contains(command));
    own.iter().chain(others).copied().chain([Command::Quit])
}

/// The line of the table for a command.
pub(in crate::tui) fn binding(command: Command) -> Option<&'static Binding> {
    BINDINGS.iter().chain(FIRST_RUN).find(|binding| binding.command == command && !binding.footer.is_empty())
}

fn words(command: Command, view: ViewId, scene: &Scene<'_>) -> Option<(String, String)> {
    let binding = binding(command)?;
    let app = scene.app;
    let word = match command {
        Command::Sort => {
            let orders = view.view().orders(scene);
            let order = orders.get(app.list_of(view).order())?;
            format!("sort: {}", order.title)
        }
        Command::Show(ViewId::Money) if !has_one_pane(scene.area()) => return None,
        Command::Show(ViewId::Money) => format!("next pane {}", app.money.pane.name()),
        Command::Group => format!("group: {}", app.grouping.name()),
        Command::Against if view == ViewId::Balance => {
            format!("by: {}", app.ranks.balancer.map_or("all", crate::balance::Balancer::name))
        }
        Command::AsItWas => format!("order: {}", if app.ranks.by_load { "load" } else { "rank" }),
        Command::By => format!("by {}", app.money.by.of().name()),
        Command::Cells => format!("cells: {}", app.charts.cells.names().0),
        _ => binding.footer.to_owned(),
    };
    Some((binding.shown.to_owned(), word))
}
