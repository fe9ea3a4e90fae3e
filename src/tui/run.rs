//! Start and end of the dashboard: it prepares the terminal, starts threads, runs the loop, and restores the terminal.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use tokio::sync::watch;

use super::app::{Action, App, FormScenario, WatchedFleet};
use super::dashboard::{Dashboard, Exit};
use super::errands::{Errands, SetInterval};
use super::ledger_query::LedgerQueries;
use super::loop_events;
use super::query_client::QueryClient;
use super::settings::Settings;
use super::terminal::{Output, PanicGuard, StyleSortedBackend, Tty};
use super::theme::{ColorChoice, Depth, Glyphs, Theme, ThemeRegistry};
use super::threads;
use crate::history::History;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::units::Span;

/// The options of the dashboard.
#[derive(Debug, Clone)]
pub struct Options {
    /// The theme's name; the default one if none is given.
    pub theme: Option<String>,
    /// The user's folder of themes, usually `$XDG_CONFIG_HOME/margintop/themes`; it need not exist.
    pub themes: Option<PathBuf>,
    /// The file of the user's choices on the screen; `None` stores nothing.
    pub settings: Option<PathBuf>,
    /// `--color`.
    pub color: ColorChoice,
    /// The fleet's name, if it has one.
    pub title: Option<Label>,
    /// The interval between polls.
    pub interval: Span,
    /// The zone of shown times.
    pub zone: TimeZone,
    /// The client of ledger queries; without one the money view says so.
    pub past: Option<LedgerQueries>,
    /// The kind of fleet.
    pub fleet: WatchedFleet,
    /// The file of the configuration, if there is one.
    pub config: Option<Label>,
    /// Sets the interval between polls; without it the interval cannot be changed.
    pub set_interval: Option<SetInterval>,
    /// The recent past for charts.
    pub history: History,
    /// The scenarios of the configuration.
    pub scenarios: Vec<FormScenario>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: None,
            themes: None,
            settings: None,
            color: ColorChoice::Auto,
            title: None,
            interval: Span::from_secs(1),
            zone: TimeZone::system(),
            past: None,
            fleet: WatchedFleet::default(),
            config: None,
            set_interval: None,
            history: History::default(),
            scenarios: Vec::new(),
        }
    }
}

/// The largest number of waiting events, while the loop is blocked in a write.
const QUEUE: usize = 64;

/// Shows the dashboard until it ends. The first frame is drawn with the present value of `snapshots`.
///
/// Call it on the main thread; it starts threads of its own and joins none. When it returns, the terminal is restored.
///
/// # Errors
/// If standard output is no terminal, or the terminal refuses its modes.
pub fn run(mut snapshots: watch::Receiver<Arc<Snapshot>>, options: Options) -> io::Result<Exit> {
    let (kept, broken) = kept(&options);
    let Themes { all: themes, given, broken: broken_theme } = themes(&options)?;
    let of_before = || kept.theme.as_ref().and_then(|name| themes.iter().position(|theme| theme.name() == name));
    let chosen = given.or_else(of_before).unwrap_or(0);
    let first = snapshots.borrow_and_update().clone();
    let mut app = App::new(first, options.zone, options.interval, themes.len());
    app.theme = chosen;
    app.what_if.scenarios = options.scenarios;
    app.fleet = options.fleet;
    kept.apply(&mut app);
    if let Some(why) = broken.or(broken_theme) {
        app.update(Action::Said { text: why, is_failure: true });
    }
    app.theme_names = themes.iter().map(|theme| theme.name().to_owned()).collect();
    app.title = options.title;
    app.config = options.config;
    app.has_past = options.past.is_some();
    app.history = options.history;
    app.has_interval = options.set_interval.is_some();

    let tty = Arc::new(Tty::open()?);
    let (wake, wakes) = mpsc::sync_channel(QUEUE);
    let at_work = threads::signals(tty.clone(), wake.clone())?;
    let guard = PanicGuard::new(tty.clone());
    let past = QueryClient::new(options.past, wake.clone());
    let errands = Errands::new(wake.clone(), options.set_interval);
    let outcome = start(&tty, app, themes, past, errands).and_then(|mut dashboard| {
        loop_events::snapshots(snapshots, wake.clone())?;
        threads::keys(tty.clone(), wake)?;
        let exit = dashboard.drive(&wakes, &tty)?;
        Ok((exit, Settings::of(&dashboard.app, given, &kept)))
    });
    tty.leave();
    drop(guard);
    let (exit, chosen) = outcome?;
    if let Some(path) = options.settings {
        // The screen is gone and cannot report it; the user has to choose again.
        let _ = chosen.keep(path);
    }
    drop(at_work);
    Ok(exit)
}

/// The stored choices, and why they cannot be read.
fn kept(options: &Options) -> (Settings, Option<String>) {
    match options.settings.as_deref().map(Settings::read) {
        None => (Settings::default(), None),
        Some(Ok(kept)) => (kept, None),
        Some(Err(why)) => (Settings::default(), Some(why)),
    }
}

fn start(
    tty: &Arc<Tty>,
    app: App,
    themes: Vec<Theme>,
    past: QueryClient,
    errands: Errands,
) -> io::Result<Dashboard<StyleSortedBackend<Output>>> {
    tty.enter()?;
    let sized = tty.clone();
    let output = Output::new(tty.writer()?);
    let written = output.written();
    let backend = StyleSortedBackend::new(output, move || sized.size());
    Ok(Dashboard { terminal: Terminal::new(backend)?, app, themes, past, errands, is_away: false, written })
}

/// The themes of a dashboard.
struct Themes {
    /// All of them, as this terminal can show them.
    all: Vec<Theme>,
    /// The requested one.
    given: Option<usize>,
    /// What is wrong with one that was requested, or with the user's files.
    broken: Option<String>,
}

fn themes(options: &Options) -> io::Result<Themes> {
    let registry = options
        .themes
        .as_deref()
        .map_or_else(ThemeRegistry::built_in, ThemeRegistry::with_folder)
        .map_err(io::Error::other)?;
    // The command line was checked before: what is wrong here is the configuration's, and no reason not to watch.
    let (given, wrong) = match options.theme.as_deref().map(|name| registry.find(name)).transpose() {
        Ok(given) => (given, None),
        Err(error) => (None, Some(error)),
    };
    let more = registry.broken().len().saturating_sub(1);
    let broken = wrong.as_ref().or(registry.broken().first()).map(|error| match more {
        0 => error.to_string(),
        more => format!("{error}; {more} more: `margintop themes`"),
    });
    let var = |name: &str| std::env::var(name).ok();
    let (depth, glyphs) = (Depth::detect(options.color, var), Glyphs::detect(var));
    let themed = |palette| Theme::new(palette, depth).with_glyphs(glyphs);
    Ok(Themes { all: registry.palettes().iter().map(themed).collect(), given, broken })
}
