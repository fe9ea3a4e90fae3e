//! What the overview, the nodes and the first screen say, and that they use the room that they have.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::history::{History, Measure, Query, Subject};
use margintop::reading::{Label, ModelName};
use margintop::snapshot::{PriceStep, Snapshot};
use margintop::tui::app::{Action, App, Command, Direction, RefreshPace};
use margintop::tui::frame_input::FrameInput;
use margintop::tui::theme::Theme;
use margintop::tui::view::{Hits, OnEnter, ViewId, ViewPlace};
use margintop::units::{Span, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use samples::hands::{app, press, text, type_, watched};
use samples::pages::{Page, quarters};
use samples::{Case, case, empty, fleet, ratio, twelve};

fn of(snapshot: Snapshot) -> App {
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}

fn drawn(app: &mut App, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = margintop::tui::draw(frame, app, app.shown(), &Theme::of_roles())).unwrap();
    app.update(Action::Drawn(hits));
    text(app, width, height)
}

/// Class: a fleet that answers was shown by one count, one that does not by two.
#[test]
fn the_header_says_what_answers_of_what_is_known() {
    let frame = text(&of(twelve()), 120, 36);
    assert!(frame.starts_with(" margintop  11/12 nodes · 88/96 GPUs · 540/556 engines"), "{frame}");
    let whole = text(&of(case(Case::OneBox)), 80, 24);
    assert!(whole.contains("8/8 GPUs · 1/1 engine "), "{whole}");
}

/// Class: half a count in a narrow header.
#[test]
fn no_part_of_the_header_is_cut() {
    let whole = "271/278 nodes · 2,168/2,224 GPUs · 540/556 engines";
    let parts: Vec<&str> = whole.split(" · ").collect();
    let mut app = of(fleet(0));
    for title in ["", "DeepSeek's day", "a fleet with a rather long name of its own"] {
        app.title = Some(title).filter(|title| !title.is_empty()).map(Label::new);
        for width in 40..=200 {
            let frame = text(&app, width, 12);
            let header = frame.lines().next().unwrap();
            let shown: Vec<&str> = header
                .split("  ")
                .flat_map(|word| word.trim().split(" · "))
                .filter(|word| word.contains('/'))
                .collect();
            let is_basis = |word: &&str| word.contains("GPU-h");
            for word in shown.iter().filter(|word| !is_basis(word)) {
                assert!(parts.contains(word), "{word:?} at {width}: {header}");
            }
            assert!(header.trim_end().ends_with("● 1s"), "{width}: {header}");
        }
    }
}

#[test]
fn the_header_names_the_next_edge_of_the_prices() {
    let mut snapshot = twelve();
    let until = snapshot.at + Span::from_secs(9 * 3_600 + 25 * 60);
    snapshot.money.lists.truncate(1);
    let list = snapshot.money.lists.first_mut().unwrap();
    (list.until, list.tier) = (Some(until), Label::new("standard"));
    let (model, name): (ModelName, Label) = (list.model.clone(), list.list.clone());
    let row = snapshot.models.iter_mut().find(|row| row.model == model).unwrap();
    let prices = row.money.prices.first().map(|step| step.prices).unwrap();
    row.money.prices = vec![PriceStep { from: Some(until), list: name, tier: Label::new("off-peak"), prices }];
    let header = |snapshot: &Snapshot, width| text(&of(snapshot.clone()), width, 36).lines().next().unwrap().to_owned();
    assert!(header(&snapshot, 200).contains("· standard, off-peak in 9h25m "), "{}", header(&snapshot, 200));
    assert!(header(&snapshot, 90).contains("  off-peak in 9h25m "), "{}", header(&snapshot, 90));
    // Beside the list of another model it is said whose prices change.
    let mut several = snapshot.clone();
    let mut other = several.money.lists[0].clone();
    (other.model, other.list, other.until) = (ModelName::new("other"), Label::new("other-list"), None);
    several.money.lists.insert(0, other);
    let edge = format!("{model}: off-peak in 9h25m ");
    assert!(header(&several, 200).contains(&format!("other-list +1 · {edge}")), "{}", header(&several, 200));
    assert!(header(&several, 110).contains(&format!("  {edge}")), "{}", header(&several, 110));
    assert!(header(&several, 100).contains("  prices change in 9h25m "), "{}", header(&several, 100));
    // Where the next prices are not known by a name of their own, they change.
    snapshot.models.iter_mut().for_each(|row| row.money.prices.clear());
    assert!(header(&snapshot, 200).contains("· standard, prices change in 9h25m "), "{}", header(&snapshot, 200));
}

/// Class: one screen with two changes of the profit, one of this moment and one of means.
#[test]
fn one_screen_has_one_change_of_the_profit_and_says_against_what() {
    let mut app = of(fleet(0));
    let history = History::default();
    let [before, after] = quarters(Page::Fleet, app.shown().at);
    history.read_bridge(app.shown().at, &before, &after);
    // The rate is newer than the bridge: its change is against the bridge's earlier minute.
    let change = app.shown().money.profit_per_hour.unwrap() - history.bridge().unwrap().bridge.before;
    app.history = history;
    let amount = change.rounded(2).unsigned_abs();
    assert!(amount > 0);
    for (size, label) in [((80, 24), "/h against "), ((120, 36), "/h vs "), ((200, 50), "/h against ")] {
        let frame = text(&app, size.0, size.1);
        let line = frame.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("{size:?}: {frame}"));
        let (said, _) = line.split_once(label).unwrap();
        let said: String = said.rsplit(['▲', '▼']).next().unwrap().chars().filter(char::is_ascii_digit).collect();
        let whole = format!("{amount}");
        assert!(whole.starts_with(&said) || said.starts_with(&whole[..whole.len() - 2]), "{said} of {whole}: {line}");
        assert_eq!(frame.matches("/h against ").count() + frame.matches("/h vs ").count(), 1, "{frame}");
    }
    // Without a bridge it is of the record.
    let mut young = watched();
    let until = (young.shown().at - Span::from_secs(900)).minute();
    let query =
        Query { subject: Subject::Fleet, measure: Measure::Profit, until, step: Span::from_secs(60), points: 1 };
    let is_known = young.history.series(&query).points.first().copied().flatten().is_some();
    let frame = drawn(&mut young, (80, 24));
    assert_eq!(frame.contains("/h against"), is_known && young.shown().money.uncosted_engines == 0, "{frame}");
}

/// Class: a sum that is unknown though its parts are known.
#[test]
fn a_unit_has_the_hit_rate_of_its_members() {
    let mut snapshot = twelve();
    for (place, row) in snapshot.engines.iter_mut().enumerate() {
        let row = Arc::make_mut(row);
        (row.cache_hit_rate, row.prompt_per_second) = (ratio(if place % 2 == 0 { 0.5 } else { 0.7 }), Some(100.0));
    }
    let mut app = of(snapshot);
    type_(&mut app, "4");
    let frame = drawn(&mut app, (120, 36));
    let unit = frame.lines().find(|line| line.contains("prefill-01")).unwrap();
    assert!(unit.contains("60 %"), "{unit}");
}

/// Class: rows hidden while others are blank, and columns of the design left out though they fit.
#[test]
fn twelve_nodes_stand_with_all_their_columns() {
    for alerts in [0, 1, 3] {
        let mut snapshot = twelve();
        let one = snapshot.alerts[0].clone();
        snapshot.alerts = vec![one; alerts];
        let frame = text(&of(snapshot), 120, 36);
        for node in 0..12 {
            assert!(frame.contains(&format!("gpu-{node:04}")), "{alerts} alerts, {node}: {frame}");
        }
        let heading = frame.lines().find(|line| line.contains("─ Nodes")).unwrap();
        for column in ["unit", "model", "GPUs", "load, 1h", "now", "KV", "run", "wait", "hit", "out/s", "profit/h"] {
            assert!(heading.contains(column), "{column}: {heading}");
        }
    }
}

/// The most rows one under another that show nothing, and how many there are.
fn blank_rows(frame: &str) -> (usize, usize) {
    let rows: Vec<bool> = frame.lines().map(|line| line.trim().is_empty()).collect();
    let most = rows.split(|blank| !blank).map(<[bool]>::len).max().unwrap_or(0);
    (most, rows.len())
}

/// Class: a third of the screen is empty while there is more to show.
#[test]
fn no_large_part_of_the_screen_is_empty() {
    let mut apps = vec![("twelve", of(twelve())), ("fleet", of(fleet(0))), ("box", of(case(Case::OneBox)))];
    apps.push(("nothing", of(case(Case::Nothing))));
    for (name, app) in &apps {
        for size in [(60, 18), (80, 24), (100, 30), (120, 36), (200, 50), (250, 70), (400, 100)] {
            let frame = text(app, size.0, size.1);
            let (most, rows) = blank_rows(&frame);
            let is_small_world = matches!(*name, "box" | "nothing") && size.1 >= 50;
            assert!(is_small_world || most * 5 <= rows, "{name} {size:?}: {most} of {rows}\n{frame}");
        }
    }
}

/// Class: what the record knows is dropped from an earlier instant.
#[test]
fn an_earlier_instant_keeps_what_is_recorded() {
    let mut app = watched();
    let now = app.shown().clone();
    assert!(!now.money.lists.is_empty());
    app.update(Action::Command(Command::Leap(Direction::Previous)));
    let then = app.shown().clone();
    assert!(then.at < now.at);
    // Those that were silent all the time have no record.
    assert!(then.coverage.nodes_known >= now.coverage.nodes_live, "{:?}", then.coverage);
    assert!(then.gpus.count > 0 && then.gpus.reporting <= then.gpus.count);
    assert_eq!(then.money.lists, now.money.lists, "no price changed since");
    let has_both = |row: &&Arc<margintop::snapshot::EngineRow>| row.running.is_some() && row.waiting.is_some();
    assert!(then.engines.iter().filter(has_both).count() > 200, "what an engine's record has");
    let frame = text(&app, 120, 36);
    let header = frame.lines().next().unwrap();
    assert!(header.contains(" nodes · ") && header.contains(" GPUs") && header.contains('◂'), "{header}");
    assert!(frame.contains("as recorded") && frame.contains("list "), "{frame}");
}

/// Class: units hidden behind a long list of nodes without one.
#[test]
fn nodes_without_a_unit_stand_folded_where_units_would_find_no_room() {
    let mut snapshot = fleet(0);
    for node in snapshot.nodes.iter_mut().skip(100) {
        Arc::make_mut(node).unit = None;
    }
    snapshot.units.truncate(25);
    let app = of(snapshot);
    for size in [(80, 24), (120, 36)] {
        let frame = text(&app, size.0, size.1);
        assert!(frame.contains("─ Units") || frame.contains("─ Fleet by unit"), "{frame}");
        assert!(frame.contains("prefill-"), "{frame}");
        assert!(!frame.lines().any(|line| line.starts_with(" gpu-")), "{frame}");
    }
    assert!(text(&app, 120, 36).contains("(deepseek-r1)"), "the others stand under their model");
}

/// Class: a name of five cells for each datum of one, in an empty row.
#[test]
fn nodes_without_a_unit_have_a_cell_for_each_gpu_on_200_columns() {
    let mut snapshot = fleet(0);
    for node in snapshot.nodes.iter_mut().skip(138) {
        Arc::make_mut(node).unit = None;
    }
    snapshot.units.retain(|unit| snapshot.nodes.iter().any(|node| node.unit.as_ref() == Some(&unit.unit)));
    let mut app = of(snapshot);
    let frame = text(&app, 200, 50);
    assert!(frame.contains("a cell is a GPU"), "{frame}");
    let of_model = frame.lines().find(|line| line.starts_with(" (deepseek-")).unwrap_or_else(|| panic!("{frame}"));
    let cells = of_model.chars().filter(|c| ('▁'..='▇').contains(c)).count();
    assert!(cells >= 100, "{cells}: {of_model}");
    let unit = frame.lines().find(|line| line.starts_with(" decode-1 ")).unwrap();
    let nodes =
        app.shown().nodes.iter().filter(|node| node.unit.as_ref().is_some_and(|unit| unit.as_str() == "decode-1"));
    assert_eq!(unit.chars().filter(|c| ('▁'..='▇').contains(c)).count(), 8 * nodes.count(), "{unit}");
    // Cells of nodes leave the nodes merged.
    type_(&mut app, "mm");
    let frame = text(&app, 200, 50);
    assert!(frame.contains("KV") && frame.contains("a cell is a node") && frame.contains(" (deepseek-"), "{frame}");
}

/// The last figure of a line.
fn last_figure(line: &str) -> Option<f64> {
    let text = line.split_whitespace().last()?.replace(',', "").replace('−', "-");
    text.trim_start_matches(['≥', '+']).parse().ok()
}

/// Class: rows that do not add up to their total.
#[test]
fn the_nodes_add_up_to_their_total() {
    let mut snapshot = twelve();
    let known = snapshot.nodes.iter().filter_map(|row| row.profit_per_hour).reduce(|a, b| a + b).unwrap();
    let unpriced =
        snapshot.nodes.iter().filter(|row| row.profit_per_hour.is_none()).filter_map(|row| row.cost_per_hour);
    let unpriced = unpriced.reduce(|a, b| a + b).unwrap();
    snapshot.money.profit_per_hour = Some(known - unpriced);
    let mut app = of(snapshot);
    type_(&mut app, "2");
    let frame = drawn(&mut app, (120, 36));
    let from = frame.lines().position(|line| line.contains("─ Nodes")).unwrap();
    let rows: Vec<&str> = frame.lines().skip(from + 1).take_while(|line| !line.starts_with(" total")).collect();
    let total = frame.lines().find(|line| line.starts_with(" total")).unwrap();
    assert!(rows.iter().any(|line| line.contains("(unpriced)")), "{frame}");
    let sum: f64 = rows.iter().filter_map(|line| last_figure(line)).sum();
    assert!((sum - last_figure(total).unwrap()).abs() < 0.1, "{sum} of {total}\n{frame}");
}

/// Class: a footer with the names of views and none of the keys of the open one.
#[test]
fn a_small_screen_names_the_keys_of_the_view_first() {
    for (key, wanted) in [("2", "⏎ open  / filter  s sort"), ("4", "⏎ open  o fold"), ("1", "⏎ open  2 nodes")] {
        let mut app = of(fleet(0));
        type_(&mut app, key);
        let frame = text(&app, 80, 24);
        let footer = frame.lines().last().unwrap();
        assert!(footer.trim_start().starts_with(wanted), "{footer}");
        assert!(footer.contains("? help"), "{footer}");
    }
}

/// Class: a key is offered that does nothing.
#[test]
fn enter_is_offered_where_it_leads_somewhere() {
    let snapshots = [fleet(0), twelve(), case(Case::OneBox), case(Case::Blank), case(Case::Zeros)];
    for snapshot in snapshots {
        for key in "1234567".chars() {
            let mut app = of(snapshot.clone());
            type_(&mut app, &key.to_string());
            let size = (120, 36);
            let frame = drawn(&mut app, size);
            let input = FrameInput { app: &app, snap: app.shown(), size };
            let leads = app.view().view().enter(&input) != OnEnter::Nowhere;
            let footer = frame.lines().last().unwrap();
            assert!(leads || !footer.contains('⏎'), "{key}: {footer}");
            if leads {
                let before = format!("{frame}{}", app.place());
                press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
                assert_ne!(before, format!("{}{}", drawn(&mut app, size), app.place()), "{key} {:?}", app.view());
            }
        }
    }
}

#[test]
fn enter_on_a_node_leads_to_its_engines() {
    let mut app = of(fleet(0));
    type_(&mut app, "2");
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(app.view(), ViewId::Node);
    let node = app.subject().unwrap().clone();
    press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!((app.view(), app.subject()), (ViewId::Engines, Some(&node)));
    let frame = text(&app, 120, 36);
    assert!(frame.contains(&format!("Engines of {node}")), "{frame}");
    let input = FrameInput { app: &app, snap: app.shown(), size: (120, 36) };
    let OnEnter::Into(ViewPlace { view, .. }) = app.view().view().enter(&input) else { return };
    assert_eq!(view, ViewId::Node);
}

/// Class: a cell of a GPU that says nothing when it is pointed at.
#[test]
fn a_gpu_of_a_row_of_nodes_says_what_it_is_and_how_hard_it_works() {
    let mut app = of(twelve());
    let frame = drawn(&mut app, (120, 36));
    let heading = frame.lines().find(|line| line.contains("─ Nodes")).unwrap();
    let y = frame.lines().position(|line| line.trim_start().starts_with("gpu-0003")).unwrap();
    let x = heading.split("GPUs").next().unwrap().chars().count();
    app.update(Action::Hover(x as u16 + 2, y as u16));
    let input = FrameInput { app: &app, snap: app.shown(), size: (120, 36) }.at(RefreshPace::TenSeconds);
    let gpu = input.snap.nodes.iter().find(|node| node.name.as_str() == "gpu-0003").unwrap().gpus[2].clone();
    let said = drawn(&mut app, (120, 36));
    let line = said.lines().find(|line| line.contains("gpu-0003 GPU 2 H800")).unwrap_or_else(|| panic!("{said}"));
    let watts = format!("{:.0} W", gpu.power_watts.unwrap());
    assert!(line.contains("load ") && line.contains("/79.6 G") && line.contains(&watts), "{line}");
}

/// Class: a box without latencies on a small screen.
#[test]
fn a_box_shows_both_latencies_on_small_screens() {
    for size in [(80, 24), (120, 36)] {
        let frame = text(&of(case(Case::OneBox)), size.0, size.1);
        let has = |words: [&str; 2]| words.iter().all(|word| frame.to_lowercase().contains(word));
        assert!(has(["ttft", "itl"]), "{frame}");
        // In the headings of a list, or in the titles of two charts.
        let titles =
            |line: &str| line.contains("─ ttft ") && line.contains("─ itl ") && line.matches(" p99 ").count() == 2;
        assert!(has(["ttft p99", "itl p99"]) || frame.to_lowercase().lines().any(titles), "{frame}");
    }
    let small = text(&of(case(Case::OneBox)), 80, 24);
    assert!(small.contains("─ Engines · 10s"), "what the figures are of: {small}");
    let mut node = of(fleet(0));
    type_(&mut node, "2");
    press(&mut node, KeyCode::Enter, KeyModifiers::NONE);
    let frame = text(&node, 120, 36);
    assert!(frame.contains("─ Engines · 10s") && frame.contains("ttft p99") && frame.contains("itl p99"), "{frame}");
}

#[test]
fn the_first_screen_says_what_was_looked_for_and_answers_every_key() {
    let mut app = of(case(Case::Nothing));
    app.config = Some(Label::new("/etc/margintop/margintop.toml"));
    for size in [(80, 24), (120, 36)] {
        let frame = text(&app, size.0, size.1);
        assert!(frame.lines().next().unwrap().trim_end().ends_with("○ looking"), "{frame}");
        for row in ["NVML", "engines", "agents", "config", "ledger", "/etc/margintop/margintop.toml"] {
            assert!(frame.contains(row), "{row}: {frame}");
        }
        assert!(!frame.contains("1 overview"), "{frame}");
    }
    for key in "1234567".chars() {
        app.update(Action::Unsaid(u64::MAX));
        let before = app.said().map_or(0, |said| said.number);
        type_(&mut app, &key.to_string());
        assert!(app.said().is_some_and(|said| said.number > before), "{key}");
    }
}

#[test]
fn an_address_is_shown_as_the_node_that_it_is_on() {
    let mut app = app();
    let address = app.shown().engines[0].target.to_string();
    let node = app.shown().engines[0].node.to_string();
    let mut snapshot = Snapshot::clone(app.shown());
    snapshot.alerts[0].subject = Label::new(&format!("{address} rank 0"));
    snapshot.alerts.truncate(1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    let frame = text(&app, 200, 50);
    let headline = frame.lines().find(|line| line.contains("Earning") || line.contains("Losing")).unwrap();
    assert!(!headline.contains("127.0.0.") && headline.contains(&node), "{headline}");
    assert_ne!(app.shown().at, Timestamp::default());
}

/// Class: a node with fewer facts than the fleet has.
#[test]
fn a_node_says_since_when_and_how_much_it_earns_on_its_cost() {
    for size in [(80, 24), (120, 36), (200, 50)] {
        let mut app = of(fleet(0));
        type_(&mut app, "2");
        press(&mut app, KeyCode::Enter, KeyModifiers::NONE);
        let frame = text(&app, size.0, size.1);
        let heading = frame.lines().find(|line| line.contains("─ gpu-0178")).unwrap();
        assert!(heading.contains("today"), "{heading}");
        assert!(frame.contains("▼ − $19.27 /h") && frame.contains("profit on cost 546 %"), "{frame}");
        assert!(frame.contains("load, 15m "), "what is kept of a GPU: {frame}");
    }
}

/// Class: rows of which a small screen says only how many there are.
#[test]
fn nodes_that_find_no_room_have_a_cell_each_and_their_profit_together() {
    let mut snapshot = twelve();
    for (place, node) in snapshot.nodes.iter_mut().enumerate() {
        let node = Arc::make_mut(node);
        (node.revenue_per_hour, node.cost_per_hour) = (Some(samples::dollars(20.0)), Some(samples::dollars(16.0)));
        node.profit_per_hour = Some(samples::dollars(4.0 + place as f64));
    }
    let frame = text(&of(snapshot), 80, 24);
    let shown = frame.lines().filter(|line| line.starts_with(" gpu-") || line.starts_with(" ? gpu-")).count();
    let rest = frame.lines().find(|line| line.starts_with(" … ")).unwrap_or_else(|| panic!("{frame}"));
    assert!(rest.starts_with(&format!(" … {} more", 12 - shown)), "{shown}: {frame}");
    let cells = rest.chars().filter(|c| ('▁'..='█').contains(c) || "×?".contains(*c)).count();
    assert_eq!(cells, 12 - shown, "{rest}");
    let hidden: f64 = (shown..12).map(|place| 4.0 + place as f64).sum();
    assert_eq!(last_figure(rest), Some(hidden), "the best stand last: {frame}");
}

/// Class: what a model earned over time is dropped for want of a cell at the usual width.
#[test]
fn models_beside_the_fleet_have_their_revenue_over_time() {
    let app = samples::watched();
    for (width, height) in [(120, 36), (200, 50)] {
        let frame = text(&app, width, height);
        let heading = frame.lines().find(|line| line.contains("─ Models")).unwrap();
        assert!(heading.contains("rev/h 15m") && heading.contains("profit/h▾"), "{heading}");
        let first = frame.lines().skip_while(|line| !line.contains("─ Models")).nth(1).unwrap();
        let line = first.rsplit("57 %").next().unwrap_or_default();
        assert!(line.contains("▆▆"), "{first}");
    }
}

/// Class: the order of the fleet's rows orders the models beside them by another column.
#[test]
fn models_beside_the_fleet_stand_by_their_profit_however_the_fleet_is_sorted() {
    let mut app = watched();
    let order = |app: &App| {
        let frame = text(app, 200, 50);
        let rows = frame.lines().skip_while(|line| !line.contains("─ Models")).skip(1).take(3);
        rows.filter_map(|line| {
            line.split_whitespace().find(|word| word.starts_with("deepseek") || word.starts_with("qwen"))
        })
        .map(str::to_owned)
        .collect::<Vec<_>>()
    };
    let first = order(&app);
    for _ in 0..3 {
        type_(&mut app, "s");
        assert_eq!(order(&app), first);
    }
}

/// Class: an engine with ranks has rows in place of its charts, though a box shows nothing else over time.
#[test]
fn one_box_has_the_charts_of_its_engine_with_ranks_too() {
    for ranks in [0, 4] {
        let app = samples::watched_box(ranks);
        for size in [(120, 36), (200, 50)] {
            let frame = samples::hands::text(&app, size.0, size.1);
            for title in ["Requests", "KV cache", "TTFT", "ITL"] {
                assert!(
                    frame.contains(&format!("─ {title}")) || frame.contains(&format!("▪ {title}")),
                    "{title}\n{frame}"
                );
            }
            assert!(!frame.contains("nothing recorded yet"), "{ranks} at {size:?}:\n{frame}");
            assert_eq!(frame.contains("4 ranks, r3 has 1."), ranks == 4, "{frame}");
        }
        let frame = samples::hands::text(&app, 200, 50);
        for text in
            ["What a token earns", "It would break even at", "hit rate, same traffic", "a GPU-hour", "now $3.70"]
        {
            assert!(frame.contains(text), "{text}\n{frame}");
        }
    }
}
