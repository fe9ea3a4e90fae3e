//! Decodes keys and mouse events from the bytes of a terminal.
//!
//! crossterm's reader is not used: it loses a key that arrives with a change of size and spins on a closed terminal.
//! Pure: no file, no clock. An unknown sequence is dropped as a whole and never read as text.
#![cfg_attr(windows, allow(dead_code, reason = "the console tells of keys by events"))]

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The longest sequence in bytes; a longer one is dropped.
const LONGEST: usize = 64;

/// An input event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The wheel turned a notch.
    Wheel {
        /// Towards the end of a list.
        down: bool,
    },
    /// The first button was pressed at a column and row, both from 0.
    Click(u16, u16),
    /// The mouse moved to a column and row, no button pressed.
    Hover(u16, u16),
}

/// Decodes bytes to inputs; incomplete sequences wait for more bytes.
#[derive(Debug, Default)]
pub(in crate::tui) struct Decoder(Vec<u8>);

enum DecodeStep {
    /// An input, and its number of bytes.
    Take(Input, usize),
    /// Bytes without a meaning here, and their number.
    Skip(usize),
    /// More bytes are needed.
    Wait,
}

impl Decoder {
    /// The complete inputs of the bytes of one read.
    ///
    /// A terminal sends a key that is pressed with Alt as an escape and that key, both at once. So an escape that ended the
    /// read before is the Escape key, however soon another key follows, unless a sequence begins.
    pub(in crate::tui) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        if self.0 == [0x1b] && !matches!(bytes.first(), None | Some(b'[' | b'O' | 0x1b)) {
            inputs.extend(self.flush());
        }
        self.0.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest) = self.0.get(at..).filter(|rest| !rest.is_empty()) {
            match step(rest) {
                DecodeStep::Take(input, length) => {
                    inputs.push(input);
                    at += length;
                }
                DecodeStep::Skip(length) => at += length,
                DecodeStep::Wait if rest.len() > LONGEST => at += rest.len(),
                DecodeStep::Wait => break,
            }
        }
        self.0.drain(..at);
        inputs
    }

    /// Whether a sequence is incomplete.
    pub(in crate::tui) fn waits(&self) -> bool {
        !self.0.is_empty()
    }

    /// Ends the wait for more bytes: an escape alone is the Escape key, and what might have begun a sequence is a key after it.
    pub(in crate::tui) fn flush(&mut self) -> Vec<Input> {
        let keys = match *std::mem::take(&mut self.0) {
            [0x1b] => vec![KeyCode::Esc],
            [0x1b, key @ (b'[' | b'O')] => vec![KeyCode::Esc, KeyCode::Char(char::from(key))],
            _ => Vec::new(),
        };
        keys.into_iter().map(|code| Input::Key(KeyEvent::new(code, KeyModifiers::NONE))).collect()
    }
}

fn take(code: KeyCode, length: usize) -> DecodeStep {
    with_modifiers(code, KeyModifiers::NONE, length)
}

fn with_modifiers(code: KeyCode, modifiers: KeyModifiers, length: usize) -> DecodeStep {
    DecodeStep::Take(Input::Key(KeyEvent::new(code, modifiers)), length)
}

fn step(bytes: &[u8]) -> DecodeStep {
    match bytes {
        [0x1b] | [0x1b, b'[' | b'O'] | [] => DecodeStep::Wait,
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b'O', last, ..] => named(*last).map_or(DecodeStep::Skip(3), |code| take(code, 3)),
        [0x1b, 0x1b, ..] => take(KeyCode::Esc, 1),
        [0x1b, rest @ ..] => match step(rest) {
            DecodeStep::Take(Input::Key(key), length) => {
                let with_alt = KeyEvent::new(key.code, key.modifiers | KeyModifiers::ALT);
                DecodeStep::Take(Input::Key(with_alt), length + 1)
            }
            DecodeStep::Take(_, length) | DecodeStep::Skip(length) => DecodeStep::Skip(length + 1),
            DecodeStep::Wait => DecodeStep::Wait,
        },
        [b'\r' | b'\n', ..] => take(KeyCode::Enter, 1),
        [b'\t', ..] => take(KeyCode::Tab, 1),
        [0x08 | 0x7f, ..] => take(KeyCode::Backspace, 1),
        [byte @ 0x01..=0x1a, ..] => {
            let letter = char::from(b'a' + byte - 1);
            DecodeStep::Take(Input::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)), 1)
        }
        [0x00..=0x1f, ..] => DecodeStep::Skip(1),
        _ => character(bytes),
    }
}

/// A sequence that begins with `ESC [`: parameters, then one letter or `~`.
fn control_sequence(rest: &[u8]) -> DecodeStep {
    let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else { return DecodeStep::Wait };
    let (parameters, last) = (&rest[..end], rest[end]);
    let length = 2 + end + 1;
    if let Some(report) = parameters.strip_prefix(b"<") {
        return mouse(report, last).map_or(DecodeStep::Skip(length), |input| DecodeStep::Take(input, length));
    }
    let code = if last == b'~' { numbered(parameters) } else { named(last) };
    code.map_or(DecodeStep::Skip(length), |code| with_modifiers(code, modifiers(parameters), length))
}

/// The modifiers of a key: its second parameter is one more than the sum of 1 for Shift, 2 for Alt and 4 for Ctrl.
fn modifiers(parameters: &[u8]) -> KeyModifiers {
    let second = parameters.split(|byte| *byte == b';').nth(1);
    let number = second.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u8>().ok());
    let bits = number.unwrap_or(1).saturating_sub(1);
    let of = |bit, modifier| if bits & bit != 0 { modifier } else { KeyModifiers::NONE };
    of(1, KeyModifiers::SHIFT) | of(2, KeyModifiers::ALT) | of(4, KeyModifiers::CONTROL)
}

/// A mouse event: `button;column;row`, both from 1, and `M` for pressed.
fn mouse(report: &[u8], last: u8) -> Option<Input> {
    let text = std::str::from_utf8(report).ok()?;
    let mut numbers = text.split(';').map(str::parse::<u16>);
    let (button, column, row) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    match (button, last) {
        (0, b'M') => Some(Input::Click(column.checked_sub(1)?, row.checked_sub(1)?)),
        (35, b'M') => Some(Input::Hover(column.checked_sub(1)?, row.checked_sub(1)?)),
        (64 | 65, b'M') => Some(Input::Wheel { down: button == 65 }),
        _ => None,
    }
}

fn named(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Z' => KeyCode::BackTab,
        _ => return None,
    })
}

fn numbered(parameters: &[u8]) -> Option<KeyCode> {
    let number = parameters.split(|byte| *byte == b';').next()?;
    Some(match number {
        b"1" | b"7" => KeyCode::Home,
        b"3" => KeyCode::Delete,
        b"4" | b"8" => KeyCode::End,
        b"5" => KeyCode::PageUp,
        b"6" => KeyCode::PageDown,
        b"11" => KeyCode::F(1),
        _ => return None,
    })
}

/// One character of UTF-8.
fn character(bytes: &[u8]) -> DecodeStep {
    let length = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    let Some(whole) = bytes.get(..length) else { return DecodeStep::Wait };
    match std::str::from_utf8(whole).ok().and_then(|text| text.chars().next()) {
        Some(c) => take(KeyCode::Char(c), length),
        None => DecodeStep::Skip(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(bytes: &[u8]) -> Vec<KeyCode> {
        Decoder::default().feed(bytes).into_iter().filter_map(code).collect()
    }

    fn code(input: Input) -> Option<KeyCode> {
        match input {
            Input::Key(key) => Some(key.code),
            _ => None,
        }
    }

    #[test]
    fn the_mouse_clicks_and_turns() {
        let inputs =
            Decoder::default().feed(b"\x1b[<0;11;2M\x1b[<0;11;2m\x1b[<65;1;1M\x1b[<64;1;1M\x1b[<0;0;0M\x1b[<35;4;4M");
        let turned = [Input::Wheel { down: true }, Input::Wheel { down: false }];
        assert_eq!(inputs, [Input::Click(10, 1), turned[0], turned[1], Input::Hover(3, 3)]);
    }

    #[test]
    fn keys_of_many_terminals() {
        assert_eq!(codes(b"q?"), [KeyCode::Char('q'), KeyCode::Char('?')]);
        assert_eq!(codes("é深".as_bytes()), [KeyCode::Char('é'), KeyCode::Char('深')]);
        assert_eq!(codes(b"\x1b[A\x1bOB\x1b[1;5C"), [KeyCode::Up, KeyCode::Down, KeyCode::Right]);
        assert_eq!(codes(b"\x1b[5~\x1b[6~\x1b[Z"), [KeyCode::PageUp, KeyCode::PageDown, KeyCode::BackTab]);
        assert_eq!(codes(b"\r\t\x7f"), [KeyCode::Enter, KeyCode::Tab, KeyCode::Backspace]);
        assert_eq!(codes(b"\x1b[<35;10;20M\x1b[200~x"), [KeyCode::Char('x')]);
        assert_eq!(codes(b"\xffx"), [KeyCode::Char('x')]);
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(Decoder::default().feed(b"\x03"), [Input::Key(quit)]);
    }

    #[test]
    fn modifiers_of_a_key_are_reported() {
        let key_of = |bytes: &[u8]| match Decoder::default().feed(bytes).as_slice() {
            [Input::Key(key)] => Some((key.code, key.modifiers)),
            _ => None,
        };
        assert_eq!(key_of(b"\x1b[1;2D"), Some((KeyCode::Left, KeyModifiers::SHIFT)));
        assert_eq!(key_of(b"\x1b[5;5~"), Some((KeyCode::PageUp, KeyModifiers::CONTROL)));
        assert_eq!(key_of(b"\x1b[1;C"), Some((KeyCode::Right, KeyModifiers::NONE)));
    }

    #[test]
    fn bytes_may_come_one_by_one() {
        let mut decoder = Decoder::default();
        let keys: Vec<_> = b"\x1b[6~j".iter().flat_map(|byte| decoder.feed(&[*byte])).filter_map(code).collect();
        assert_eq!(keys, [KeyCode::PageDown, KeyCode::Char('j')]);
        assert!(!decoder.waits());
    }

    #[test]
    fn an_escape_alone_is_a_key_once_nothing_follows() {
        let mut decoder = Decoder::default();
        assert!(decoder.feed(b"\x1b").is_empty());
        assert!(decoder.waits());
        assert_eq!(decoder.flush().into_iter().filter_map(code).collect::<Vec<_>>(), [KeyCode::Esc]);
        assert!(!decoder.waits());
        assert!(decoder.feed(b"\x1b[1;").is_empty());
        assert_eq!(decoder.flush(), []);
    }

    /// Class: Escape and a key right after it, taken for that key with Alt.
    #[test]
    fn a_key_right_after_escape_is_a_key_of_its_own() {
        let after_escape = |reads: &[&[u8]]| -> Vec<KeyEvent> {
            let mut decoder = Decoder::default();
            let mut inputs: Vec<Input> = reads.iter().flat_map(|read| decoder.feed(read)).collect();
            inputs.extend(decoder.flush());
            inputs.into_iter().filter_map(|input| if let Input::Key(key) = input { Some(key) } else { None }).collect()
        };
        let plain = |codes: &[KeyCode]| -> Vec<KeyEvent> {
            codes.iter().map(|code| KeyEvent::new(*code, KeyModifiers::NONE)).collect()
        };
        let key = KeyCode::Char;
        assert_eq!(after_escape(&[b"\x1b", b"j"]), plain(&[KeyCode::Esc, key('j')]));
        assert_eq!(after_escape(&[b"\x1b", b"\x1b", b"2"]), plain(&[KeyCode::Esc, KeyCode::Esc, key('2')]));
        for letter in ['[', 'O'] {
            assert_eq!(after_escape(&[b"\x1b", letter.to_string().as_bytes()]), plain(&[KeyCode::Esc, key(letter)]));
        }
        assert_eq!(after_escape(&[b"\x1b", b"[A"]), plain(&[KeyCode::Up]), "a sequence in two reads");
        assert_eq!(after_escape(&[b"\x1bj"]), [KeyEvent::new(key('j'), KeyModifiers::ALT)], "at once: with Alt");
    }

    proptest::proptest! {
        #[test]
        fn noise_is_eaten(bytes: Vec<u8>) {
            let mut decoder = Decoder::default();
            for chunk in bytes.chunks(3) {
                decoder.feed(chunk);
                assert!(decoder.0.len() <= LONGEST + 3);
            }
        }
    }
}
