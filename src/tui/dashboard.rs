//! The loop: drain what woke it, then draw, at most thirty times a second; asleep when nothing happens.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::{Action, App, Effect, WatchedFleet};
use super::errands::Errands;
use super::governor::Governor;
use super::instead::Instead;
use super::loop_events::LoopEvent;
use super::query_client::QueryClient;
use super::real_speed::RealSpeed;
use super::still::still;
use super::terminal::{Input, Tty};
use super::theme::Theme;
use super::view::Hits;
use super::widgets::toast;
use super::{draw, keys};
use crate::platform::stop_self;
use crate::units::Span;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// What may be saved up: four frames.
const BURST: Duration = Duration::from_millis(4 * 33);
/// The least time without a snapshot after which the screen says so.
const QUIET: Duration = Duration::from_secs(3);

/// Why the dashboard ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The user asked for it.
    Quit,
    /// The user asked for something else.
    Instead(Instead),
    /// A signal of this number asked for it.
    Signal(i32),
    /// The terminal is gone.
    Closed,
}

/// An app on a terminal.
pub(super) struct Dashboard<B: Backend> {
    pub(super) terminal: Terminal<B>,
    pub(super) app: App,
    pub(super) themes: Vec<Theme>,
    pub(super) past: QueryClient,
    pub(super) errands: Errands,
    /// Whether the terminal was given back, for as long as the program is stopped.
    pub(super) is_away: bool,
    /// Bytes that were written to the terminal.
    pub(super) written: Arc<AtomicU64>,
}

impl<B: Backend<Error = io::Error>> Dashboard<B> {
    /// Runs until it is asked to end. What it waits for is `wakes`; how it gives the terminal away is `tty`.
    pub(super) fn drive(&mut self, wakes: &Receiver<LoopEvent>, tty: &Tty) -> io::Result<Exit> {
        let mut pace = DrawPace::new(self.app.interval);
        let (mut said, mut speed) = (SaidUntil::default(), RealSpeed::default());
        let (mut governor, began) = (Governor::default(), Instant::now());
        let mut dirty = true;
        loop {
            said.follow(&self.app);
            pace.expect(self.app.interval);
            // Between the stop and its end the terminal is another's.
            let is_due = dirty && !self.is_away;
            if is_due && pace.may_draw() {
                if let Err(error) = self.draw() {
                    return closed(error);
                }
                dirty = false;
                if let Some(spares) = governor.note(began.elapsed(), self.written.load(Ordering::Relaxed)) {
                    self.app.update(Action::Spare(spares));
                }
            }
            let first = match wakes.recv_timeout(said.wait(pace.wait(is_due && dirty))) {
                Ok(wake) => wake,
                Err(RecvTimeoutError::Disconnected) => return Ok(Exit::Closed),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(number) = said.is_over() {
                        dirty |= self.app.update(Action::Unsaid(number)) == Effect::Redraw;
                        continue;
                    }
                    if let Some(quiet) = pace.quiet(dirty) {
                        dirty |= self.app.update(Action::Quiet(quiet)) == Effect::Redraw;
                    }
                    continue;
                }
            };
            for wake in std::iter::once(first).chain(wakes.try_iter()) {
                if let LoopEvent::Fresh(snapshot) = &wake {
                    pace.news();
                    if matches!(self.app.fleet, WatchedFleet::PublishedDay { .. }) {
                        self.app.real_speed = speed.note(Instant::now(), snapshot.at);
                    }
                }
                match self.take(wake, tty) {
                    Ok(NextStep::Nothing) => {}
                    Ok(NextStep::Draw) => dirty = true,
                    Ok(NextStep::End(exit)) => return Ok(exit),
                    Err(error) => return closed(error),
                }
            }
            dirty |= self.past.go_on(&mut self.app);
        }
    }

    fn theme(&self) -> &Theme {
        &self.themes[self.app.theme.min(self.themes.len() - 1)]
    }

    fn draw(&mut self) -> io::Result<()> {
        let theme = &self.themes[self.app.theme.min(self.themes.len() - 1)];
        let app = &self.app;
        let mut hits = Hits::default();
        self.terminal.draw(|frame| hits = draw(frame, app, app.shown(), theme))?;
        self.app.update(Action::Drawn(hits));
        Ok(())
    }

    /// The frame as it is drawn next.
    fn still(&self) -> io::Result<Buffer> {
        Ok(still(&self.app, self.theme(), Rect::from((Position::ORIGIN, self.terminal.size()?))))
    }

    fn take(&mut self, wake: LoopEvent, tty: &Tty) -> io::Result<NextStep> {
        let action = match wake {
            LoopEvent::Input(Input::Key(key)) => keys::action(&self.app, key),
            LoopEvent::Input(Input::Wheel { down }) => Some(Action::Wheel { down }),
            LoopEvent::Input(Input::Hover(x, y)) => Some(Action::Hover(x, y)),
            LoopEvent::Input(Input::Click(x, y)) => Some(Action::Click(x, y)),
            LoopEvent::Fresh(snapshot) => Some(Action::Fresh(snapshot)),
            LoopEvent::QueryResult => None,
            LoopEvent::Done(action) => Some(action),
            LoopEvent::Resized => Some(Action::Resize),
            LoopEvent::Stop(signal) => return Ok(NextStep::End(Exit::Signal(signal))),
            LoopEvent::Closed => return Ok(NextStep::End(Exit::Closed)),
            LoopEvent::Suspend => return self.suspend(tty),
            LoopEvent::Resumed => {
                tty.enter()?;
                self.is_away = false;
                self.terminal.clear()?;
                return Ok(NextStep::Draw);
            }
        };
        let Some(action) = action else { return Ok(NextStep::Nothing) };
        let effect = self.app.update(action);
        self.carry_out(effect, tty)
    }

    fn carry_out(&mut self, effect: Effect, tty: &Tty) -> io::Result<NextStep> {
        let said = match effect {
            Effect::None => return Ok(NextStep::Nothing),
            Effect::Redraw => return Ok(NextStep::Draw),
            Effect::Quit => return Ok(NextStep::End(Exit::Quit)),
            Effect::Leave => return Ok(NextStep::End(self.app.take_instead().map_or(Exit::Quit, Exit::Instead))),
            Effect::Suspend => return self.suspend(tty),
            Effect::Copy(area) => Some(self.errands.copy(&self.still()?, area, tty)?),
            Effect::Interval(interval) => {
                if let Some(set) = &self.errands.set_interval {
                    set.set(interval);
                }
                return Ok(NextStep::Draw);
            }
            Effect::CopyText(text, what) => Some(self.errands.copy_text(&text, what, tty)?),
            Effect::Export(table) => self.errands.export(table, &self.app.zone),
            Effect::Picture => self.errands.picture(self.still()?, self.theme(), &self.app.zone),
        };
        let Some(said) = said else { return Ok(NextStep::Nothing) };
        self.app.update(said);
        Ok(NextStep::Draw)
    }

    /// Gives the terminal back and stops; `SIGCONT` wakes the loop with [`LoopEvent::Resumed`].
    fn suspend(&mut self, tty: &Tty) -> io::Result<NextStep> {
        tty.leave();
        self.is_away = true;
        stop_self()?;
        Ok(NextStep::Nothing)
    }
}

enum NextStep {
    Nothing,
    Draw,
    End(Exit),
}

/// A terminal that is gone ends the dashboard; anything else is an error.
fn closed(error: io::Error) -> io::Result<Exit> {
    const EIO: i32 = 5;
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => Ok(Exit::Closed),
        _ if error.raw_os_error() == Some(EIO) => Ok(Exit::Closed),
        _ => Err(error),
    }
}

/// Until when what was said last is shown.
#[derive(Debug, Default)]
struct SaidUntil(Option<(u64, Instant)>);

impl SaidUntil {
    fn follow(&mut self, app: &App) {
        let number = app.said().map(|said| said.number);
        if number != self.0.map(|(number, _)| number) {
            let shown = Duration::from_millis(toast::SHOWN.millis().unsigned_abs());
            self.0 = number.map(|number| (number, Instant::now() + shown));
        }
    }

    fn wait(&self, other: Duration) -> Duration {
        self.0.map_or(other, |(_, until)| other.min(until.saturating_duration_since(Instant::now())))
    }

    fn is_over(&self) -> Option<u64> {
        self.0.filter(|(_, until)| Instant::now() >= *until).map(|(number, _)| number)
    }
}

/// When to draw and when to worry.
struct DrawPace {
    next_frame: Instant,
    last_news: Instant,
    quiet_after: Duration,
}

impl DrawPace {
    fn new(interval: Span) -> Self {
        let now = Instant::now();
        let next_frame = now.checked_sub(BURST).unwrap_or(now);
        let mut pace = Self { next_frame, last_news: now, quiet_after: QUIET };
        pace.expect(interval);
        pace
    }

    /// Pictures come so often.
    fn expect(&mut self, interval: Span) {
        let three = Duration::from_millis(interval.millis().max(0).unsigned_abs() * 3);
        self.quiet_after = three.max(QUIET);
    }

    fn news(&mut self) {
        self.last_news = Instant::now();
    }

    /// Whether a frame is due. Time in which none was drawn is saved up for a burst, so that what answers first, and the
    /// first keys after a rest, are seen at once; over time there are no more frames than one a [`FRAME`].
    fn may_draw(&mut self) -> bool {
        let now = Instant::now();
        let due = now >= self.next_frame;
        if due {
            let saved = now.checked_sub(BURST).map_or(self.next_frame, |earliest| self.next_frame.max(earliest));
            self.next_frame = saved + FRAME;
        }
        due
    }

    /// How long to sleep: to the next frame if one waits, else until silence would be worth a word.
    fn wait(&self, dirty: bool) -> Duration {
        let now = Instant::now();
        if dirty {
            return self.next_frame.saturating_duration_since(now);
        }
        let silent = now.saturating_duration_since(self.last_news);
        // Once silent, the figure of how long moves once a second.
        self.quiet_after.checked_sub(silent).filter(|left| !left.is_zero()).unwrap_or(Duration::from_secs(1))
    }

    fn quiet(&self, dirty: bool) -> Option<Span> {
        let silent = self.last_news.elapsed();
        (!dirty && silent >= self.quiet_after).then(|| Span::from_secs(silent.as_secs().cast_signed()))
    }
}
