//! The first line: the fleet's name, how much of it answers, the basis of the money in a word, the time.

use ratatui::layout::Rect;

use crate::snapshot::{ListBasis, Rule};
use crate::tui::app::{RefreshPace, SnapshotFeed, WatchedFleet};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, TextSpan as Words};
use crate::units::{GpuTime, Span, Timestamp};

const PROGRAM: &str = "margintop";
/// Margins of the line, gaps between its parts, and the gap before the time, in cells.
const MARGINS: usize = 2;
const GAP: usize = 2;
const WORD_GAP: usize = 3;
const SEPARATOR: &str = " · ";

/// The smallest width of a fleet's name in cells.
const NAME: usize = 8;
/// The smallest width with seconds in the time, in columns.
const WITH_SECONDS: u16 = 100;
/// The smallest width with the zone after the time.
const ZONED: u16 = 160;

/// Draws it. Coverage comes before the basis of the money; a part that does not fit is left out.
pub fn header(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let time = time(input, area.width);
    let clock = cells(&time);
    let room = usize::from(area.width).saturating_sub(MARGINS + PROGRAM.len() + GAP + clock);
    let (mut parts, mut title) = (coverage(input), format::shorten(&title(input), 32));
    let taken = |title: &str, parts: &[Vec<Words>]| {
        let title = if title.is_empty() { 0 } else { GAP + format::width(title) };
        let parts = parts.iter().map(|part| cells(part)).reduce(|a, b| a + SEPARATOR.len() - 1 + b);
        title + parts.map_or(0, |parts| GAP + parts)
    };
    while parts.len() > 1 && taken(&title, &parts) > room {
        parts.pop();
    }
    let others = taken("", &parts) + GAP;
    if taken(&title, &parts) > room {
        title = if room >= others + NAME { format::shorten(&title, room - others) } else { String::new() };
    }
    if taken(&title, &parts) > room {
        parts.clear();
    }
    let forms = day_word(input).unwrap_or_else(|| basis_words(input));
    let fits = |left: usize| {
        let is_short = |word: &&String| !word.is_empty() && format::width(word) + WORD_GAP <= left;
        forms.iter().find(is_short).cloned()
    };
    let left = |parts: &[Vec<Words>]| room.saturating_sub(taken(&title, parts));
    let mut word = fits(left(&parts));
    // Prices come before a coverage that is complete.
    let is_all = |part: &Vec<Words>| part.iter().all(|(role, _)| *role != Role::Warning);
    if word.is_none() && parts.len() > 2 && parts.last().is_some_and(is_all) {
        let fewer = parts.get(..parts.len() - 1).unwrap_or_default();
        word = fits(left(fewer));
        if word.is_some() {
            parts.pop();
        }
    }
    let mut writer = canvas.writer(area, 0);
    writer.skip(1).strong(Role::Accent, PROGRAM);
    if !title.is_empty() {
        writer.skip(GAP as u16).put(Role::Text, &title);
    }
    for (place, part) in parts.iter().enumerate() {
        if place == 0 {
            writer.skip(GAP as u16);
        } else {
            writer.put(Role::Dim, SEPARATOR);
        }
        for (role, text) in part {
            writer.put(*role, text);
        }
    }
    let word = word.map(|word| (Role::Dim, format!("{word}{}", " ".repeat(WORD_GAP))));
    let right: Vec<Words> = word.into_iter().chain(time).collect();
    writer.to(area.right().saturating_sub(cells(&right) as u16 + 1));
    for (role, text) in right {
        writer.put(role, &text);
    }
}

fn cells(words: &[Words]) -> usize {
    words.iter().map(|(_, text)| format::width(text)).sum()
}

fn title(input: &FrameInput<'_>) -> String {
    match (&input.app.title, input.snap.nodes.as_slice()) {
        (Some(title), _) => title.to_string(),
        (None, [only]) => only.name.to_string(),
        _ => String::new(),
    }
}

/// The coverage: `271/278 nodes · 2,168/2,224 GPUs · 540/556 engines`. Of an earlier instant, the recorded part of it.
fn coverage(input: &FrameInput<'_>) -> Vec<Vec<Words>> {
    let c = input.snap.coverage;
    let mut parts = Vec::new();
    if c.nodes_known > 1 || c.nodes_live < c.nodes_known {
        parts.push(share(c.nodes_live, c.nodes_known, "node"));
    }
    if input.snap.gpus.count > 0 {
        parts.push(share(input.snap.gpus.reporting, input.snap.gpus.count, "GPU"));
    }
    if c.engines_known > 0 {
        parts.push(share(c.engines_live, c.engines_known, "engine"));
    }
    let is_past = input.app.then().is_some();
    match parts.is_empty() {
        true if is_past => vec![vec![(Role::Dim, "– nodes, none is recorded".to_owned())]],
        true if !input.snap.source_errors.is_empty() => {
            [(0, "GPU"), (0, "engine")].map(|(none, what)| share(none, none, what)).into()
        }
        true => vec![vec![(Role::Dim, "looking…".to_owned())]],
        false => parts,
    }
}

/// The answering part as text, or as a warning if it is not all; the known number is dim.
fn share(live: usize, known: usize, what: &str) -> Vec<Words> {
    let plural = if known == 1 { "" } else { "s" };
    let role = if live < known { Role::Warning } else { Role::Text };
    let live = (role, format::grouped(live as u128));
    vec![live, (Role::Dim, format!("/{} {what}{plural}", format::grouped(known as u128)))]
}

/// `1s`, `250ms`.
fn every(interval: Span) -> String {
    let millis = interval.millis();
    if millis < 1_000 { format!("{millis}ms") } else { format::duration(interval) }
}

/// The time, and whether snapshots arrive.
fn time(input: &FrameInput<'_>, width: u16) -> Vec<Words> {
    let app = input.app;
    let mut clock = format::clock_minute(input.snap.at, input.zone());
    let hub = input.snap.alerts.iter().find(|alert| alert.rule == Rule::HubSilent);
    match app.feed {
        _ if app.then().is_some() => {
            let ago = app.newest().at - input.snap.at;
            return vec![(Role::Warning, format!("◂ {clock} −{}", format::duration(ago)))];
        }
        _ if app.paused() => {
            let clock = format::clock_second(input.snap.at, input.zone());
            return vec![(Role::Warning, format!("‖ paused at {clock}"))];
        }
        SnapshotFeed::Ended => {
            let clock = format::clock_second(input.snap.at, input.zone());
            return vec![(Role::Text, clock), (Role::Warning, " ■ ended".to_owned())];
        }
        SnapshotFeed::Quiet(_) | SnapshotFeed::Arrives if hub.is_some() => {
            let quiet = hub.map_or(Span::ZERO, |hub| input.snap.at - hub.since);
            return vec![(Role::Text, clock), (Role::Warning, format!(" ○ silent {}", format::duration(quiet)))];
        }
        SnapshotFeed::Quiet(quiet) => {
            return vec![(Role::Text, clock), (Role::Warning, format!(" ○ silent {}", format::duration(quiet)))];
        }
        SnapshotFeed::Arrives if app.finds_nothing() => {
            return vec![(Role::Text, clock), (Role::Dim, " ○ looking".to_owned())];
        }
        SnapshotFeed::Arrives => {}
    }
    if width >= WITH_SECONDS {
        clock = format::clock_second(ticking(input), input.zone());
    }
    let dot = (Role::Accent, " ●".to_owned());
    let interval = (Role::Dim, format!(" {}", every(app.interval)));
    if let WatchedFleet::PublishedDay { speed: Some(speed) } = app.fleet {
        let times = |speed: u32| format!(" x {}", format::grouped(speed.into()));
        let lagging = app.real_speed.filter(|real| u64::from(*real) * 10 < u64::from(speed) * 9);
        let mut words = vec![(Role::Text, clock), (Role::Accent, times(lagging.unwrap_or(speed)))];
        if lagging.is_some() && width >= WITH_SECONDS {
            words.push((Role::Dim, format!(" (asked{})", times(speed))));
        }
        words.extend([dot, interval]);
        return words;
    }
    if width >= ZONED {
        clock = format!("{clock} {}", zone(input));
    }
    vec![(Role::Text, clock), dot, interval]
}

/// The instant of the shown time: its seconds change with other figures, and no frame is drawn for them alone.
fn ticking(input: &FrameInput<'_>) -> Timestamp {
    let makes = |rate: Option<f64>| rate.is_some_and(|rate| rate > 0.0);
    let tokens = &input.snap.tokens;
    let is_busy = makes(tokens.output_per_second) || makes(tokens.prompt_per_second);
    input.at(if is_busy { RefreshPace::TwoSeconds } else { RefreshPace::FiveSeconds }).snap.at
}

/// `UTC+8` at the shown instant.
fn zone(input: &FrameInput<'_>) -> String {
    let minutes = input.zone().to_offset(input.snap.at.instant()).seconds() / 60;
    match (minutes / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{hours:+}"),
        (hours, minutes) => format!("UTC{hours:+}:{minutes:02}"),
    }
}

/// The date of the published day, with its zone and without; its basis is at the bottom.
fn day_word(input: &FrameInput<'_>) -> Option<Vec<String>> {
    let WatchedFleet::PublishedDay { .. } = input.app.fleet else { return None };
    let since = input.snap.money.since?;
    let days = format::days(since, input.snap.at, input.zone())?;
    let zone = input.zone().to_fixed_offset().ok().map(|offset| offset.seconds() / 3_600)?;
    Some(vec![format!("{days}, UTC{zone:+}"), days])
}

/// The basis of the money: in full, then in fewer words.
fn basis_words(input: &FrameInput<'_>) -> Vec<String> {
    let money = &input.snap.money;
    let rate = money.rates.first().map(|basis| {
        let hour = basis.rate.of(GpuTime::of(1, Span::from_secs(3600)));
        let assumed = if basis.assumed { " assumed" } else { "" };
        let price = format::unit_price(Some(hour), input.currency());
        match money.rates.len() {
            1 => format!("{price}/GPU-h{assumed}"),
            // One of several rates has the name of its GPU.
            all => format!("{} {price}/h{assumed} +{}", format::shorten(basis.gpu.as_str(), 12), all - 1),
        }
    });
    let Some(first) = money.lists.first() else { return rate.into_iter().collect() };
    let more = if money.lists.len() > 1 { format!(" +{}", money.lists.len() - 1) } else { String::new() };
    let list = format!("{}{more}", format::shorten(first.list.as_str(), 28));
    // The next change of any model's prices.
    let next = money.lists.iter().filter(|list| list.until.is_some()).min_by_key(|list| list.until).unwrap_or(first);
    let tier = match next.tier.as_str() {
        "" => String::new(),
        tier => format!(" · {tier}"),
    };
    if let Some(edge) = edge(input, next) {
        // Of several models it is said whose prices change.
        let edge = match money.lists.len() {
            1 => return vec![format!("{list}{tier}, {edge}"), format!("{list}, {edge}"), edge],
            _ => format!("{}: {edge}", format::shorten(next.model.as_str(), 20)),
        };
        return std::iter::once(format!("{list} · {edge}")).chain([edge]).chain(prices_change(input, next)).collect();
    }
    let is_box = input.snap.nodes.len() == 1;
    let beside = rate.filter(|_| is_box).map(|rate| format!("{list} · {rate}"));
    beside.into_iter().chain([format!("{list}{tier}"), list]).collect()
}

/// `prices change in 9h25m`.
fn prices_change(input: &FrameInput<'_>, list: &ListBasis) -> Option<String> {
    Some(format!("prices change in {}", format::countdown(list.until? - input.snap.at)))
}

/// The next list or tier, and its time: `off-peak in 9h25m`.
fn edge(input: &FrameInput<'_>, list: &ListBasis) -> Option<String> {
    let left = format::countdown(list.until? - input.snap.at);
    let model = input.snap.models.iter().find(|row| row.model == list.model);
    let steps = model.map(|row| row.money.prices.as_slice()).unwrap_or_default();
    let later = steps.iter().filter(|step| step.from.is_some() && step.from >= list.until);
    let next = later.min_by_key(|step| step.from);
    let name = next.and_then(|step| match () {
        () if step.tier.as_str() != list.tier.as_str() => Some(&step.tier),
        () if step.list.as_str() != list.list.as_str() => Some(&step.list),
        () => None,
    });
    let name = name.map(|name| format::shorten(name.as_str(), 24)).filter(|name| !name.is_empty());
    name.map(|name| format!("{name} in {left}")).or_else(|| prices_change(input, list))
}
