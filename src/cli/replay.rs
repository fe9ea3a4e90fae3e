//! `margintop replay FILE`: a recording, played at the speed it was made or faster.
//!
//! Only the pauses read a clock: the figures are those of the recording, the same each time.

use std::path::Path;

use tokio::runtime::Runtime;

use super::global::Global;
use super::replay_args::ReplayArgs;
use super::sources::{SourcePlan, settings};
use super::when::local_second;
use super::{Failure, ledger, print, screen, scripted, tell};
use crate::reading::Label;
use crate::record::{RecordingReader, Replay};
use crate::session::Playback;
use crate::tui;
use crate::units::{Span, Timestamp};

/// Plays a recording to its end or to `--at` and prints it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &ReplayArgs) -> Result<(), Failure> {
    let reader = RecordingReader::open(&args.file)?;
    let plan = SourcePlan::bare(settings(global)?, reader.header().local.clone());
    let at = args.at.map(|at| at.resolve(&plan.settings.zone, reader.header().began.wall));
    let path = args.ledger(ledger::choice(global, &plan.settings))?;
    let runtime = Runtime::new()?;
    if args.once.any() {
        let mut replay = Playback::of_recording(reader, plan.playback(path, None));
        ledger::kept(&replay.basis)?;
        let last = runtime.block_on(replay.turn(at))?;
        warn_outside(at, &replay, &args.file, &runtime, &plan);
        tell_missing(&replay.scripted.close());
        return print::snapshot(&last, args.once.form(false), &plan.settings.zone);
    }
    let title = Some(Label::new(&format!("replay of {}", args.file.display())));
    let options = tui::Options { title, ..screen::options(&plan, path.as_deref())? };
    let history = Some(options.history.clone());
    let mut replay = Playback::of_recording(reader, plan.playback(path, history.clone()));
    ledger::kept(&replay.basis)?;
    if at.is_some() {
        runtime.block_on(replay.turn(at))?;
        warn_outside(at, &replay, &args.file, &runtime, &plan);
    }
    let (file, repeats, next) = (args.file.clone(), args.again, plan.clone());
    let again = move || {
        let reader = RecordingReader::open(&file).ok().filter(|_| repeats)?;
        Some(Playback::of_recording(reader, next.playback(None, history.clone())))
    };
    let (shown, replay) = scripted::show(options, replay, &plan, args.speed, &runtime, again)?;
    replay.iter().for_each(tell_missing);
    shown.exit()
}

/// Warns of a time outside of the recording, which `replay` was played to. A time is often written to the minute.
fn warn_outside(at: Option<Timestamp>, replay: &Playback<Replay>, file: &Path, runtime: &Runtime, plan: &SourcePlan) {
    let (Some(at), Ok(reader)) = (at, RecordingReader::open(file)) else { return };
    let began = reader.header().began.wall;
    let is_early = at < began.minute();
    let ended = if is_early {
        // A recording does not hold its end: another one, in memory, is played to there.
        let mut whole = Playback::of_recording(reader, plan.playback(None, None));
        let _ = runtime.block_on(whole.turn(None));
        whole.scripted.ended()
    } else {
        replay.scripted.ended()
    };
    let Some(ended) = ended.filter(|ended| is_early || at > ended.minute() + Span::from_secs(60)) else { return };
    let [at, began, ended] = [at, began, ended].map(|at| local_second(at, &plan.settings.zone));
    let shown = if is_early { "beginning" } else { "end" };
    tell(&format!("--at {at} is outside of the recording, {began} to {ended}: its {shown} is shown"));
}

/// Reports a truncated recording.
fn tell_missing(replay: &Replay) {
    if replay.is_cut() {
        tell(&format!("the end of the recording is missing: its {} whole entries were replayed", replay.entries()));
    }
}
