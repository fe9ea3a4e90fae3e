//! How often sources are polled, in steps.

use super::{App, Effect};
use crate::units::Span;

/// The steps in milliseconds.
const STEPS: [i64; 7] = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000];

impl App {
    /// The next longer or shorter interval; what lies between two steps goes to the next one.
    pub(super) fn step_interval(&mut self, longer: bool) -> Effect {
        let now = self.interval.millis();
        let to = if longer {
            STEPS.into_iter().find(|step| *step > now)
        } else {
            STEPS.into_iter().rev().find(|step| *step < now)
        };
        if let Some(to) = to {
            return self.set_interval(Span::from_millis(to));
        }
        self.complain(format!("polled every {}: no more steps", words(self.interval)));
        Effect::Redraw
    }

    /// Polls so often, if that can be changed here.
    pub(super) fn set_interval(&mut self, interval: Span) -> Effect {
        if !self.has_interval {
            self.complain("the interval cannot be changed here");
            return Effect::Redraw;
        }
        self.interval = interval;
        self.say(format!("polled every {}", words(interval)));
        Effect::Interval(interval)
    }
}

/// `250 ms`, `2 s`.
pub(in crate::tui) fn words(interval: Span) -> String {
    match interval.millis() {
        millis if millis % 1_000 == 0 => format!("{} s", millis / 1_000),
        millis => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::super::{Action, Command, Direction};
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;

    fn app(millis: i64) -> Result<App, Box<dyn std::error::Error>> {
        let fleet = Fleet::new(FleetConfig::local("here"), Book::built_in()?, Clock::System.now());
        let mut app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_millis(millis), 1);
        app.has_interval = true;
        Ok(app)
    }

    #[test]
    fn it_goes_by_steps_to_its_ends() -> Result<(), Box<dyn std::error::Error>> {
        let mut app = app(700)?;
        let mut steps = Vec::new();
        for turn in
            [Direction::Next, Direction::Next, Direction::Next, Direction::Next, Direction::Next, Direction::Next]
        {
            steps.push(app.update(Action::Command(Command::Interval(turn))));
        }
        let to = |seconds| Effect::Interval(Span::from_secs(seconds));
        assert_eq!(steps, [to(1), to(2), to(5), to(10), to(30), Effect::Redraw]);
        assert_eq!(app.said().map(|said| said.is_failure), Some(true));
        for _ in 0..9 {
            app.update(Action::Command(Command::Interval(Direction::Previous)));
        }
        assert_eq!(app.interval, Span::from_millis(250));
        Ok(())
    }

    #[test]
    fn where_it_is_not_ours_it_stays() -> Result<(), Box<dyn std::error::Error>> {
        let mut app = app(1_000)?;
        app.has_interval = false;
        assert_eq!(app.update(Action::Command(Command::Interval(Direction::Next))), Effect::Redraw);
        assert_eq!(app.interval, Span::from_secs(1));
        assert_eq!(app.said().map(|said| said.text.as_str()), Some("the interval cannot be changed here"));
        Ok(())
    }
}
