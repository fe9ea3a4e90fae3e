//! One process: what it produced, and how its page shows it.

use margintop::reading::{
    CounterSeries, EngineKind, EngineReading, InstanceId, ModelName, PromptCount, Rank, SeriesValue, TokenCounters,
};
use margintop::units::{Moment, Timestamp, Tokens};

use super::dice::Dice;

/// Prompt, cached and output tokens.
pub type Tally = [u64; 3];

pub fn plus(a: Tally, b: Tally) -> Tally {
    std::array::from_fn(|i| a[i] + b[i])
}

pub fn minus(a: Tally, b: Tally) -> Tally {
    std::array::from_fn(|i| a[i] - b[i])
}

/// A counter that is a sum of two series, one of which may be evicted.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// Its number at its address; a process that restarts keeps it.
    pub name: u64,
    pub start: Timestamp,
    /// Its counters, by series: two of each.
    pub series: [Tally; 2],
    /// Whether the second series is off the page, and where it stood then.
    pub evicted: bool,
    /// Whether it is back, and no page showed it yet.
    pub returned: bool,
    /// How often the labels of its series changed, and what the last page showed of that.
    pub labels: u64,
    pub shown_labels: u64,
    /// Polls for which a worker's file is missing, and the part of the counters that is.
    pub dip: u8,
    /// Chances of a dip until the next one.
    pub rest: u8,
    /// When it was born, where that was in this world's time.
    pub born: Option<Moment>,
    /// What it had produced when it was first seen, or nothing where it was born while it was watched.
    pub baseline: Option<Tally>,
    /// What its last page showed.
    pub shown: Tally,
    /// What its last page that was no dip showed, by series.
    pub shown_series: [Tally; 2],
    /// The number of its pages.
    pub pages: u32,
    /// What the last checkpoint had of it.
    pub kept: Seen,
}

/// What pages showed of a process.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    baseline: Option<Tally>,
    shown: Tally,
    shown_series: [Tally; 2],
    evicted: bool,
    labels: u64,
}

impl Process {
    pub fn total(&self) -> Tally {
        plus(self.series[0], self.series[1])
    }

    /// What its page shows while a worker's file is missing.
    pub fn dipped(&self) -> Tally {
        let last = if self.evicted { 1 } else { 2 };
        std::array::from_fn(|i| self.series[..last].iter().map(|series| series[i] / 3).sum())
    }

    /// A checkpoint is taken.
    pub fn keep(&mut self) {
        self.kept = Seen {
            baseline: self.baseline,
            shown: self.shown,
            shown_series: self.shown_series,
            evicted: self.evicted || self.returned,
            labels: self.shown_labels,
        };
    }

    /// margintop is killed: what pages showed since the last checkpoint was not seen.
    pub fn forget(&mut self) {
        (self.baseline, self.shown, self.shown_series) = (self.kept.baseline, self.kept.shown, self.kept.shown_series);
        self.shown_labels = self.kept.labels;
        // A series that comes after a first page without it counts from zero: here it was seen before that page.
        if self.baseline.is_none() || self.is_relabelled() {
            (self.evicted, self.dip) = (false, 0);
        }
        self.returned = !self.evicted && (self.returned || self.kept.evicted);
    }

    /// Its page was taken in.
    pub fn show(&mut self) {
        (self.pages, self.shown_labels) = (self.pages + 1, self.labels);
        for place in 0..self.series.len() {
            if place == 0 || !self.evicted || self.baseline.is_none() {
                self.shown_series[place] = self.series[place];
            }
        }
        (self.shown, self.returned) = (plus(self.shown_series[0], self.shown_series[1]), false);
    }

    /// Produces more at once than any hardware does.
    pub fn burst(&mut self, dice: &mut Dice) {
        let prompt = 200_000_000 + dice.below(100_000_000);
        let grown = [prompt, dice.below(prompt / 8), 40_000_000 + dice.below(40_000_000)];
        self.series[0] = plus(self.series[0], grown);
    }

    /// Whether its labels changed since the last page. Then a series that is lower or missing is not distinguishable from a new one.
    pub fn is_relabelled(&self) -> bool {
        self.labels != self.shown_labels
    }

    /// Whether a dip hides one series of a counter while the other one shows growth.
    pub fn dips_partly(&self) -> bool {
        let of = |place: usize, i: usize| (self.series[place][i] / 3, self.shown_series[place][i]);
        let hides = |(now, shown): (u64, u64)| now < shown;
        (0..3).any(|i| hides(of(0, i)) != hides(of(1, i)))
    }

    /// Produces tokens; hits are a part of the prompts.
    pub fn work(&mut self, dice: &mut Dice, most: u64) {
        let prompt = dice.below(most + 1);
        let cached = dice.below(prompt / 2 + 1);
        let grown = [prompt, cached, dice.below(most / 4 + 1)];
        let to = if self.evicted { 0 } else { dice.below(2) as usize };
        self.series[to] = plus(self.series[to], grown);
    }

    /// The counters as its page shows them, as a row.
    pub fn reading(&self, rank: Option<&str>, instance: Option<&str>, dipped: bool) -> EngineReading {
        let mut reading =
            EngineReading::new(EngineKind::named("vllm"), Some(ModelName::new("deepseek-r1")), rank.map(Rank::new));
        reading.instance = instance.map(InstanceId::new);
        let part = |value: u64| if dipped { value / 3 } else { value };
        let on_page: Vec<usize> = if self.evicted { vec![0] } else { vec![0, 1] };
        let sum = |i: usize| Tokens::new(on_page.iter().map(|place| part(self.series[*place][i])).sum());
        reading.tokens =
            TokenCounters { prompt: PromptCount::Whole(sum(0)), cached: Some(sum(1)), output: Some(sum(2)) };
        let list = |i: usize| {
            let value = |place: &usize| SeriesValue {
                series: *place as u64 + 7 + 10 * self.labels,
                value: Tokens::new(part(self.series[*place][i])),
            };
            on_page.iter().map(value).collect()
        };
        reading.series = CounterSeries { prompt: list(0), cached: list(1), output: list(2) };
        reading
    }
}
