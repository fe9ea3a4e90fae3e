//! The true binary, run as a user would who has no configuration and no GPU.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any run may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One call of `margintop`, with a home of its own.
pub struct Program {
    command: Command,
    home: TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Program {
    /// `margintop` with these arguments.
    pub fn new<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_margintop")), arguments)
    }

    /// The same run by another program, whose last arguments it is.
    pub fn through<A: AsRef<OsStr>>(program: &str, before: &[&str], arguments: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(program);
        command.args(before).arg(env!("CARGO_BIN_EXE_margintop"));
        Self::of(command, arguments)
    }

    fn of<A: AsRef<OsStr>>(mut command: Command, arguments: impl IntoIterator<Item = A>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let inherited = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_"));
        for (name, _) in inherited {
            command.env_remove(name);
        }
        command
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("XDG_STATE_HOME", home.path())
            .env("TZ", "UTC");
        command.env("MARGINTOP_NVML_LIB", home.path().join("absent.so"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, home }
    }

    /// Its home folder, which is that of configuration and state too.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// With one variable set.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With one argument more.
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// With the stand-in driver instead of none.
    pub fn driver(self, library: &Path) -> Self {
        self.env("MARGINTOP_NVML_LIB", library)
    }

    /// With this text as the configuration.
    pub fn config(self, text: &str) -> Self {
        let folder = self.home.path().join("margintop");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("margintop.toml"), text).unwrap();
        self
    }

    /// Runs it to its end. One that does not end is ended, and the test fails.
    pub fn run(mut self) -> Ran {
        let began = Instant::now();
        let child = self.command.spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let (tell, ended) = channel();
        thread::spawn(move || tell.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(PATIENCE) else {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            panic!("{:?} does not end", self.command);
        };
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr), took: began.elapsed() }
    }

    /// Starts it and leaves it running.
    pub fn start(mut self) -> Running {
        Running { child: self.command.spawn().unwrap(), _home: self.home }
    }
}

/// A run that goes on until it is dropped.
pub struct Running {
    pub child: Child,
    _home: TempDir,
}

impl Running {
    /// Asks it to end, and says how long it took; `None` if it would not.
    pub fn terminate(&mut self) -> Option<Duration> {
        let began = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        while began.elapsed() < Duration::from_secs(10) {
            if self.child.try_wait().unwrap().is_some() {
                return Some(began.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// What it printed, as the one JSON object that it is.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same of a run in which nothing failed.
    pub fn good(&self) -> Value {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""));
        self.json()
    }
}

/// `once --json` of these targets, with polls a fifth of a second apart.
pub fn once<A: AsRef<OsStr>>(targets: impl IntoIterator<Item = A>) -> Program {
    let targets = targets.into_iter().map(|target| target.as_ref().to_owned());
    let flags = ["once", "--json", "--interval", "200ms"].map(Into::into);
    Program::new(flags.into_iter().chain(targets))
}

/// A decimal amount as the program prints it, in millionths.
pub fn micros(amount: &Value) -> i128 {
    let text = amount.as_str().unwrap_or_else(|| panic!("{amount} is no amount"));
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').expect("an amount has decimals");
    assert!((2..=6).contains(&fraction.len()), "{text}");
    sign * format!("{whole}{fraction:0<6}").parse::<i128>().unwrap()
}
