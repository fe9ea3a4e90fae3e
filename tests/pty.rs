//! The true program in a true terminal: keys, sizes, signals, and what is left of the terminal afterwards.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/page.rs"]
mod page;
#[path = "support/server.rs"]
mod server;
#[path = "support/session.rs"]
mod session;

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use server::{Reply, Server};
use session::{END, PATIENCE, Session, demo, example, state};

#[test]
fn keys_and_sizes() {
    let mut session = Session::start(&["one-box"]);
    assert!(session.screen.screen().alternate_screen());
    assert!(!tcgetattr(&session.tty).unwrap().local_modes.contains(LocalModes::ICANON), "not in raw mode");

    session.press("?");
    session.wait_for("the help", |text| text.contains("what is this figure?"));
    session.press("\x1b");
    session.wait_for("the help's end", |text| !text.contains("what is this figure?"));

    let ground = |screen: &vt100::Screen| screen.cell(23, 79).unwrap().bgcolor();
    let dark = ground(session.screen.screen());
    session.press("t");
    session.wait_until("another theme", |screen| ground(screen) != dark);

    session.press(" ");
    session.wait_for("the pause", |text| text.contains("paused at"));
    session.press(" ");
    session.wait_for("the pause's end", |text| !text.contains("paused at"));

    session.press("4");
    session.wait_for("the engines", |text| text.contains("─ Engines") && !text.contains("─ GPUs"));
    session.press("1");
    session.wait_for("the overview", |text| text.contains("gross margin"));

    // A key and a size at once: neither may be lost.
    session.press("4");
    session.resize(40, 12);
    session.wait_for("the engines, small", |text| text.contains("─ Engines") && !text.contains("alerts"));
    session.press("1");
    session.wait_for("a small screen", |text| text.contains("profit on cost") && !text.contains("basis"));
    session.resize(20, 5);
    session.wait_for("too small", |text| text.contains("too small"));
    session.resize(120, 36);
    session.wait_for("a large screen", |text| text.contains("─ TTFT"));
    session.resize(200, 50);
    session.wait_for("a huge screen", |text| text.contains("1 overview") && text.contains("basis"));

    session.press("q");
    let (status, took) = session.end();
    assert!(status.success(), "{status:?}");
    assert!(took < END, "{took:?}");
    session.assert_restored();
}

/// Class: a blank screen on a serial line, whose size is 0x0.
#[test]
fn a_terminal_that_reports_no_size_is_drawn_for_at_the_usual_one() {
    let mut session = Session::start(&["one-box"]);
    let none = PtySize { rows: 0, cols: 0, pixel_width: 0, pixel_height: 0 };
    session.master.as_ref().unwrap().resize(none).unwrap();
    session.press("4");
    session.wait_for("the engines", |text| text.contains("─ Engines") && text.lines().count() == 24);
    session.press("q");
    assert!(session.end().0.success());
}

/// Class: escapes for a terminal that knows none.
#[test]
fn a_dumb_terminal_gets_words_on_what_to_do_instead() {
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
    let mut command = demo();
    command.env("TERM", "dumb");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut said = String::new();
    // A terminal whose other end is gone ends the reading with an error.
    pair.master.try_clone_reader().unwrap().read_to_string(&mut said).ok();
    assert_eq!(child.wait().unwrap().exit_code(), 2, "{said}");
    assert!(said.contains("TERM is dumb") && said.contains("margintop demo --text"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    let mut command = demo();
    command.env("LC_ALL", "C");
    let mut session = Session::start_command(command);
    session.wait_for("its GPUs", |text| text.contains("16 GPUs"));
    let text = session.screen.screen().contents();
    assert!(text.is_ascii(), "{text}");
    session.press("q");
    session.end();
}

#[test]
fn the_true_program_starts_and_ends() {
    let mut session = Session::start_command(demo());
    session.wait_for("its GPUs", |text| text.contains("16 GPUs"));
    session.press("?");
    session.wait_for("the help", |text| text.contains("what is this figure?"));
    session.press("?2");
    session.wait_for("the nodes", |text| text.contains("─ Nodes"));
    session.press("q");
    let (status, took) = session.end();
    assert!(status.success(), "{status:?}");
    assert!(took < END, "{took:?}");
    session.assert_restored();

    for signal in [Signal::TERM, Signal::HUP] {
        let mut session = Session::start_command(demo());
        session.signal(signal);
        let (_, took) = session.end();
        assert!(took < END, "{took:?}");
        session.assert_restored();
    }
}

/// Class: a key that a view does not expect.
#[test]
fn every_key_in_every_view() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo();
    // `P` writes where the program was started.
    command.cwd(folder.path());
    let mut session = Session::start_command(command);
    for (cols, rows) in [(80, 24), (120, 36), (200, 50), (40, 12)] {
        session.resize(cols, rows);
        for view in "1234567".chars() {
            session.press(&view.to_string());
            for key in ["j", "k", "G", "g", "s", "S", "o", "O", "m", "v", "[", "]", "a", "n", "N", "b", "t", "p", "p"]
                .into_iter()
                .chain([
                    "d", "e", "u", "x", "l", "r", " ", " ", "\x1b[5~", "\x1b[6~", "\x1b[H", "h", "h", "\x1bOP",
                    "\x1bOP",
                ])
            {
                session.press(key);
            }
            session.press("\r");
            for key in ["n", "N", "v", "a", "?", "\t", "\x1b[Z", "w", "\x1b[B", "\x1b[C", "5", "w"] {
                session.press(key);
            }
            for key in
                ["i", "j", "i", "c", "\x1b[D", "{", "\x1b[1;2C", "c", "\x1b[D", "}", "\x1b[F", "y", "Y", "P", "+", "-"]
            {
                session.press(key);
            }
            session.press(":th\r");
            session.press("em\t\r:node xyz\r\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f<>");
            session.press("\x1b[<35;40;8M\x1b[<35;41;9M\x1b[<0;40;8M\x1b[<65;40;8M");
            session.press("/gpu\r");
            // Out of the filter, and out of whatever view the keys led to.
            for _ in 0..4 {
                session.press("\x1b");
            }
        }
    }
    session.resize(120, 36);
    session.press("1");
    session.wait_for("the overview", |text| text.contains("Revenue = cost + profit"));
    for (key, seen) in
        [("2", "─ Nodes"), ("3", "─ Models"), ("4", "─ Engines"), ("6", "─ Ranks"), ("7", "─ Active"), ("?", "─ Views")]
    {
        session.press(key);
        session.wait_for(seen, |text| text.contains(seen));
    }
    session.press("q");
    assert!(session.end().0.success());
    session.assert_restored();
}

/// The true program copies and draws what it shows, and says so.
#[test]
fn a_frame_is_copied_and_drawn_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo();
    command.cwd(folder.path());
    command.env_remove("TMUX");
    command.env_remove("STY");
    let mut session = Session::start_command(command);
    session.resize(120, 36);
    session.press("2");
    session.wait_for("the nodes", |text| text.contains("─ Nodes"));
    session.press("Y");
    session.wait_for("that it is copied", |text| text.contains("copied the frame"));
    session.press("P");
    session.wait_for("that it is drawn", |text| text.contains(".svg and .txt"));
    session.wait_for("that this is taken back", |text| !text.contains(".svg and .txt"));
    let names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let text = names.iter().find(|name| name.contains(".txt")).unwrap();
    let text = fs::read_to_string(folder.path().join(text)).unwrap();
    assert!(text.contains("─ Nodes") && !text.contains("copied the frame"), "{text}");
    session.press("q");
    assert!(session.end().0.success());
    session.assert_restored();
}

#[test]
fn time_goes_back_and_comes_again() {
    let mut session = Session::start_command(demo());
    session.press("[");
    let deadline = Instant::now() + PATIENCE;
    // The first seconds have no record to go back to.
    while !session.text().contains('◂') {
        assert!(Instant::now() < deadline, "{}", session.text());
        session.press("\x1b[D");
        while let Ok(bytes) = session.output.as_ref().unwrap().recv_timeout(Duration::from_millis(300)) {
            session.screen.process(&bytes);
        }
    }
    session.wait_for("what is recorded", |text| text.contains("as recorded"));
    session.press("\x1b[F");
    session.wait_for("now", |text| !text.contains('◂') && text.contains("● 1s"));
    session.resize(120, 36);
    session.wait_for("charts", |text| text.contains("Revenue = cost + profit"));
    session.press("c\x1b[D");
    session.wait_for("the cursor", |text| text.lines().skip(4).take(5).all(|line| line.contains('│')));
    session.press("c");
    session.wait_for("its end", |text| !text.contains('│'));
    // The mouse over the large chart does the same.
    session.press("\x1b[<35;60;6M");
    session.wait_for("the mouse", |text| text.lines().skip(4).take(5).all(|line| line.contains('│')));
    session.press("q");
    assert!(session.end().0.success());
    session.assert_restored();
}

#[test]
fn the_interval_is_changed_while_it_runs() {
    let mut session = Session::start_command(demo());
    session.press("-");
    session.wait_for("shorter interval", |text| text.contains("● 500ms"));
    session.press("+++");
    session.wait_for("longer interval", |text| text.contains("● 5s"));
    session.press("q");
    assert!(session.end().0.success());
}

#[test]
fn what_was_chosen_is_there_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let start = |arguments: &[&str]| {
        let mut command = demo();
        command.env("XDG_STATE_HOME", folder.path());
        command.args(arguments);
        Session::start_command(command)
    };
    let ground = |session: &Session| session.screen.screen().cell(23, 79).unwrap().bgcolor();
    let mut session = start(&[]);
    let dark = ground(&session);
    session.press(":theme solarized-light\r]");
    session.wait_until("another theme", |screen| screen.cell(23, 79).unwrap().bgcolor() != dark);
    let light = ground(&session);
    session.press("q");
    assert!(session.end().0.success());
    let path = folder.path().join("margintop/screen.toml");
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept.contains("theme = \"solarized-light\"") && kept.contains("span = \"6h\""), "{kept}");

    let mut session = start(&[]);
    assert_eq!(ground(&session), light);
    session.press("]q");
    assert!(session.end().0.success());
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept.contains("span = \"24h\""), "one step from the span that was kept: {kept}");

    // A flag wins, and is not kept; a broken file is said.
    let mut session = start(&["--theme", "dark"]);
    assert_eq!(ground(&session), dark);
    session.press("q");
    assert!(session.end().0.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), kept);
    fs::write(&path, "theme = ").unwrap();
    let mut session = Session::start_unread({
        let mut command = demo();
        command.env("XDG_STATE_HOME", folder.path());
        command
    });
    session.read();
    session.wait_for("what is wrong", |text| text.contains("screen.toml is left out"));
    session.press("q");
    assert!(session.end().0.success());
}

#[test]
fn ctrl_c_quits() {
    let mut session = Session::start(&["fleet"]);
    session.press("\x03");
    assert!(session.end().0.success());
    session.assert_restored();
}

#[test]
fn signals_end_it_within_a_second() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut session = Session::start(&["one-box"]);
        session.signal(signal);
        let (status, took) = session.end();
        assert_eq!(status.exit_code(), code);
        assert!(took < END, "{took:?}");
        session.assert_restored();
    }
}

#[test]
fn it_stops_and_comes_back() {
    let mut session = Session::start(&["one-box"]);
    for stop in ["key", "signal"] {
        if stop == "key" {
            session.press("\x1a");
        } else {
            session.signal(Signal::TSTP);
        }
        session.wait_for_state('T');
        session.drain();
        session.assert_restored();
        session.signal(Signal::CONT);
        session.wait_for("the screen again", |text| text.contains("basis"));
        assert!(session.screen.screen().alternate_screen());
        session.press("?");
        session.wait_for("keys again", |text| text.contains("what is this figure?"));
        session.press("?");
    }
    session.press("q");
    assert!(session.end().0.success());
    session.assert_restored();
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let mut session = Session::start(&["one-box", "--panic"]);
    let (status, _) = session.end();
    assert_eq!(status.exit_code(), 1);
    session.assert_restored();
    assert!(session.text().contains("a bug ended it"), "{}", session.text());
    assert!(!session.text().contains("backtrace"), "{}", session.text());
}

#[test]
fn a_closed_terminal_ends_it() {
    let mut session = Session::start(&["one-box"]);
    session.keys = None;
    session.output = None;
    session.master = None;
    let (_, took) = session.end();
    // The reading thread holds the last end of the pty until it reads once more.
    assert!(took < END + Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_terminal_that_nobody_reads_does_not_keep_it_alive() {
    let mut session = Session::start_unread(example(&["fleet"]));
    session.resize(200, 50);
    // Every theme is a whole frame of some 40 kB; a pty holds less than that.
    let stuck = |session: &Session| {
        // Where the main thread waits in the kernel: for room in the terminal, or for a wake.
        let path = format!("/proc/{}/wchan", session.pid().as_raw_nonzero());
        fs::read_to_string(path).is_ok_and(|place| place.contains("tty_write") || place == "wait_woken")
    };
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline && !stuck(&session) {
        session.press("t");
        std::thread::sleep(Duration::from_millis(50));
    }
    session.signal(Signal::TERM);
    let (status, took) = session.end();
    assert_eq!(status.exit_code(), 143);
    assert!(took < END, "{took:?}");
    session.assert_modes_restored();
}

#[test]
fn a_terminal_that_nobody_reads_stops_no_counting() {
    // The queue's length is the number of polls so far, so that the screen tells which poll it has come to.
    let waiting = |nth| format!("vllm:num_requests_waiting{{engine=\"0\",model_name=\"m\"}} {nth}\n");
    let counted = page::Counted::new(1_000, 500, 100);
    let engine =
        Server::new(move |nth| Reply::page(&(page::vllm("m", 3_600.0, counted.times(nth as u64)) + &waiting(nth))));
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_margintop"));
    command.args([engine.metrics().as_str(), "nvml:off", "--interval", "100ms"]);
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.env("MARGINTOP_LEDGER", "none");
    command.env("XDG_STATE_HOME", state());
    let mut session = Session::start_unread(command);
    // As many looks as a minute has at the usual interval; the first frame alone is more than a pty holds.
    let deadline = Instant::now() + PATIENCE * 6;
    while engine.asked() < 60 {
        assert!(Instant::now() < deadline, "{} polls", engine.asked());
        std::thread::sleep(Duration::from_millis(20));
    }
    session.read();
    session.wait_for("the sixtieth poll", |screen| {
        let row = screen.lines().find(|line| line.contains("vllm"));
        row.is_some_and(|row| {
            row.split_whitespace().any(|word| word.parse::<u32>().is_ok_and(|poll| (60..1_000).contains(&poll)))
        })
    });
    session.press("q");
    session.end();
}

/// Class: what a printed replay reports at its end, and writes to its ledger, is lost where the replay is shown.
#[test]
fn a_truncated_recording_is_reported_when_its_replay_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (file, ledger) = (folder.path().join("box.rec"), folder.path().join("replay.db"));
    let engine =
        Server::new(|nth| Reply::page(&page::vllm("m", 60.0, page::Counted::new(1_000, 500, 100).times(nth as u64))));
    let mut record = std::process::Command::new(env!("CARGO_BIN_EXE_margintop"));
    record.arg("record").arg(&file).args([engine.metrics().as_str(), "nvml:off", "--for", "1s", "--interval", "200ms"]);
    record.env("XDG_CONFIG_HOME", "/nonexistent").env("MARGINTOP_LEDGER", "none");
    assert!(record.output().unwrap().status.success());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 20]).unwrap();

    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_margintop"));
    command.args(["replay", file.to_str().unwrap(), "--ledger", ledger.to_str().unwrap(), "--at", "2099-01-01"]);
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.env("XDG_STATE_HOME", state());
    let mut session = Session::start_unread(command);
    session.read();
    session.wait_for("the engine", |text| text.contains("1/1 engine") || text.contains("1 engine"));
    session.press("q");
    let (status, took) = session.end();
    assert!(status.success() && took < END, "{status:?} {took:?}");
    assert!(session.text().contains("the end of the recording is missing"), "{}", session.text());
    session.assert_restored();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!files.iter().any(|file| file.to_string_lossy().ends_with("-wal")), "the ledger was not closed: {files:?}");
}

/// The dashboard over a driver that is not there and nothing else.
fn nothing() -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_margintop"));
    command.args(["--nvml-lib", "/nonexistent/libnvidia-ml.so.1", "nvml:"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_")) {
        command.env_remove(name);
    }
    for (name, value) in [("XDG_CONFIG_HOME", "/nonexistent"), ("MARGINTOP_LEDGER", "none")] {
        command.env(name, value);
    }
    command.env("XDG_STATE_HOME", state());
    command
}

/// Class: what the first screen offers where nothing was found is there by a key.
#[test]
fn what_to_try_is_a_key_away() {
    let server = Server::new(|_| Reply::page("vllm:generation_tokens_total{model_name=\"m\"} 1\n"));
    let mut session = Session::start_unread(nothing());
    session.read();
    session.wait_for("what to try", |text| text.contains("search again now"));
    session.press("e");
    session.wait_for("the line", |text| text.contains(":watch"));
    session.press(&format!("{}\r", server.metrics()));
    session.wait_for("its engine", |text| text.contains("1/1 engine") || text.contains("1 engine"));
    session.press("q");
    let (status, _) = session.end();
    assert!(status.success(), "{status:?}");
    session.assert_restored();

    let mut session = Session::start_unread(nothing());
    session.read();
    session.wait_for("what to try", |text| text.contains("search again now"));
    session.press("d");
    session.wait_for("the simulated fleet", |text| text.contains("96 GPUs"));
    session.press("q");
    session.end();
    session.assert_restored();
}
