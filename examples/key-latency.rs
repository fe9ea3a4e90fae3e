//! How long a key takes to the screen while half of the targets never answer: the true program in a pty of 200x50.
//!
//! `cargo build --release && cargo run --release --example key-latency -- target/release/margintop [TARGETS] [ROUNDS]`. Every other
//! target takes connections and says nothing; the rest serve a page of an engine. A round presses eight keys, Escape alone among
//! them, each after a pause that is not in step with the polls. A key is on the screen when the last of what it changes is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const SIZE: (u16, u16) = (200, 50);
const PAGE: &str = include_str!("../tests/fixtures/engines/vllm-qwen.prom");
const PATIENCE: Duration = Duration::from_secs(10);
/// A key, and whether what it shows is on the screen.
type Step = (&'static str, fn(&str) -> bool);
const ROUND: [Step; 8] = [
    ("4", |text| text.contains("─ Engines ") && !text.contains("Revenue = cost + profit")),
    ("?", |text| text.contains("what is this figure?")),
    ("\x1b", |text| !text.contains("what is this figure?") && text.contains("─ Engines ")),
    ("2", |text| text.contains("─ Nodes ") && !text.contains("─ Engines · ")),
    ("\r", |text| text.contains("· of this node, 24 h")),
    ("\x1b", |text| !text.contains("profit rank") || text.contains("─ Nodes ")),
    ("3", |text| text.contains("─ Models ") && !text.contains("─ Nodes ")),
    ("1", |text| text.contains("─ Where it burns")),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().expect("the program's path");
    let targets: usize = arguments.next().map_or(278, |count| count.parse().unwrap());
    let rounds: usize = arguments.next().map_or(40, |count| count.parse().unwrap());
    let places: Vec<TcpListener> = (0..targets).map(listener).collect();
    let mut command = CommandBuilder::new(program);
    command.args(["--ledger", "none", "nvml:off"]);
    command.args(places.iter().map(|place| format!("http://{}/metrics", place.local_addr().unwrap())));
    for (nth, place) in places.into_iter().enumerate() {
        std::thread::spawn(move || if nth % 2 == 0 { hang(&place) } else { serve(&place) });
    }
    let mut terminal = Terminal::start(command);
    terminal.until("engines", |text| text.contains(&format!("/{targets} engines")) && !text.contains("looking"));
    // The third round of polls has timed out by then, and connections wait for their next try.
    terminal.read_for(Duration::from_secs(8));
    let (mut all, mut escapes) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for (nth, (key, is_shown)) in ROUND.iter().enumerate() {
            terminal.read_for(Duration::from_millis(60 + (37 * (8 * round + nth) as u64) % 170));
            let took = terminal.press(key, is_shown);
            all.push(took);
            escapes.extend((*key == "\x1b").then_some(took));
        }
    }
    terminal.keys.write_all(b"q").unwrap();
    print_quantiles("keys", all);
    print_quantiles("of them Escape alone", escapes);
}

/// A place of its own for each target, so that each is a node.
fn listener(nth: usize) -> TcpListener {
    TcpListener::bind((format!("127.0.{}.{}", 1 + nth / 200, 1 + nth % 200), 0)).unwrap()
}

/// Takes connections, reads nothing and says nothing.
fn hang(place: &TcpListener) {
    let mut taken: Vec<TcpStream> = Vec::new();
    for stream in place.incoming() {
        taken.push(stream.unwrap());
    }
}

fn serve(place: &TcpListener) {
    for stream in place.incoming() {
        let mut stream = stream.unwrap();
        let mut asked = Vec::new();
        let mut bytes = [0; 4_096];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            asked.extend_from_slice(&bytes[..length]);
            if !asked.ends_with(b"\r\n\r\n") {
                continue;
            }
            let is_page = asked.starts_with(b"GET /metrics");
            let (status, page) = if is_page { ("200 OK", PAGE) } else { ("404 Not Found", "") };
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", page.len());
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(page.as_bytes())).is_err() {
                break;
            }
            asked.clear();
        }
    }
}

struct Terminal {
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    _child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn start(mut command: CommandBuilder) -> Self {
        let state = std::env::temp_dir().join(format!("margintop-key-latency-{}", std::process::id()));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        command.env("XDG_STATE_HOME", state);
        let (cols, rows) = SIZE;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let keys = pair.master.take_writer().unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 16_384];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if sender.send((Instant::now(), chunk[..length].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(rows, cols, 0);
        Self { keys, output, screen, _child: child, _master: pair.master }
    }

    fn read_for(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Ok((_, bytes)) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.screen.process(&bytes);
        }
    }

    /// When the bytes came that made it so.
    fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> Instant {
        let mut at = Instant::now();
        let end = at + PATIENCE;
        while !is_so(&self.screen.screen().contents()) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((came, bytes)) = self.output.recv_timeout(left) else {
                panic!("waited for {what:?}:\n{}", self.screen.screen().contents());
            };
            at = came;
            self.screen.process(&bytes);
        }
        at
    }

    fn press(&mut self, key: &str, is_shown: impl Fn(&str) -> bool) -> Duration {
        assert!(!is_shown(&self.screen.screen().contents()), "{key:?} has nothing to change");
        let began = Instant::now();
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self.until(key, is_shown) - began
    }
}

fn print_quantiles(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    let [p50, p90, p99, most] = [0.5, 0.9, 0.99, 1.0].map(at);
    println!("{} {what}: p50 {p50:.1}, p90 {p90:.1}, p99 {p99:.1}, most {most:.1} ms", took.len());
}
