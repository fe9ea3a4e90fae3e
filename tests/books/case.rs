//! A fleet, its configurations and its runs, as a seed makes them. Instants are milliseconds since 1970.

use super::dice::Dice;
use super::terms::Config;

pub const HOUR: i64 = 3_600_000;
/// Monday, 10 March 2025; the built-in list of R1 has its windows then.
const FIRST_DAY: i64 = 1_741_564_800_000;
/// When clocks are set in Berlin: 30 March 2025, one o'clock UTC.
pub const SUMMER_TIME: i64 = 1_743_296_400_000;
const MODELS: [&str; 4] = ["house-1", "house-2", "deepseek-r1", "nobody-knows"];
const TENANTS: [Option<&str>; 3] = [None, Some("gold"), Some("free")];

/// A node and the engines on it.
#[derive(Debug)]
pub struct Node {
    pub name: &'static str,
    pub unit: Option<&'static str>,
    pub gpus: u32,
    pub gpu: &'static str,
    pub engines: Vec<Engine>,
}

/// An engine: one model for one tenant.
#[derive(Debug)]
pub struct Engine {
    pub url: String,
    pub model: &'static str,
    pub tenant: Option<&'static str>,
}

/// What each engine made since the poll before: prompt, cached, output.
pub type Work = Vec<[u64; 3]>;

/// One watch: polls at instants, each with the work of every engine since the poll before.
#[derive(Debug)]
pub struct Run {
    pub config: Config,
    pub polls: Vec<(i64, Work)>,
    /// The run ends by a kill, and nothing after the poll of this number was written.
    pub killed: Option<usize>,
}

/// A fleet and its runs.
#[derive(Debug)]
pub struct Case {
    pub nodes: Vec<Node>,
    pub step: i64,
    pub runs: Vec<Run>,
    /// Finished requests alone are billed: what is made between two polls finishes at the next one, half of all prompts are
    /// hits.
    pub is_finished: bool,
}

impl Case {
    pub fn of(seed: u64) -> Self {
        let dice = &mut Dice::of(seed);
        let nodes = nodes(dice);
        let step = 1000 * dice.of_these(&[15, 20, 30, 60, 61]);
        let mut now = FIRST_DAY + dice.below(14 * 24) * HOUR + 1000 * dice.below(3600);
        if dice.one_in(3) {
            // Shortly before midnight, or before the window of the built-in list begins.
            now = FIRST_DAY + dice.below(14) * 24 * HOUR + dice.of_these(&[23, 16, 0]) * HOUR + 1000 * dice.below(1800);
        }
        if dice.one_in(8) {
            now = SUMMER_TIME - 1000 * dice.below(3600);
        }
        let began = now;
        let mut config = Config::random(dice, &nodes, began);
        let mut runs = Vec::new();
        for nth in 0..dice.between(1, 4) {
            if nth > 0 {
                now += 1000 * dice.of_these(&[5, 7, 60, 333, 3600, 7211]);
                if !dice.one_in(4) {
                    config = config.changed(dice, &nodes, began);
                }
            }
            let count = dice.between(2, 14);
            let polls: Vec<_> = (0..count).map(|nth| (now + nth * step, work(dice, &nodes))).collect();
            now = polls.last().unwrap().0;
            let killed = dice.one_in(4).then(|| usize::try_from(dice.below(count)).unwrap());
            runs.push(Run { config: config.clone(), polls, killed });
        }
        // The last run ends in order: what a kill takes is there again only after the next one.
        runs.last_mut().unwrap().killed = None;
        let is_finished = Dice::of(seed ^ 0x0f17_15ed).one_in(4);
        if is_finished {
            for run in &mut runs {
                run.config.is_finished = true;
                for [prompt, cached, _] in run.polls.iter_mut().flat_map(|(_, work)| work) {
                    *cached = *prompt / 2;
                    *prompt = *cached * 2;
                }
            }
        }
        Self { nodes, step, runs, is_finished }
    }

    /// What each engine had counted before the first poll.
    pub fn before(&self) -> [u64; 3] {
        [3_000_000, if self.is_finished { 1_500_000 } else { 1_000_000 }, 500_000]
    }

    pub fn engines(&self) -> impl Iterator<Item = (&Node, &Engine)> {
        self.nodes.iter().flat_map(|node| node.engines.iter().map(move |engine| (node, engine)))
    }
}

fn nodes(dice: &mut Dice) -> Vec<Node> {
    let all = [
        ("n1", Some("a"), dice.between(1, 8), "NVIDIA H800"),
        ("n2", dice.of_these(&[Some("a"), Some("b")]), dice.between(1, 4), "NVIDIA H800"),
        ("n3", None, dice.between(1, 4), "NVIDIA H20"),
        ("n4", None, 0, ""),
    ];
    let mut nodes = Vec::new();
    for (name, unit, gpus, gpu) in all {
        if name != "n1" && dice.one_in(3) {
            continue;
        }
        let engines = (0..dice.of_these(&[1, 1, 2, 3, 0]))
            .map(|nth| Engine {
                url: format!("http://{name}:800{nth}"),
                model: dice.of_these(&MODELS),
                tenant: dice.of_these(&TENANTS),
            })
            .collect();
        nodes.push(Node { name, unit, gpus: gpus.try_into().unwrap(), gpu, engines });
    }
    nodes
}

/// Work of one interval; an engine rests now and then.
fn work(dice: &mut Dice, nodes: &[Node]) -> Work {
    let engines = nodes.iter().map(|node| node.engines.len()).sum();
    (0..engines)
        .map(|_| {
            if dice.one_in(3) {
                return [0; 3];
            }
            let prompt = dice.between(1, 200_000);
            let counts = [prompt, dice.between(0, prompt), dice.between(0, 90_000)];
            counts.map(|count| u64::try_from(count).unwrap())
        })
        .collect()
}
