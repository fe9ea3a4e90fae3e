//! Splits what comes from a machine into rounds: the pages of one look.

use super::command::Mark;

/// The pages of one look at a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SshRound {
    /// The page of an agent.
    Agent(Vec<u8>),
    /// What a shell printed: what the host calls itself, what nvidia-smi printed, and pages by their ports; `None` for a port
    /// that had a page before and has none now.
    Shell { host: String, smi: String, pages: Vec<(u16, Option<Vec<u8>>)>, without_curl: bool },
}

/// Why the output cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// Reads output in pieces of any size.
#[derive(Debug)]
pub(super) struct RoundReader {
    mark: Mark,
    /// The most bytes of a round.
    limit: usize,
    waiting: Vec<u8>,
    begun: Begun,
    size: usize,
}

/// What has been read of the round that is being read.
#[derive(Debug)]
enum Begun {
    /// Before the first mark, where a login may print something.
    Nothing,
    Agent(Vec<u8>),
    Shell {
        host: String,
        smi: Vec<u8>,
        pages: Vec<(u16, Option<Vec<u8>>)>,
        without_curl: bool,
    },
}

/// The last line of an agent's page.
const END_OF_PAGE: &[u8] = b"# EOF";
/// The most pages of a round: more than there are ports to ask.
const MOST_PAGES: usize = 64;

impl RoundReader {
    pub(super) const fn new(mark: Mark, limit: usize) -> Self {
        Self { mark, limit, waiting: Vec::new(), begun: Begun::Nothing, size: 0 }
    }

    /// Whether the far side has begun.
    pub(super) const fn has_begun(&self) -> bool {
        !matches!(self.begun, Begun::Nothing)
    }

    /// Takes the next bytes, and returns the newest round that they complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Option<SshRound>, TooMuch> {
        self.waiting.extend_from_slice(bytes);
        let (mut newest, mut from) = (None, 0);
        let waiting = std::mem::take(&mut self.waiting);
        while let Some(length) = memchr::memchr(b'\n', waiting.get(from..).unwrap_or_default()) {
            let line = waiting.get(from..from + length).unwrap_or_default();
            from += length + 1;
            if let Some(round) = self.line(line) {
                newest = Some(round);
                self.size = 0;
            } else {
                self.size += length + 1;
            }
            if self.size > self.limit {
                return Err(TooMuch);
            }
        }
        self.waiting = waiting.get(from..).unwrap_or_default().to_vec();
        if self.size + self.waiting.len() > self.limit { Err(TooMuch) } else { Ok(newest) }
    }

    fn line(&mut self, line: &[u8]) -> Option<SshRound> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let marked = line.strip_prefix(self.mark.as_str().as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        if let Some(marked) = marked {
            return self.marked(&String::from_utf8_lossy(marked));
        }
        match &mut self.begun {
            Begun::Nothing => {}
            Begun::Agent(page) if line == END_OF_PAGE => return Some(SshRound::Agent(std::mem::take(page))),
            Begun::Agent(page) => put(page, line),
            Begun::Shell { smi, pages, .. } => match pages.last_mut() {
                None => put(smi, line),
                Some((_, Some(page))) => put(page, line),
                Some((_, None)) => {}
            },
        }
        None
    }

    fn marked(&mut self, what: &str) -> Option<SshRound> {
        let (word, rest) = what.split_once(' ').unwrap_or((what, ""));
        match (word, &mut self.begun) {
            ("agent", _) => self.begun = Begun::Agent(Vec::new()),
            ("shell", _) => {
                let host = rest.trim().to_owned();
                self.begun = Begun::Shell { host, smi: Vec::new(), pages: Vec::new(), without_curl: false };
            }
            ("smi", Begun::Shell { smi, pages, without_curl, .. }) => {
                smi.clear();
                pages.clear();
                *without_curl = false;
            }
            ("no-curl", Begun::Shell { without_curl, .. }) => *without_curl = true,
            ("page" | "missed", Begun::Shell { pages, .. }) => {
                if let Some(port) = rest.parse().ok().filter(|_| pages.len() < MOST_PAGES) {
                    pages.push((port, (word == "page").then(Vec::new)));
                }
            }
            ("end", Begun::Shell { host, smi, pages, without_curl }) => {
                return Some(SshRound::Shell {
                    host: host.clone(),
                    smi: String::from_utf8_lossy(&std::mem::take(smi)).into_owned(),
                    pages: std::mem::take(pages),
                    without_curl: *without_curl,
                });
            }
            _ => {}
        }
        None
    }
}

fn put(page: &mut Vec<u8>, line: &[u8]) {
    page.extend_from_slice(line);
    page.push(b'\n');
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const SHELL: &str = "Welcome to gpu-1!\nm shell gpu-1\nm smi\n0, GPU-1\nm page 8000\na 1\nm end\nm smi\n0, GPU-1\nm page 8000\na 2\nm page 8001\nb 1\nm missed 8002\nm end\nm smi\n0";

    fn last(text: &str, size: usize) -> Option<SshRound> {
        let mut reader = RoundReader::new(Mark::of("m"), 10_000);
        text.as_bytes().chunks(size).filter_map(|piece| reader.take(piece).unwrap()).last()
    }

    #[test]
    fn rounds_are_read_in_pieces_of_any_size() {
        for size in [1, 3, 17, 1000] {
            let Some(SshRound::Shell { host, smi, pages, without_curl }) = last(SHELL, size) else { panic!("{size}") };
            assert_eq!((host.as_str(), smi.as_str(), without_curl), ("gpu-1", "0, GPU-1\n", false));
            assert_eq!(pages, [(8000, Some(b"a 2\n".to_vec())), (8001, Some(b"b 1\n".to_vec())), (8002, None)]);
            let agent = last("motd\nm agent\na 1\n# EOF\na 2\n# EOF\na 3\n", size);
            assert_eq!(agent, Some(SshRound::Agent(b"a 2\n".to_vec())));
        }
    }

    /// Class: an unfinished or foreign output that is taken for a page.
    #[test]
    fn nothing_is_read_before_the_mark_or_before_the_end_of_a_round() {
        for text in [
            "a 1\n# EOF\n",
            "m smi\nm end\n",
            "x agent\na 1\n# EOF\n",
            "m agent\na 1\n",
            "m shell h\nm smi\nm page 1\na 1\n",
        ] {
            assert_eq!(last(text, 1000), None, "{text}");
        }
    }

    /// Class: output without an end takes all memory.
    #[test]
    fn a_round_has_a_limit() {
        for endless in [
            "m agent\n".to_owned() + &"a 1\n".repeat(5000),
            "x".repeat(20_000),
            "m agent\n".to_owned() + &"x".repeat(20_000),
        ] {
            let mut reader = RoundReader::new(Mark::of("m"), 10_000);
            let read: Result<Vec<_>, _> = endless.as_bytes().chunks(512).map(|piece| reader.take(piece)).collect();
            assert_eq!(read, Err(TooMuch));
        }
    }
}
