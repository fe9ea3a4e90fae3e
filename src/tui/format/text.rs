//! Names and padding, measured in cells and not in bytes.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` in at most `cells` cells, cut in the middle: names differ at their ends.
pub fn shorten(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    match cells {
        0 => return String::new(),
        1 => return "…".to_owned(),
        _ => {}
    }
    let tail_cells = (cells - 1) / 2;
    let head = take_cells(text.chars(), cells - 1 - tail_cells);
    let tail: String = take_cells(text.chars().rev(), tail_cells).chars().rev().collect();
    format!("{head}…{tail}")
}

/// `text` in at most `cells` cells, cut at its end: sentences are read from their start. A word is cut only where it takes
/// half of the cells or more.
pub fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    if cells == 0 {
        return String::new();
    }
    let head = take_cells(text.chars(), cells - 1);
    let is_whole = text.get(head.len()..).is_none_or(|rest| rest.starts_with(' '));
    let words = head.rfind(' ').filter(|end| !is_whole && 2 * width(&head[..*end]) >= cells);
    format!("{}…", words.map_or(head.as_str(), |end| &head[..end]).trim_end())
}

/// The first of the forms of a text that takes at most `cells` cells; nothing where none does.
pub fn fitting<'f>(forms: &[&'f str], cells: usize) -> &'f str {
    forms.iter().find(|form| width(form) <= cells).copied().unwrap_or("")
}

/// As many of the clauses of `text` as fit `cells` cells; the first is cut at its end.
pub fn clauses(text: &str, cells: usize) -> String {
    let mut kept = text;
    while width(kept) > cells {
        let ends = [", ", "; ", ": ", " → "].into_iter().filter_map(|end| kept.rfind(end));
        match ends.max().and_then(|end| kept.get(..end)) {
            Some(before) => kept = before,
            None => return cut(kept, cells),
        }
    }
    kept.to_owned()
}

fn take_cells(chars: impl Iterator<Item = char>, cells: usize) -> String {
    let mut left = cells;
    chars
        .map_while(|c| {
            left = left.checked_sub(c.width().unwrap_or(0))?;
            Some(c)
        })
        .collect()
}

/// `text` in lines of at most `cells` cells, broken at spaces; a longer word is cut.
pub fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, cells);
        match lines.last_mut().filter(|line| width(line) + 1 + width(&word) <= cells) {
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            }
            None => lines.push(word),
        }
    }
    lines
}

/// `text` with spaces before it up to `cells`.
pub fn pad_left(text: &str, cells: usize) -> String {
    format!("{}{text}", " ".repeat(cells.saturating_sub(width(text))))
}

/// `text` with spaces behind it up to `cells`.
pub fn pad_right(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_goes_first() {
        assert_eq!(shorten("deepseek-r1-distill-qwen-32b", 13), "deepse…en-32b");
        assert_eq!(shorten("short", 13), "short");
        assert_eq!(shorten("ab", 1), "…");
        assert_eq!(shorten("ab", 0), "");
    }

    #[test]
    fn a_sentence_is_cut_between_words() {
        assert_eq!(cut("KV cache 98 % full and 59 waiting", 22), "KV cache 98 % full…");
        assert_eq!(cut("KV cache 98 % full and 59 waiting", 23), "KV cache 98 % full and…");
        assert_eq!(cut("a verylongname", 9), "a verylo…");
        assert_eq!(fitting(&["15x4 is too small", "too small", "small"], 9), "too small");
        assert_eq!(fitting(&["too small"], 3), "");
    }

    #[test]
    fn a_phrase_loses_whole_clauses() {
        let text = "gpu-0118, 8 GPUs, the rent runs on";
        assert_eq!(clauses(text, 34), text);
        assert_eq!(clauses(text, 33), "gpu-0118, 8 GPUs");
        assert_eq!(clauses(text, 15), "gpu-0118");
        assert_eq!(clauses(text, 5), "gpu-…");
        assert_eq!(clauses(text, 0), "");
        assert_eq!(clauses("KV cache full → cap its requests", 20), "KV cache full");
    }

    #[test]
    fn wide_characters_never_overrun() {
        for cells in 0..12 {
            assert!(width(&shorten("深度求索模型モデル-r1-混ぜ", cells)) <= cells);
        }
    }
}
