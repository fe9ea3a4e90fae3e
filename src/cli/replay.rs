//! `margintop replay FILE`: a recording, played at the speed it was made or faster.
//!
//! Only the pauses read a clock: the figures are those of the recording, the same each time.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::currency::of_recording;
use super::global::Global;
use super::replay_args::ReplayArgs;
use super::settings::settings;
use super::sources::SourcePlan;
use super::when::local_second;
use super::{Failure, ledger, print, screen, scripted, to_stderr};
use crate::reading::Label;
use crate::record::{OutsideRecording, RecordingReader, Replay};
use crate::session::{Playback, repeated, runtime};
use crate::snapshot::Snapshot;
use crate::tui;
use crate::units::Timestamp;

/// Plays a recording to its end or to `--at` and prints it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    let reader = RecordingReader::open(&args.file)?;
    let settings = of_recording(settings(global)?, reader.header());
    let path = args.ledger(ledger::flag_choice(global, &settings, "replay"), reader.header())?;
    let plan = SourcePlan::bare(settings, reader.header().local.clone());
    let at = args.instant(&plan.settings.zone)?;
    let runtime = runtime(2)?;
    if args.once.any() {
        args.without_effect().iter().for_each(|warning| to_stderr(warning));
        let mut replay = Playback::of_recording(reader, plan.playback(path, None));
        let last = play_to(&mut replay, at, &plan, &runtime)?;
        replay.scripted.close().missing_end().iter().for_each(|warning| to_stderr(warning));
        return print::snapshot(&last, args.once.form(false), &plan.settings.zone);
    }
    let title = Some(Label::new(&format!("replay of {}", args.file.display())));
    let once = format!("margintop replay {} --text", args.file.display());
    let options = tui::Options { title, ..screen::options(&plan, path.as_deref(), &once)? };
    let history = Some(options.history.clone());
    let again = repeated(args.again.then(|| args.file.clone()), plan.playback(None, history.clone()));
    let mut replay = Playback::of_recording(reader, plan.playback(path, history));
    if at.is_some() {
        play_to(&mut replay, at, &plan, &runtime)?;
    }
    ledger::kept(&replay.basis)?;
    let (shown, replay) = scripted::show(options, replay, &plan, args.speed.unwrap_or(1.0), &runtime, again)?;
    replay.iter().filter_map(Replay::missing_end).for_each(|warning| to_stderr(&warning));
    shown.exit()
}

/// Plays to an instant, or to the end, without pauses. Warns of an instant outside of the recording.
fn play_to(
    replay: &mut Playback<Replay>,
    at: Option<Timestamp>,
    plan: &SourcePlan,
    runtime: &Runtime,
) -> Result<Arc<Snapshot>, Failure> {
    ledger::kept(&replay.basis)?;
    let (last, outside) = runtime.block_on(replay.play_to(at))?;
    if let Some(OutsideRecording { at, began, ended, is_early }) = outside {
        let [at, began, ended] = [at, began, ended].map(|at| local_second(at, &plan.settings.zone));
        let shown = if is_early { "beginning" } else { "end" };
        to_stderr(&format!("--at {at} is outside of the recording, {began} to {ended}: its {shown} is shown"));
    }
    Ok(last)
}
