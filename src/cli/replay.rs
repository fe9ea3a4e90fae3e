//! `margintop replay FILE`: a recording, played at the speed it was made or faster.
//!
//! Only the pauses read a clock: the figures are those of the recording, the same each time.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::currency::of_recording;
use super::global::Global;
use super::replay_args::ReplayArgs;
use super::sources::{SourcePlan, settings};
use super::when::local_second;
use super::{Failure, ledger, print, screen, scripted, to_stderr};
use crate::reading::Label;
use crate::record::{OutsideRecording, RecordingReader, Replay};
use crate::session::Playback;
use crate::snapshot::Snapshot;
use crate::tui;
use crate::units::Timestamp;

/// Plays a recording to its end or to `--at` and prints it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    let reader = RecordingReader::open(&args.file)?;
    let settings = of_recording(settings(global)?, reader.header());
    let path = args.ledger(ledger::choice(global, &settings), reader.header())?;
    let plan = SourcePlan::bare(settings, reader.header().local.clone());
    let at = args.at.map(|at| at.resolve(&plan.settings.zone, reader.header().began.wall));
    let runtime = Runtime::new()?;
    if args.once.any() {
        args.without_effect().iter().for_each(|warning| to_stderr(warning));
        let mut replay = Playback::of_recording(reader, plan.playback(path, None));
        let last = turn(&mut replay, at, &plan, &runtime)?;
        warn_if_cut(&replay.scripted.close());
        return print::snapshot(&last, args.once.form(false), &plan.settings.zone);
    }
    let title = Some(Label::new(&format!("replay of {}", args.file.display())));
    let options = tui::Options { title, ..screen::options(&plan, path.as_deref())? };
    let history = Some(options.history.clone());
    let mut replay = Playback::of_recording(reader, plan.playback(path, history.clone()));
    if at.is_some() {
        turn(&mut replay, at, &plan, &runtime)?;
    }
    ledger::kept(&replay.basis)?;
    let (file, repeats, next) = (args.file.clone(), args.again, plan.clone());
    let again = move || {
        let reader = RecordingReader::open(&file).ok().filter(|_| repeats)?;
        Some(Playback::of_recording(reader, next.playback(None, history.clone())))
    };
    let (shown, replay) = scripted::show(options, replay, &plan, args.speed.unwrap_or(1.0), &runtime, again)?;
    replay.iter().for_each(warn_if_cut);
    shown.exit()
}

/// Plays to an instant, or to the end, without pauses. Warns of an instant outside of the recording.
fn turn(
    replay: &mut Playback<Replay>,
    at: Option<Timestamp>,
    plan: &SourcePlan,
    runtime: &Runtime,
) -> Result<Arc<Snapshot>, Failure> {
    ledger::kept(&replay.basis)?;
    let last = runtime.block_on(replay.turn(at))?;
    let outside = at.and_then(|at| Some((at, replay.scripted.source().outside(at)?)));
    if let Some((at, OutsideRecording { began, ended, is_early })) = outside {
        let [at, began, ended] = [at, began, ended].map(|at| local_second(at, &plan.settings.zone));
        let shown = if is_early { "beginning" } else { "end" };
        to_stderr(&format!("--at {at} is outside of the recording, {began} to {ended}: its {shown} is shown"));
    }
    Ok(last)
}

/// Reports a truncated recording.
fn warn_if_cut(replay: &Replay) {
    if replay.is_cut() {
        to_stderr(&format!(
            "the end of the recording is missing: its {} whole entries were replayed",
            replay.entries()
        ));
    }
}
