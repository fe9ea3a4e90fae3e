//! The work of an engine: a daily load curve with bursts, and each rank's part of it.

use super::fault::chance;
use super::latency::RequestsBySpeed;
use super::served::ServedRequests;
use super::wave::Wave;

const DAY: f64 = 86_400.0;
/// The time of the highest load, in seconds after midnight UTC.
const PEAK: f64 = 13.0 * 3600.0;
/// Mean output tokens of a request.
const ANSWER: f64 = 800.0;
/// The mean share of slow requests.
const SLOW: f64 = 0.05;
/// Seconds that a quick and a slow request are in the batch: for the prompt, and for the output.
const PROMPTING: [f64; 2] = [0.42, 4.2];
const ANSWERING: [f64; 2] = [45.0, 125.0];
/// The maximum of [`shape`].
const CREST: f64 = 1.52;

/// The work of an engine per second, averaged over time and summed over its ranks.
#[derive(Debug, Clone, Copy)]
pub(super) struct EngineWork {
    /// Prompt tokens.
    pub(super) prompt: f64,
    /// The share of prompt tokens that a cache has.
    pub(super) hits: f64,
    /// Output tokens.
    pub(super) output: f64,
    /// The part of a request that it processes.
    pub(super) part: DayPart,
    /// Whether speculative decoding is on.
    pub(super) drafting: bool,
}

/// The part of a request that an engine processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayPart {
    /// The whole request.
    Whole,
    /// The prompt, and the first token.
    Prompt,
    /// The output; another node computes the prompt.
    Answer,
}

/// An engine's work over time.
#[derive(Debug)]
pub(super) struct Traffic {
    part: DayPart,
    drafting: bool,
    load: Wave,
    computed: Wave,
    hit: Wave,
    requests: (Wave, Wave),
    /// Requests in a rank's batch at full load: their rate multiplied by their duration.
    batch: f64,
    /// Each rank's share.
    shares: Vec<f64>,
}

/// A load around 1 with daily, half-hourly and short waves. `midnight` is when the first day began, in seconds; `haste`
/// speeds it up without changing the loads.
pub(super) fn shape(seed: u64, midnight: f64, haste: f64) -> Wave {
    let phase = |n: u64, period: u64| chance(&[seed, n], period) as f64 / haste;
    Wave::steady(1.0)
        .with(0.32, DAY / haste, midnight + PEAK / haste)
        .with(0.10, 1800.0 / haste, phase(1, 1800))
        .with(0.06, 97.0 / haste, phase(2, 97))
        .with(0.04, 23.0 / haste, phase(3, 23))
}

impl Traffic {
    /// `work` with the load curve `shape`, over `ranks` ranks; with `hot` the first rank has almost twice its share. The
    /// gauges of engines with different `place` vary differently; their counters do not.
    pub(super) fn new(shape: &Wave, work: EngineWork, ranks: u32, place: u32, hot: bool) -> Self {
        let prompt = shape.scaled(work.prompt);
        // Hits vary independently: computed tokens vary inversely.
        let swing = Wave::steady(0.0).with(0.015 * work.prompt, 610.0, 0.0);
        let hit = prompt.scaled(work.hits).plus(&swing);
        let computed = prompt.scaled(1.0 - work.hits).plus(&swing.scaled(-1.0));
        let rate = work.output / ANSWER;
        let stalls = Wave::steady(0.0).with(0.4 * SLOW * rate, 411.0, 100.0);
        let slow = shape.scaled(SLOW * rate).plus(&stalls);
        let quick = shape.scaled((1.0 - SLOW) * rate).plus(&stalls.scaled(-1.0));
        let [quick_stay, slow_stay] = if work.part == DayPart::Prompt { PROMPTING } else { ANSWERING };
        let stay = (1.0 - SLOW) * quick_stay + SLOW * slow_stay;
        let batch = CREST * rate * stay / f64::from(ranks);
        let weight = |rank| if hot && rank == 0 { 1.8 } else { 1.0 - f64::from(rank) * 0.02 };
        let total: f64 = (0..ranks).map(weight).sum();
        let shares = (0..ranks).map(|rank| weight(rank) / total).collect();
        let breath = 41.0 + f64::from(place % 29);
        let load = shape.plus(&Wave::steady(0.0).with(0.07, breath, f64::from(place)));
        Self { part: work.part, drafting: work.drafting, load, computed, hit, requests: (quick, slow), batch, shares }
    }

    /// The load of the engine at `time`, from 0 to 1.
    pub(super) fn load(&self, time: f64) -> f64 {
        (self.load.at(time) / CREST).clamp(0.02, 1.0)
    }

    /// The counters of each rank between two times, and its gauges. `hot` is overloaded now.
    pub(super) fn served(&self, from: f64, until: f64, hot: Option<u32>) -> Vec<ServedRequests> {
        let done = |wave: &Wave| wave.between(from, until);
        let (computed, hit) = (done(&self.computed), done(&self.hit));
        let (quick, slow) = (done(&self.requests.0), done(&self.requests.1));
        let load = self.load(until);
        let even = 1.0 / self.shares.len() as f64;
        let ranks = self.shares.iter().zip(0..);
        ranks
            .map(|(share, rank)| {
                let requests = RequestsBySpeed { quick: (quick * share) as u64, slow: (slow * share) as u64 };
                let tokens = |n: f64| (n * share * ANSWER) as u64;
                let output = match self.part {
                    DayPart::Prompt => requests,
                    _ => RequestsBySpeed { quick: tokens(quick), slow: tokens(slow) },
                };
                // All tokens but the first of each request, computed so that it never falls, as a difference of two
                // counters could.
                let pauses =
                    |tokens: u64| if self.part == DayPart::Prompt { 0 } else { tokens - tokens / ANSWER as u64 };
                let busy = if hot == Some(rank) { 1.25 } else { load * share / even };
                let counted = ServedRequests {
                    computed: (computed * share) as u64,
                    hit: (hit * share) as u64,
                    output,
                    gaps: RequestsBySpeed { quick: pauses(output.quick), slow: pauses(output.slow) },
                    requests,
                    preemptions: requests.slow / 40,
                    drafting: self.drafting,
                    ..at_work(busy, self.batch)
                };
                if self.part == DayPart::Answer { taken_over(counted) } else { counted }
            })
            .collect()
    }
}

/// The gauges of a rank at a load, with a batch of this size at full load. Well above 1, the rank is overloaded and its
/// cache is full.
pub(super) fn at_work(busy: f64, batch: f64) -> ServedRequests {
    ServedRequests {
        running: (busy.min(1.1) * batch) as u64,
        waiting: ((busy - 0.85).max(0.0) * 160.0) as u64,
        kv: (0.07 + 0.8 * busy).min(0.985),
        ..ServedRequests::default()
    }
}

/// On a decode node, the prompt comes from a prefill node, except for about one token per request.
pub(super) fn taken_over(served: ServedRequests) -> ServedRequests {
    let prompt = served.computed + served.hit;
    let computed = prompt / 4096;
    ServedRequests { computed, hit: 0, transferred: prompt - computed, ..served }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: EngineWork =
        EngineWork { prompt: 60_000.0, hits: 0.56, output: 9_000.0, part: DayPart::Whole, drafting: false };

    #[test]
    fn the_shape_never_stops_and_never_exceeds_its_crest() {
        let shape = shape(3, 0.0, 1.0);
        for second in 0..86_400 {
            let load = shape.at(f64::from(second));
            assert!((0.4..=CREST).contains(&load), "{load}");
        }
    }

    #[test]
    fn no_counter_falls_and_hits_stay_within_the_prompt() {
        let traffic = Traffic::new(&shape(3, 0.0, 20.0), WORK, 4, 0, true);
        let mut last = vec![ServedRequests::default(); 4];
        for step in 0..20_000 {
            let now = traffic.served(-3600.0, f64::from(step) * 0.05, None);
            for (before, after) in last.iter().zip(&now) {
                assert!(after.computed >= before.computed && after.hit >= before.hit);
                assert!(after.output() >= before.output() && after.gaps.quick >= before.gaps.quick);
                assert!(after.requests.quick >= before.requests.quick && after.requests.slow >= before.requests.slow);
                assert!(after.hit <= after.prompt() && (0.0..1.0).contains(&after.kv));
            }
            last = now;
        }
        let hits: u64 = last.iter().map(|s| s.hit).sum();
        let prompt: u64 = last.iter().map(ServedRequests::prompt).sum();
        assert!((hits as f64 / prompt as f64 - 0.56).abs() < 0.03, "{hits} of {prompt}");
    }

    #[test]
    fn a_usual_day_fills_no_cache_and_a_rank_with_too_much_to_do_fills_its_own() {
        for seed in 0..20 {
            let traffic = Traffic::new(&shape(seed, 0.0, 1.0), WORK, 4, seed as u32, false);
            let fullest = |time: f64, hot| traffic.served(-60.0, time, hot).iter().map(|s| s.kv).fold(0.0, f64::max);
            let usual = (0..86_400).step_by(11).map(|second| fullest(f64::from(second), None)).fold(0.0, f64::max);
            assert!(usual < 0.93, "{usual}");
            assert!(fullest(40_000.0, Some(2)) > 0.95);
        }
    }

    #[test]
    fn a_decode_node_takes_its_prompts_over() {
        let served = taken_over(ServedRequests { computed: 600, hit: 400, ..ServedRequests::default() });
        assert_eq!((served.prompt(), served.transferred, served.hit), (1000, 1000, 0));
    }
}
