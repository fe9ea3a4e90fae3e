//! The ledger against the truth: a scripted engine whose totals are known, and a watch that is killed at random instants.
//!
//! `MARGINTOP_KILLS` says how often; `tests/real/kills.sh` runs it a thousand times.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_wrap, clippy::print_stderr, missing_docs)]

#[path = "support/saved.rs"]
mod saved;
#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};
use server::{Reply, Server};

/// Token counts of one engine, or of all that it ever made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    prompt: i64,
    cached: i64,
    output: i64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            prompt: self.prompt + other.prompt,
            cached: self.cached + other.cached,
            output: self.output + other.output,
        }
    }

    fn minus(self, other: Self) -> Self {
        self.plus(Self { prompt: -other.prompt, cached: -other.cached, output: -other.output })
    }

    /// Whether a first page with these values may continue a process with the other ones under another program's start
    /// time: then less is posted, with a lower bound.
    fn is_just_above(self, other: Self) -> bool {
        let Self { prompt, cached, output } = self.minus(other);
        let total = other.prompt + other.cached + other.output;
        [prompt, cached, output].into_iter().all(|grown| grown >= 0) && 16 * (prompt + cached + output) <= total
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// How far apart the engine's start times are, in seconds. A start time that is less than two seconds later, of a process
/// whose counters are higher, may be that of a clock that was set: then less is posted, with a lower bound.
const APART: f64 = 2.2;

/// A process that makes tokens whenever it is polled, or told to.
struct Engine {
    dice: Dice,
    now: Counts,
    made: Counts,
    /// The last values of the two processes before.
    ended: [Counts; 2],
    started: f64,
    resting: bool,
}

impl Engine {
    fn new(seed: u64) -> Self {
        let mut engine = Self {
            dice: Dice(seed),
            now: Counts::default(),
            made: Counts::default(),
            ended: [Counts::default(); 2],
            started: 0.0,
            resting: false,
        };
        engine.restart();
        engine
    }

    fn work(&mut self) {
        if self.resting {
            return;
        }
        loop {
            let prompt = self.dice.below(100_000) as i64;
            let grown = Counts { prompt, cached: prompt / 3, output: self.dice.below(9_000) as i64 };
            (self.now, self.made) = (self.now.plus(grown), self.made.plus(grown));
            if !self.ended.iter().any(|ended| self.now.is_just_above(*ended)) {
                break;
            }
        }
    }

    /// A new process: it counts from zero, and began later than the last one.
    fn restart(&mut self) {
        // In whole milliseconds, so that its page and [`Self::born`] never round differently.
        self.started = (seconds() * 1000.0).round() / 1000.0;
        self.ended = [self.ended[1], std::mem::take(&mut self.now)];
    }

    /// When it began, in milliseconds, as its page says it.
    fn born(&self) -> i64 {
        (self.started * 1000.0).round() as i64
    }

    fn page(&self) -> String {
        let Counts { prompt, cached, output } = self.now;
        let labels = r#"{engine="0",model_name="deepseek-r1"}"#;
        format!(
            "vllm:prompt_tokens_total{labels} {prompt}\nvllm:prefix_cache_queries_total{labels} {prompt}\n\
             vllm:prefix_cache_hits_total{labels} {cached}\nvllm:generation_tokens_total{labels} {output}\n\
             process_start_time_seconds {:.3}\n",
            self.started
        )
    }
}

/// Waits until the engine may restart.
fn until_apart(engine: &Mutex<Engine>) {
    let started = engine.lock().unwrap().started;
    thread::sleep(Duration::from_secs_f64((started + APART - seconds()).max(0.0)));
}

/// Seconds since 1970.
fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// A watch without a screen.
struct Watch(Child);

impl Watch {
    fn start(target: &str, ledger: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_margintop"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_")) {
            command.env_remove(name);
        }
        command.args(["serve", target, "--interval", "100ms", "--listen", "127.0.0.1:0", "--nvml-lib", "/absent.so"]);
        command
            .arg("--ledger")
            .arg(ledger)
            .env("HOME", ledger.parent().unwrap())
            .env("XDG_CONFIG_HOME", "/nonexistent");
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end: it polls once more and writes once more.
    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let began = Instant::now();
        assert!(self.0.wait().unwrap().success());
        assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// When the process began whose counter the ledger has, in milliseconds.
fn process(ledger: &Path) -> i64 {
    let open = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    saved::process(&open).unwrap()
}

/// The saved state of the only target.
fn state(ledger: &Path) -> Option<serde_json::Value> {
    let open = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    saved::target(&open, None)
}

/// What the ledger says: the counter's last value, and all that was posted in each grain.
fn said(ledger: &Path) -> Option<(Counts, [Counts; 3])> {
    let open = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    let counts = |row: &rusqlite::Row<'_>| Ok(Counts { prompt: row.get(0)?, cached: row.get(1)?, output: row.get(2)? });
    let [prompt, cached, output] = saved::counters(&open, None)?.map(|count| i64::try_from(count).unwrap());
    let counter = Counts { prompt, cached, output };
    let posted = ["minute", "quarter", "day"].map(|grain| {
        let sum = "coalesce(sum(miss + hit), 0), coalesce(sum(hit), 0), coalesce(sum(output), 0)";
        open.query_row(&format!("SELECT {sum} FROM {grain}_tokens"), [], counts).unwrap()
    });
    Some((counter, posted))
}

/// Waits until the ledger has the counter where the engine has it.
fn until_counted(ledger: &Path, wanted: impl Fn(Counts) -> bool) {
    let began = Instant::now();
    while !said(ledger).is_some_and(|(counter, _)| wanted(counter)) {
        assert!(began.elapsed() < Duration::from_secs(30), "the ledger has {:?}", said(ledger));
        thread::sleep(Duration::from_millis(20));
    }
}

/// The engine dies while it is watched, and nothing was made since the last poll.
fn dies_when_counted(engine: &Mutex<Engine>, ledger: &Path) {
    engine.lock().unwrap().resting = true;
    let now = engine.lock().unwrap().now;
    until_counted(ledger, |counter| counter == now);
    until_apart(engine);
    let mut engine = engine.lock().unwrap();
    engine.restart();
    engine.resting = false;
}

/// What the engine made since the last counted poll.
fn uncounted(engine: &Engine, ledger: &Path) -> Counts {
    let same = process(ledger) == engine.born();
    engine.now.minus(if same { said(ledger).unwrap().0 } else { Counts::default() })
}

#[test]
fn killed_at_any_instant_the_ledger_is_the_truth() {
    let kills: u64 = std::env::var("MARGINTOP_KILLS").map_or(40, |kills| kills.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("ledger.db");
    let engine = Arc::new(Mutex::new(Engine::new(0x9e37_79b9_7f4a_7c15)));
    let shown = Arc::clone(&engine);
    let server = Server::new(move |_| {
        let mut engine = shown.lock().unwrap();
        engine.work();
        Reply::page(&engine.page())
    });
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);

    let mut watch = Watch::start(&server.metrics(), &ledger);
    until_counted(&ledger, |counter| counter.prompt > 0);
    watch.kill();
    // The first page of all was a baseline, and nothing of it is posted.
    let (counter, [posted, ..]) = said(&ledger).unwrap();
    let baseline = counter.minus(posted);
    let (mut lost, mut deaths) = (Counts::default(), 0);

    for nth in 0..kills {
        let mut watch = Watch::start(&server.metrics(), &ledger);
        thread::sleep(Duration::from_millis(dice.below(if nth % 8 == 0 { 1500 } else { 300 })));
        if nth % 16 == 7 {
            dies_when_counted(&engine, &ledger);
            deaths += 1;
            thread::sleep(Duration::from_millis(dice.below(400)));
        }
        watch.kill();
        engine.lock().unwrap().work();
        {
            let engine = engine.lock().unwrap();
            let truth = engine.made.minus(baseline).minus(lost).minus(uncounted(&engine, &ledger));
            assert_eq!(
                said(&ledger).unwrap().1,
                [truth; 3],
                "after {} kills and {deaths} deaths of the engine, born at {}; saved: {:?}",
                nth + 1,
                engine.born(),
                state(&ledger)
            );
        }
        if nth % 5 == 3 {
            until_apart(&engine);
            let mut engine = engine.lock().unwrap();
            // It dies while it is not watched: what it made since the last counted poll is lost.
            lost = lost.plus(uncounted(&engine, &ledger));
            engine.restart();
            deaths += 1;
            engine.work();
        }
    }
    engine.lock().unwrap().resting = true;
    let now = engine.lock().unwrap().now;
    let watch = Watch::start(&server.metrics(), &ledger);
    until_counted(&ledger, |counter| counter == now);
    watch.end();

    let truth = engine.lock().unwrap().made.minus(baseline).minus(lost);
    let (_, grains) = said(&ledger).unwrap();
    assert_eq!(grains, [truth; 3], "after {kills} kills and {deaths} deaths of the engine, which lost {lost:?}");
    eprintln!("{kills} kills, {deaths} deaths of the engine: {truth:?} posted, {lost:?} lost with it");
}

#[test]
fn what_the_last_poll_saw_is_written_when_it_is_asked_to_end() {
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("ledger.db");
    let engine = Arc::new(Mutex::new(Engine::new(7)));
    let shown = Arc::clone(&engine);
    let server = Server::new(move |_| Reply::page(&shown.lock().unwrap().page()));
    engine.lock().unwrap().work();
    let watch = Watch::start(&server.metrics(), &ledger);
    until_counted(&ledger, |counter| counter.prompt > 0);
    engine.lock().unwrap().work();
    let now = engine.lock().unwrap().now;
    watch.end();
    assert_eq!(said(&ledger).unwrap().0, now);
}
