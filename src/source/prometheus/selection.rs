//! Which series are asked for: by their names, in as few queries as the server's limits allow.

use crate::dialect;

/// The most characters of names in one query.
const LONGEST: usize = 16_000;

/// The names to ask for, in parts of which each is one query.
#[derive(Debug, Default)]
pub(super) struct NameSelection {
    parts: Vec<Vec<String>>,
}

impl NameSelection {
    /// The names of a server that dialects read, except that of start times. What was split for its size stays split.
    pub(super) fn learn(&mut self, names: Vec<String>) {
        let mut wanted: Vec<String> = names
            .into_iter()
            .filter(|name| is_plain(name) && dialect::is_read(name) && !dialect::is_start(name))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut known: Vec<&String> = self.parts.iter().flatten().collect();
        known.sort_unstable();
        if known.into_iter().eq(&wanted) {
            return;
        }
        let parts = self.parts.len().max(1);
        let longest = (wanted.iter().map(|name| name.len() + 1).sum::<usize>() / parts + 1).min(LONGEST);
        self.parts = Vec::new();
        let mut length = usize::MAX;
        for name in wanted {
            if length.saturating_add(name.len()) > longest {
                self.parts.push(Vec::new());
                length = 0;
            }
            length += name.len() + 1;
            self.parts.iter_mut().next_back().into_iter().for_each(|part| part.push(name.clone()));
        }
    }

    /// Whether no name is known.
    pub(super) const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The matchers of each query.
    pub(super) fn matchers(&self) -> Vec<String> {
        self.parts.iter().map(|part| format!("{{__name__=~\"{}\"}}", part.join("|"))).collect()
    }

    /// Splits a part that is too large for one query. Returns whether that is possible.
    pub(super) fn split(&mut self, part: usize) -> bool {
        let Some(names) = self.parts.get_mut(part).filter(|names| names.len() > 1) else { return false };
        let rest = names.split_off(names.len() / 2);
        self.parts.insert(part + 1, rest);
        true
    }
}

/// The matcher of the series whose names begin as those that dialects read.
pub(super) fn known_prefixes() -> String {
    format!("{{__name__=~\"({}).*\"}}", dialect::prefixes().join("|"))
}

/// The matcher of the start times of some jobs; of all processes if one of them has no job.
pub(super) fn starts_of(jobs: &[&str]) -> String {
    let name = "__name__=\"process_start_time_seconds\"";
    let quoted: Vec<String> = jobs.iter().map(|job| escaped(job)).collect();
    if jobs.iter().any(|job| job.is_empty()) || quoted.iter().map(String::len).sum::<usize>() > LONGEST {
        return format!("{{{name}}}");
    }
    format!("{{{name},job=~\"{}\"}}", quoted.join("|"))
}

/// A text as a regular expression in a string of `PromQL`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                escaped.push_str("\\\\");
                escaped.push(character);
            }
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// Whether a name needs no quotes and no escape.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_what_dialects_read_is_asked_for_and_a_large_part_is_split() {
        let mut selection = NameSelection::default();
        let server = [
            "up",
            "go_info",
            "vllm:prompt_tokens_total",
            "DCGM_FI_DEV_GPU_UTIL",
            "vllm:x\"y",
            "process_start_time_seconds",
        ];
        selection.learn(names(&server));
        assert_eq!(selection.matchers(), ["{__name__=~\"DCGM_FI_DEV_GPU_UTIL|vllm:prompt_tokens_total\"}"]);
        assert!(selection.split(0) && !selection.split(0));
        assert_eq!(selection.matchers().len(), 2);
        selection.learn(names(&server));
        assert_eq!(selection.matchers().len(), 2, "the same names stay split");
        selection.learn(names(&[
            "vllm:prompt_tokens_total",
            "vllm:generation_tokens_total",
            "sglang:prompt_tokens_total",
        ]));
        assert!(selection.matchers().len() >= 2, "and so do others");
    }

    /// Class: a job's name ends the string or the expression that it stands in.
    #[test]
    fn jobs_are_quoted() {
        assert_eq!(starts_of(&["a.b", "c\"d"]), "{__name__=\"process_start_time_seconds\",job=~\"a\\\\.b|c\\\"d\"}");
        assert_eq!(starts_of(&["a", ""]), "{__name__=\"process_start_time_seconds\"}");
    }
}
