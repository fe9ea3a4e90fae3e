//! Writes pages in the Prometheus text format.

use std::fmt::{Display, Write};

use super::FamilyKind;

/// Appends families and series to a page. A family's series follow its head; the caller keeps them together.
#[derive(Debug, Default)]
pub struct Emitter {
    page: String,
}

impl Emitter {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the head of a family: its type and its help, which may be any text.
    pub fn family(&mut self, name: &str, kind: FamilyKind, help: &str) -> &mut Self {
        let kind = match kind {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram => "histogram",
            FamilyKind::Summary => "summary",
            FamilyKind::Other | FamilyKind::Unknown => "untyped",
        };
        self.put("# HELP ").put(name).put(" ").escaped(help, false);
        self.put("\n# TYPE ").put(name).put(" ").put(kind).put("\n")
    }

    /// Writes one series. A name or label name that the format cannot write bare is quoted, as in Prometheus 3.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        let bare = is_bare(name, true);
        if bare {
            self.put(name);
        }
        if !bare || !labels.is_empty() {
            self.put("{");
            if !bare {
                self.quoted(name);
            }
            for (place, (label, text)) in labels.iter().enumerate() {
                if place > 0 || !bare {
                    self.put(",");
                }
                if is_bare(label, false) {
                    self.put(label)
                } else {
                    self.quoted(label)
                };
                self.put("=").quoted(text);
            }
            self.put("}");
        }
        // Writing to a String cannot fail.
        let _ = match value.to_string().as_str() {
            "inf" => writeln!(self.page, " +Inf"),
            "-inf" => writeln!(self.page, " -Inf"),
            plain => writeln!(self.page, " {plain}"),
        };
        self
    }

    /// Writes a page that is complete in itself.
    pub fn append(&mut self, page: &str) -> &mut Self {
        self.put(page)
    }

    /// The page so far.
    pub fn as_str(&self) -> &str {
        &self.page
    }

    /// The page.
    pub fn finish(self) -> String {
        self.page
    }

    fn put(&mut self, text: &str) -> &mut Self {
        self.page.push_str(text);
        self
    }

    fn quoted(&mut self, text: &str) -> &mut Self {
        self.put("\"").escaped(text, true).put("\"")
    }

    fn escaped(&mut self, text: &str, quotes: bool) -> &mut Self {
        for c in text.chars() {
            match c {
                '\\' => self.page.push_str("\\\\"),
                '\n' => self.page.push_str("\\n"),
                '"' if quotes => self.page.push_str("\\\""),
                c => self.page.push(c),
            }
        }
        self
    }
}

fn is_bare(name: &str, colons: bool) -> bool {
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || (colons && b == b':'))
}
