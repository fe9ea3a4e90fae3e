//! The terminal's clipboard, by the sequence `OSC 52`: it reaches the machine that a person sits at through ssh too.
//!
//! tmux takes the sequence itself where `set-clipboard` is `on`, and hands it on in an envelope where `allow-passthrough`
//! is; screen hands it on in envelopes of limited length. A terminal that does not know it drops it.

/// The most bytes of text: several terminals drop a sequence beyond 100,000 bytes of base64.
const MOST: usize = 74_000;
/// The most bytes that screen takes in one envelope.
const ENVELOPE: usize = 700;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What stands between the program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Multiplexer {
    /// Nothing that is known.
    None,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// From the variables that they set.
    pub(in crate::tui) fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        if is_set("TMUX") {
            Self::Tmux
        } else if is_set("STY") {
            Self::Screen
        } else {
            Self::None
        }
    }
}

/// The bytes that put a text into the clipboard; `None` if it is too long.
pub(in crate::tui) fn copying(text: &str, within: Multiplexer) -> Option<Vec<u8>> {
    if text.len() > MOST {
        return None;
    }
    let plain = [b"\x1b]52;c;".to_vec(), base64(text.as_bytes()), b"\x07".to_vec()].concat();
    Some(match within {
        Multiplexer::None => plain,
        Multiplexer::Tmux => {
            let escaped: Vec<u8> = plain.iter().flat_map(|byte| doubled(*byte)).collect();
            [&plain, &b"\x1bPtmux;"[..], &escaped, b"\x1b\\"].concat()
        }
        Multiplexer::Screen => plain.chunks(ENVELOPE).flat_map(|part| [b"\x1bP", part, b"\x1b\\"].concat()).collect(),
    })
}

/// An escape inside tmux's envelope stands twice.
fn doubled(byte: u8) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(byte, if byte == 0x1b { 2 } else { 1 })
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = (bits >> (18 - 6 * place)) as usize & 63;
            out.push(if place <= three.len() { LETTERS[letter] } else { b'=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, within: Multiplexer) -> String {
        copying(text, within).map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn letters_and_their_padding() {
        for (text, code) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("╌ ?>~", "4pWMID8+fg==")]
        {
            assert_eq!(String::from_utf8(base64(text.as_bytes())).as_deref(), Ok(code), "{text}");
        }
    }

    #[test]
    fn each_multiplexer_has_its_envelope() {
        assert_eq!(sent("foo", Multiplexer::None), "\x1b]52;c;Zm9v\x07");
        let both = "\x1b]52;c;Zm9v\x07\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\";
        assert_eq!(sent("foo", Multiplexer::Tmux), both);
        assert_eq!(sent("foo", Multiplexer::Screen), "\x1bP\x1b]52;c;Zm9v\x07\x1b\\");
        let long = sent(&"x".repeat(3_000), Multiplexer::Screen);
        assert_eq!(long.matches("\x1bP").count(), 6);
        assert_eq!(long.replace("\x1bP", "").replace("\x1b\\", ""), sent(&"x".repeat(3_000), Multiplexer::None));
        assert_eq!(copying(&"x".repeat(MOST + 1), Multiplexer::None), None);
    }

    #[test]
    fn they_are_known_by_their_variables() {
        let of = |set: &'static str| Multiplexer::detect(move |name| (name == set).then(|| "1".to_owned()));
        assert_eq!([of("TMUX"), of("STY"), of("TERM")], [Multiplexer::Tmux, Multiplexer::Screen, Multiplexer::None]);
    }
}
