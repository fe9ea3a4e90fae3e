//! Pages that are read by the layout of the page before say what they say when they are read alone.
//!
//! The class of fault: what is remembered of one page is taken for the next one.

use std::path::Path;

use margintop::dialect::{self, Hint, PageLayouts, PageReader};
use margintop::reading::PageReading;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// What a page may say in place of a value, plausible or not.
const VALUES: [&str; 16] = [
    "0",
    "7.0",
    "123456789.0",
    "1.5e+07",
    "0.25",
    "-1",
    "NaN",
    "+Inf",
    "1e300",
    "9007199254740993",
    "",
    "x",
    "3 1790000000",
    "3 # {trace=\"a\"} 1",
    "1.79e+09",
    "\t5",
];

fn pages() -> Vec<(String, Vec<u8>)> {
    let mut pages = Vec::new();
    for folder in ["engines", "gpus", "real"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "prom") {
                pages.push((file.file_name().unwrap().display().to_string(), std::fs::read(&file).unwrap()));
            }
        }
    }
    pages.sort();
    pages
}

/// A page whose values moved as those of an engine do: every number that is whole is a larger one.
fn moved(page: &str, by: usize) -> String {
    let line =
        |line: &str| match line.rsplit_once(' ').and_then(|(series, value)| Some((series, value.parse::<f64>().ok()?)))
        {
            Some((series, value)) if !line.starts_with('#') && value.fract() == 0.0 && value.abs() < 1e15 => {
                format!("{series} {:?}\n", value + by as f64)
            }
            _ => format!("{line}\n"),
        };
    page.lines().map(line).collect()
}

/// A page with some lines that say something else, are gone, stand twice or differ in a letter.
fn damaged(page: &str, dice: &mut Dice) -> String {
    let every = 1 + dice.below(page.lines().count().max(2));
    let mut damaged = String::new();
    for line in page.lines() {
        let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
        match dice.below(every * 6) {
            0..=2 => damaged.extend([series, " ", VALUES[dice.below(VALUES.len())], "\n"]),
            3 => {}
            4 => damaged.extend([line, "\n", line, "\n"]),
            5 if line.is_ascii() && !line.is_empty() => {
                let at = dice.below(line.len());
                damaged.extend([&line[..at], ["a", "\"", "}", " ", "#"][dice.below(5)], &line[at + 1..], "\n"]);
            }
            _ => damaged.extend([line, "\n"]),
        }
    }
    match dice.below(20) {
        0 => damaged.truncate(damaged.len() - damaged.len().min(3)),
        1 => damaged.push_str("# EOF\n"),
        2 => damaged.push_str("vllm:prompt_tokens_total{engine=\"9\",model_name=\"m\"} 5\n"),
        _ => {}
    }
    damaged
}

fn alone(page: &str, hint: &Hint) -> Option<PageReading> {
    dialect::read(page.as_bytes(), hint).ok()
}

#[test]
fn a_page_says_the_same_whatever_was_read_before_it() {
    let (mut dice, hints) = (Dice(1), [Hint::default(), Hint { openmetrics: Some(true), ..Hint::default() }]);
    for (name, page) in pages() {
        let page = String::from_utf8_lossy(&page).into_owned();
        let layouts = PageLayouts::default();
        let hint = &hints[dice.below(2)];
        for nth in 0..40 {
            // Each damaged page stands between two sound ones, so that the layout is known when it comes.
            let mut reader = PageReader::default();
            let next = damaged(&page, &mut dice);
            for (what, page) in [("sound", &page), ("damaged", &next), ("sound again", &page), ("damaged again", &next)]
            {
                let read = reader.read(page.as_bytes(), hint, &layouts).ok();
                assert_eq!(read, alone(page, hint), "{name}, {what}, {nth}");
            }
        }
    }
}

/// Pages whose every line is of one process of one engine, or of a GPU, are those that are worth it.
#[test]
fn the_pages_of_engines_and_gpus_have_layouts() {
    let plain = [
        "dcgm-exporter.prom",
        "vllm-dp4.prom",
        "vllm-qwen.prom",
        "vllm-pd-decode.prom",
        "sglang-pd-decode.prom",
        "llamacpp.prom",
    ];
    for (name, page) in pages().into_iter().filter(|(name, _)| plain.contains(&name.as_str())) {
        let page = String::from_utf8(page).unwrap();
        let (mut reader, layouts) = (PageReader::default(), PageLayouts::default());
        for by in 0..5 {
            let page = moved(&page, by);
            let read = reader.read(page.as_bytes(), &Hint::default(), &layouts).unwrap();
            assert_eq!(Some(read), alone(&page, &Hint::default()), "{name}");
            assert!(reader.has_layout(), "{name}");
        }
    }
}
