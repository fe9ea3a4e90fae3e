//! The user's choices on the screen, stored from run to run in a file of the state folder.
//!
//! The configuration and the command line take precedence. The file is replaced as a whole, so it is never read half
//! written; one that cannot be read is ignored, with a message.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::app::{App, Cells, ChartSpan, ChartState, FormScenario, Grouping, Silenced, WatchedFleet};
use super::view::ViewId;
use super::widgets::margin::MarginForm;
use crate::reading::Label;
use crate::snapshot::Rule;
use crate::units::Timestamp;

/// The longest wait for the file at the end.
const PATIENCE: Duration = Duration::from_millis(300);
/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;
const HEADING: &str = "# Written by margintop when it ends. What margintop.toml or a flag says comes before this.\n";

/// The stored choices. An absent key is the default; unknown keys are of a later version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// The theme's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) theme: Option<String>,
    /// The span of charts: `6h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<String>,
    /// The measure of the heat map.
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<String>,
    /// The grouping of engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// The large chart: `stack` or `profit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    chart: Option<String>,
    /// The sorted column of each view's list; a `-` before it reverses the order.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sort: BTreeMap<String, String>,
    /// Silenced alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    silenced: Vec<KeptSilence>,
    /// What-if scenarios.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scenario: Vec<FormScenario>,
}

/// A silenced alert: its rule, its subject, and its end in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptSilence {
    rule: Rule,
    about: String,
    until: i64,
}

impl KeptSilence {
    fn of(silenced: &Silenced) -> Self {
        Self { rule: silenced.rule, about: silenced.subject.to_string(), until: silenced.until.millis() }
    }

    fn silenced(&self) -> Silenced {
        Silenced { rule: self.rule, subject: Label::new(&self.about), until: Timestamp::from_millis(self.until) }
    }
}

impl Settings {
    /// Reads a file; a missing one is empty.
    ///
    /// # Errors
    /// Why it cannot be read, in a few words.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let broken = |why: String| format!("{} is left out: {why}", name(path));
        let text = match fs::metadata(path).map(|about| about.len()) {
            Ok(bytes) if bytes > LARGEST => return Err(broken("too large".to_owned())),
            Ok(_) => fs::read_to_string(path),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => toml::from_str(&text).map_err(|error: toml::de::Error| broken(error.message().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// Applies the choices to an app, except the theme. Orders wait for the first rows, since columns are not known
    /// before.
    pub(super) fn apply(&self, app: &mut App) {
        let is = |kept: &Option<String>, name: &str| kept.as_deref() == Some(name);
        if let Some(chosen) = ChartSpan::ALL.into_iter().find(|chosen| is(&self.span, chosen.word())) {
            app.charts.choose(chosen);
        }
        if let Some(cells) = Cells::ALL.into_iter().find(|cells| is(&self.cells, cells.names().0)) {
            app.charts.cells = cells;
        }
        if let Some(grouping) = Grouping::ALL.into_iter().find(|grouping| is(&self.group, grouping.name())) {
            app.grouping = grouping;
        }
        if is(&self.chart, "profit") {
            app.charts.form = MarginForm::Profit;
        }
        // Scenarios of the configuration come first, and keep their names.
        let is_new = |kept: &&FormScenario| !app.what_if.scenarios.iter().any(|known| known.name == kept.name);
        let kept: Vec<FormScenario> = self.scenario.iter().filter(is_new).cloned().collect();
        app.what_if.scenarios.extend(kept);
        app.silenced = self.silenced.iter().map(KeptSilence::silenced).collect();
        app.sort_later(self.sort.clone());
        if has_own_charts(app) {
            app.charts = ChartState { span: ChartSpan::Day, ..ChartState::default() };
        }
    }

    /// The choices of an app. `given` is the theme of the configuration or the command line.
    pub(super) fn of(app: &App, given: Option<usize>, before: &Self) -> Self {
        let theme = match given {
            // That one was not chosen on the screen.
            Some(theme) if theme == app.theme => before.theme.clone(),
            _ => app.theme_names.get(app.theme).cloned(),
        };
        let chart = match app.charts.form {
            MarginForm::Stack => "stack",
            MarginForm::Profit => "profit",
        };
        let charts = (
            app.charts.is_chosen.then(|| app.charts.span.word().to_owned()),
            Some(app.charts.cells.names().0.to_owned()),
            Some(chart.to_owned()),
        );
        let kept = || (before.span.clone(), before.cells.clone(), before.chart.clone());
        let (span, cells, chart) = if has_own_charts(app) { kept() } else { charts };
        Self {
            theme,
            span,
            cells,
            group: Some(app.grouping.name().to_owned()),
            chart,
            sort: ViewId::tabs().filter_map(|view| Some((view.view().title().to_owned(), app.sorted(view)?))).collect(),
            scenario: app.what_if.scenarios.clone(),
            silenced: app.silenced.iter().map(KeptSilence::of).collect(),
        }
    }

    /// Writes the file on a thread of its own, and waits for it only briefly.
    ///
    /// # Errors
    /// Why it is not written, in a few words.
    pub(super) fn keep(self, path: PathBuf) -> Result<(), String> {
        let (done, written) = mpsc::channel();
        let shown = name(&path);
        let write = move || {
            let _ = done.send(self.write(&path));
        };
        let because = |why: String| format!("{shown} is not written: {why}");
        thread::Builder::new().name("settings".to_owned()).spawn(write).map_err(|error| because(error.to_string()))?;
        match written.recv_timeout(PATIENCE) {
            Ok(result) => result.map_err(|error| because(error.to_string())),
            Err(_) => Err(because("the disk does not answer".to_owned())),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let text = format!("{HEADING}{}", toml::to_string(self).map_err(io::Error::other)?);
        if fs::read_to_string(path).is_ok_and(|before| before == text) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let renamed = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
        if renamed.is_err() {
            fs::remove_file(&new).ok();
        }
        renamed
    }
}

/// Whether the charts of a fleet are not the user's: the published day has its span and its revenue, whatever was chosen for
/// other fleets.
const fn has_own_charts(app: &App) -> bool {
    matches!(app.fleet, WatchedFleet::PublishedDay { .. })
}

/// The file's name without its folder, which may contain a user's name.
fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::super::app::{Action, Command, Direction};
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::units::Span;

    fn app() -> App {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), Clock::System.now());
        let mut app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_secs(1), 3);
        app.theme_names = ["dark", "light", "ember"].map(str::to_owned).to_vec();
        app
    }

    #[test]
    fn what_was_chosen_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/screen.toml");
        let mut app = app();
        for command in [Command::NextTheme, Command::StepSpan(Direction::Next), Command::Cells, Command::Form] {
            app.update(Action::Command(command));
        }
        app.update(Action::Command(Command::Show(ViewId::Nodes)));
        app.update(Action::Command(Command::Sort));
        app.update(Action::Command(Command::Reverse));
        let kept = Settings::of(&app, None, &Settings::default());
        let sorted = kept.sort.get("nodes").cloned().unwrap();
        assert!(sorted.starts_with('-'), "{sorted}");
        kept.clone().keep(path.clone()).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1, "nothing else is left there");

        let read = Settings::read(&path).unwrap();
        assert_eq!(read, kept);
        let mut next = self::app();
        read.apply(&mut next);
        assert_eq!((next.charts, read.theme.as_deref()), (app.charts, Some("light")));
        next.update(Action::Fresh(next.shown().clone()));
        assert_eq!(Settings::of(&next, Some(0), &read), read, "a theme that a flag names is not kept");
    }

    /// Class: the published day opens with the span and the chart that were chosen for another fleet.
    #[test]
    fn the_published_day_has_its_own_charts_and_leaves_the_chosen_ones() {
        let chosen = Settings {
            span: Some("6h".to_owned()),
            cells: Some("KV".to_owned()),
            chart: Some("profit".to_owned()),
            ..Settings::default()
        };
        for kept in [chosen, Settings::default()] {
            let mut app = app();
            app.fleet = WatchedFleet::PublishedDay { speed: Some(1440) };
            kept.apply(&mut app);
            assert_eq!(app.charts, ChartState { span: ChartSpan::Day, ..ChartState::default() });
            for command in [Command::StepSpan(Direction::Previous), Command::Cells, Command::Form] {
                app.update(Action::Command(command));
            }
            assert_ne!(app.charts.span, ChartSpan::Day, "it can be changed");
            let after = Settings::of(&app, None, &kept);
            assert_eq!((after.span, after.cells, after.chart), (kept.span, kept.cells, kept.chart));
        }
    }

    #[test]
    fn a_broken_file_is_left_out_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen.toml");
        assert_eq!(Settings::read(&path), Ok(Settings::default()), "none is empty");
        for text in ["theme = ", "theme = 3", "\u{0}", "sort = [1]"] {
            fs::write(&path, text).unwrap();
            assert!(Settings::read(&path).unwrap_err().starts_with("screen.toml is left out: "), "{text}");
        }
        fs::write(&path, b"\xff\xfe").unwrap();
        assert!(Settings::read(&path).is_err());
        fs::write(&path, "span = \"9 years\"\ncells = \"x\"\nlater = 1\n[sort]\nnodes = \"gone\"\nx = \"y\"").unwrap();
        let mut app = app();
        let before = app.charts;
        Settings::read(&path).unwrap().apply(&mut app);
        app.update(Action::Fresh(app.shown().clone()));
        assert_eq!(app.charts, before, "an unknown name changes nothing");
    }

    #[test]
    fn a_folder_that_takes_nothing_is_said() {
        let why = Settings::default().keep(PathBuf::from("/proc/nothing/screen.toml")).unwrap_err();
        assert!(why.starts_with("screen.toml is not written: "), "{why}");
    }
}
