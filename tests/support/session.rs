//! The true program in a true terminal that a test reads.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end may take, however stuck the terminal is.
pub const END: Duration = Duration::from_secs(1);

/// The true program over its own simulated fleet, without anyone's configuration.
pub fn demo() -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_margintop"));
    command.args(["demo", "--nodes", "2"]);
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_")) {
        command.env_remove(name);
    }
    command.env("MARGINTOP_LEDGER", "none");
    command.env("XDG_STATE_HOME", state());
    command
}

/// A state folder that a run of these tests has to itself.
pub fn state() -> &'static std::path::Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The dashboard over scripted snapshots, which can panic and can fill a terminal faster than it is read.
pub fn example(arguments: &[&str]) -> CommandBuilder {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| {
        // `cargo test` builds the examples; `cargo test --test pty` does not.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "screen"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo tells a test would make dependencies build anew.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_cargos_own(&name.to_string_lossy())) {
            build.env_remove(name);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
        std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/screen")
    });
    let mut command = CommandBuilder::new(path);
    command.args(arguments);
    command
}

pub fn is_cargos_own(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST") || name.starts_with("CARGO_CRATE")
}

/// A program in a terminal that this test reads.
pub struct Session {
    pub child: Box<dyn Child + Send + Sync>,
    pub master: Option<Box<dyn MasterPty + Send>>,
    pub keys: Option<Box<dyn Write + Send>>,
    pub output: Option<Receiver<Vec<u8>>>,
    pub tty: File,
    pub screen: vt100::Parser,
    pub modes: LocalModes,
}

impl Session {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_command(example(arguments))
    }

    /// Starts it, reads, and waits for a figure.
    pub fn start_command(command: CommandBuilder) -> Self {
        let mut session = Self::start_unread(command);
        session.read();
        session.wait_for("the first figure", |screen| screen.contains("k tok/s") || screen.contains("M tok/s"));
        session
    }

    /// Starts it and reads nothing of what it writes.
    pub fn start_unread(mut command: CommandBuilder) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let tty = File::open(pair.master.tty_name().unwrap()).unwrap();
        let modes = tcgetattr(&tty).unwrap().local_modes;
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(24, 80, 0);
        Self { child, master: Some(pair.master), keys: Some(keys), output: None, tty, screen, modes }
    }

    pub fn read(&mut self) {
        let mut reader = self.master.as_ref().unwrap().try_clone_reader().unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 8_192];
            while let Ok(length) = reader.read(&mut chunk) {
                if length == 0 || sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        self.output = Some(receiver);
    }

    pub fn press(&mut self, keys: &str) {
        let writer = self.keys.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.master.as_ref().unwrap().resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.screen.screen_mut().set_size(rows, cols);
    }

    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    pub fn wait_for(&mut self, what: &str, seen: impl Fn(&str) -> bool) {
        self.wait_until(what, |screen| seen(&screen.contents()));
    }

    pub fn wait_until(&mut self, what: &str, seen: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !seen(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.as_ref().unwrap().recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(error) => panic!("waited for {what} ({error}); the screen is\n{}", self.text()),
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    /// The letter of the process's state: `S` asleep, `T` stopped.
    pub fn wait_for_state(&self, wanted: char) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).unwrap();
            let state = stat.rsplit(')').next().unwrap().trim().chars().next().unwrap();
            if state == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "state {state}, not {wanted}");
            std::thread::yield_now();
        }
    }

    /// Waits for the end, reads what is left, and says how long it took.
    pub fn end(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let took = start.elapsed();
                self.drain();
                return (status, took);
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            // A session that reads nothing does not read here either.
            match &self.output {
                Some(output) => {
                    if let Ok(bytes) = output.recv_timeout(Duration::from_millis(5)) {
                        self.screen.process(&bytes);
                    }
                }
                None => std::thread::yield_now(),
            }
        }
    }

    pub fn drain(&mut self) {
        while let Some(output) = &self.output {
            match output.recv_timeout(Duration::from_millis(200)) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    pub fn assert_modes_restored(&self) {
        assert_eq!(tcgetattr(&self.tty).unwrap().local_modes, self.modes, "the terminal's modes");
    }

    pub fn assert_restored(&self) {
        assert!(!self.screen.screen().alternate_screen(), "the alternate screen is still shown");
        assert!(!self.screen.screen().hide_cursor(), "the cursor is still hidden");
        let mouse = self.screen.screen().mouse_protocol_mode();
        assert_eq!(mouse, vt100::MouseProtocolMode::None, "mouse reports are still on");
        self.assert_modes_restored();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
