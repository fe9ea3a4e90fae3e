//! A ledger that true processes keep, and an engine whose totals the test knows.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Row};

use super::page::{Counted, with_start};
use super::program::{Program, Running};
use super::server::{Reply, Server};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An engine that works when it is told to.
pub struct Engine {
    pub server: Server,
    counted: Arc<Mutex<Counted>>,
}

impl Engine {
    /// One that has worked before anybody looked.
    pub fn new(model: &str) -> Self {
        Self::at("127.0.0.1", model)
    }

    /// The same at another address of the loopback network.
    pub fn at(address: &str, model: &str) -> Self {
        let counted = Arc::new(Mutex::new(Counted::new(5_000, 2_000, 900)));
        let shown = Arc::clone(&counted);
        let model = model.to_owned();
        let server =
            Server::at(address, move |_| Reply::page(&with_start(1_700_000_000.0, &model, *shown.lock().unwrap())));
        Self { server, counted }
    }

    pub fn work(&self, made: Counted) {
        let mut now = self.counted.lock().unwrap();
        *now = Counted::new(now.prompt + made.prompt, now.cached + made.cached, now.output + made.output);
    }

    /// What its page says.
    pub fn counted(&self) -> [u64; 3] {
        let now = self.counted.lock().unwrap();
        [now.prompt, now.cached, now.output]
    }

    /// What it made since a page said `before`.
    pub fn made_since(&self, before: [u64; 3]) -> [u64; 3] {
        let now = self.counted();
        std::array::from_fn(|class| now[class] - before[class])
    }
}

/// A ledger's file.
pub struct Ledger {
    pub path: PathBuf,
    _home: tempfile::TempDir,
}

impl Ledger {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { path: home.path().join("state/ledger.db"), _home: home }
    }

    /// `margintop` with these arguments on this ledger.
    pub fn program(&self, arguments: &[&str]) -> Program {
        Program::new(arguments).env("MARGINTOP_LEDGER", &self.path)
    }

    /// A watch without a screen that polls ten times a second.
    pub fn serve(&self, target: &str) -> Running {
        self.program(&["serve", target, "--interval", "100ms", "--listen", "127.0.0.1:0"]).start()
    }

    /// The counter's last value.
    pub fn counter(&self) -> Option<[u64; 3]> {
        super::saved::counters(&self.open()?, None)
    }

    /// All that was posted, in each grain.
    pub fn posted(&self) -> [[u64; 3]; 3] {
        let open = self.open().unwrap();
        let sum = "coalesce(sum(miss + hit), 0), coalesce(sum(hit), 0), coalesce(sum(output), 0)";
        ["minute", "quarter", "day"]
            .map(|grain| open.query_row(&format!("SELECT {sum} FROM {grain}_tokens"), [], counts).unwrap())
    }

    /// Who says that it keeps it.
    pub fn writer(&self) -> Option<u32> {
        let mut lock = self.path.clone().into_os_string();
        lock.push(".lock");
        std::fs::read_to_string(lock).ok()?.trim().parse().ok()
    }

    /// Waits until the ledger has the counter where the engine has it, and says how long that took.
    pub fn until_counted(&self, engine: &Engine) -> Duration {
        let began = Instant::now();
        while self.counter() != Some(engine.counted()) {
            assert!(began.elapsed() < PATIENCE, "the ledger has {:?} of {:?}", self.counter(), engine.counted());
            thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }

    /// The same of several engines.
    pub fn until_all_counted(&self, engines: &[&Engine]) {
        let began = Instant::now();
        let counted = |engine: &&Engine| {
            let counter = super::saved::counters(&self.open()?, Some(&engine.server.metrics()));
            (counter == Some(engine.counted())).then_some(())
        };
        while engines.iter().any(|engine| counted(engine).is_none()) {
            assert!(began.elapsed() < PATIENCE, "the ledger does not have every counter");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What `ledger verify` says.
    pub fn verify(&self) {
        let ran = self.program(&["ledger", "verify"]).run();
        assert!(ran.code == Some(0) && ran.out.ends_with(": no faults found\n"), "{ran:?}");
    }

    /// Ends a watch, once the ledger has the engine's counters; what the engine made since `baseline` is posted.
    pub fn end_whole(&self, mut watch: Running, engine: &Engine, baseline: [u64; 3]) {
        self.until_counted(engine);
        assert!(watch.terminate().is_some());
        assert_eq!(self.posted(), [engine.made_since(baseline); 3]);
        self.verify();
    }

    fn open(&self) -> Option<Connection> {
        open(&self.path)
    }
}

/// A connection of the test's own.
pub fn open(path: &Path) -> Option<Connection> {
    let open = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    open.busy_timeout(PATIENCE).unwrap();
    Some(open)
}

fn counts(row: &Row<'_>) -> rusqlite::Result<[u64; 3]> {
    let count = |column| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(column)?).unwrap());
    Ok([count(0)?, count(1)?, count(2)?])
}
