//! Names and padding, measured in cells and not in bytes.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells a text takes: those of its graphemes, as they are drawn one by one. Two letters that are narrower as a
/// ligature are not.
pub fn width(text: &str) -> usize {
    if text.chars().all(is_alone) {
        return UnicodeWidthStr::width(text);
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Whether a character is a grapheme of its own beside others of this kind: Latin letters, and the signs that are drawn.
fn is_alone(c: char) -> bool {
    c < '\u{300}' || ('\u{2010}'..'\u{20d0}').contains(&c) || ('\u{2100}'..'\u{2c00}').contains(&c)
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
    let head = take_cells(text.graphemes(true), cells - 1 - tail_cells);
    let tail: String = take_cells(text.graphemes(true).rev(), tail_cells).graphemes(true).rev().collect();
    format!("{head}…{tail}")
}

/// Names of one list, each in at most `cells` cells. One that would be shortened to the same text as another keeps the part
/// in which they differ: it is cut at its end if its beginning tells them apart, else at its beginning.
pub fn shorten_apart(names: &[&str], cells: usize) -> Vec<String> {
    let mut short: Vec<String> = names.iter().map(|name| shorten(name, cells)).collect();
    let is_same = |one: usize, other: usize| short.get(one) == short.get(other) && names.get(one) != names.get(other);
    let alike = |one: usize| -> Vec<&str> {
        (0..names.len()).filter(|other| is_same(one, *other)).filter_map(|other| names.get(other).copied()).collect()
    };
    let forms: Vec<(usize, String)> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| width(name) > cells)
        .map(|(nth, name)| (nth, name, alike(nth)))
        .filter(|(_, _, others)| !others.is_empty())
        .filter_map(|(nth, name, others)| Some((nth, keeping_difference(name, &others, cells)?)))
        .collect();
    for (nth, form) in forms {
        if let Some(short) = short.get_mut(nth) {
            *short = form;
        }
    }
    short
}

/// `name` in `cells` cells with the end that tells it from the others, or else with what is between two ends that do not;
/// `None` if it has no room for that.
fn keeping_difference(name: &str, others: &[&str], cells: usize) -> Option<String> {
    let room = cells.checked_sub(1)?;
    let own: Vec<&str> = name.graphemes(true).collect();
    let common = |same: &dyn Fn(&[&str]) -> usize| {
        let lengths = others.iter().map(|other| same(&other.graphemes(true).collect::<Vec<_>>()));
        lengths.fold((usize::MAX, 0), |(least, most), length| (least.min(length), most.max(length)))
    };
    let (_, same_head) = common(&|other| own.iter().zip(other).take_while(|(a, b)| a == b).count());
    let (least_tail, same_tail) =
        common(&|other| own.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count());
    let head = take_cells(own.iter().copied(), room);
    if head.graphemes(true).count() > same_head {
        return Some(format!("{}…", head.trim_end()));
    }
    let tail: String = take_cells(own.iter().rev().copied(), room).graphemes(true).rev().collect();
    if tail.graphemes(true).count() > same_tail {
        return Some(format!("…{}", tail.trim_start()));
    }
    let upto = own.get(..own.len().saturating_sub(least_tail))?.iter().rev().copied();
    let middle: String = take_cells(upto, room.checked_sub(1)?).graphemes(true).rev().collect();
    (!middle.is_empty()).then(|| format!("…{}…", middle.trim()))
}

/// `text` in at most `cells` cells without a part of a figure: the words before it are kept, or nothing.
pub fn cut_with_figures(text: &str, cells: usize) -> String {
    let mut text = cut(text, cells);
    while cuts_figure(&text) {
        let Some((before, _)) = text.trim_end_matches('…').trim_end().rsplit_once(' ') else { return String::new() };
        text = format!("{before}…");
    }
    text
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
    let head = take_cells(text.graphemes(true), cells - 1);
    let is_whole = text.get(head.len()..).is_none_or(|rest| rest.starts_with(' '));
    let words = head.rfind(' ').filter(|end| !is_whole && 2 * width(&head[..*end]) >= cells);
    format!("{}…", words.map_or(head.as_str(), |end| &head[..end]).trim_end())
}

/// `text` in at most `cells` cells, cut behind a whole clause where that leaves most of them, otherwise behind a whole word:
/// only a first word that is longer is cut itself.
pub fn cut_at_word(text: &str, cells: usize) -> String {
    if width(text) <= cells || cells == 0 {
        return cut(text, cells);
    }
    let clause = clauses(text, cells.saturating_sub(1));
    let words = whole_words(text, cells);
    let has_most = !clause.ends_with('…') && 5 * width(&clause) >= 3 * width(&words);
    if has_most { format!("{clause}…") } else { words }
}

fn whole_words(text: &str, cells: usize) -> String {
    let head = take_cells(text.graphemes(true), cells.saturating_sub(1));
    let is_whole = text.get(head.len()..).is_none_or(|rest| rest.starts_with(' '));
    let end = if is_whole { Some(head.len()) } else { head.rfind(' ') };
    let is_mark = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '→' | '(' | '·' | '…');
    let words = end.and_then(|end| head.get(..end)).map(|words| words.trim_end_matches(is_mark));
    // A figure without its unit would be read as one of another.
    let is_figure = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
    let words = words.map(|words| match words.rsplit_once(' ') {
        Some((before, last)) if is_figure(last) => before.trim_end_matches(is_mark),
        _ => words,
    });
    words.filter(|words| !words.is_empty()).map_or_else(|| cut(text, cells), |words| format!("{words}…"))
}

/// As much of `text` as `cells` cells hold, up to a figure that they do not hold whole: its first digits are another figure.
pub fn held(text: &str, cells: usize) -> &str {
    if width(text) <= cells {
        return text;
    }
    let head = take_cells(text.graphemes(true), cells);
    let (head, rest) = text.split_at(head.len());
    let is_of_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let goes_on = rest.trim_start_matches(['.', ',']).starts_with(|c: char| c.is_ascii_digit());
    if goes_on && rest.starts_with(is_of_figure) && head.ends_with(is_of_figure) {
        head.trim_end_matches(is_of_figure)
    } else {
        head
    }
}

/// Whether a text was shortened inside a figure: `12…5`, `$1,2…`.
pub fn cuts_figure(text: &str) -> bool {
    let is_figure = |c: char| c.is_ascii_digit() || ".,…$€¥%+−-≈≥±/kMBT".contains(c);
    let is_cut =
        |word: &str| word.contains('…') && word.contains(|c: char| c.is_ascii_digit()) && word.chars().all(is_figure);
    text.split_whitespace().any(is_cut)
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

/// As many graphemes as fit.
fn take_cells<'t>(graphemes: impl Iterator<Item = &'t str>, cells: usize) -> String {
    let mut left = cells;
    graphemes
        .map_while(|grapheme| {
            left = left.checked_sub(UnicodeWidthStr::width(grapheme))?;
            Some(grapheme)
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

    /// Class: a text of many short words was cut inside the last one.
    #[test]
    fn an_alerts_text_is_never_cut_inside_a_word() {
        let text = "KV cache 98 % full, 59 waiting → raise gpu-memory-utilization";
        for cells in 4..width(text) {
            let cut = cut_at_word(text, cells);
            let kept = cut.strip_suffix('…').unwrap_or_default();
            let rest = text.strip_prefix(kept).unwrap_or_default();
            assert!(width(&cut) <= cells && rest.starts_with([' ', ',', '…']), "{cells}: {cut}");
        }
        assert_eq!(cut_at_word(text, width(text)), text);
        assert_eq!(cut_at_word(text, 36), "KV cache 98 % full, 59 waiting…");
        assert_eq!(cut_at_word(text, 22), "KV cache 98 % full…");
        assert_eq!(cut_at_word(text, 12), "KV cache…", "98 of what");
        assert_eq!(cut_at_word("KV 97 %, 12 preemptions/min: fewer requests", 36), "KV 97 %, 12 preemptions/min…");
        assert_eq!(cut_at_word("gpu-memory-utilization", 6), "gpu-m…");
        assert_eq!(cut_at_word(text, 0), "");
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
    fn a_letter_keeps_its_marks() {
        let name = "ne\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}o";
        assert_eq!(shorten(name, 5), "ne\u{301}…e\u{301}o");
        assert_eq!(width("\u{644}\u{627}"), 2, "a ligature of Arabic is drawn as two letters");
        assert_eq!(cut("\u{5e9}\u{5b8}\u{5dc}\u{5d5}\u{5b9}\u{5dd}", 2), "\u{5e9}\u{5b8}…");
    }

    #[test]
    fn wide_characters_never_overrun() {
        for cells in 0..12 {
            assert!(width(&shorten("深度求索模型モデル-r1-混ぜ", cells)) <= cells);
        }
    }
}
