//! Sentences of parts, each in its tone.

/// How a part of a sentence is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tone {
    Plain,
    Gain,
    Loss,
    Warning,
    Critical,
    /// What to do: bold.
    Action,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentencePart {
    /// Its words.
    pub text: String,
    /// How they are shown.
    pub tone: Tone,
}

/// A sentence, the last part with its full stop. It is shown whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence {
    /// Its parts, one after the other.
    pub parts: Vec<SentencePart>,
    /// The same in fewer words; empty where there is no shorter form.
    pub short: Vec<SentencePart>,
    /// Whether it speaks of the sentence before it, and says nothing without its long form: what an alert costs, and
    /// what to do.
    pub is_dependent: bool,
}

impl Sentence {
    /// A sentence of these parts.
    pub(super) fn of(parts: impl IntoIterator<Item = SentencePart>) -> Self {
        Self { parts: parts.into_iter().collect(), ..Self::default() }
    }

    /// The same, which says nothing without the one before it.
    pub(super) const fn dependent(mut self) -> Self {
        self.is_dependent = true;
        self
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::of([part(text, Tone::Plain)])
    }

    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self::of([part(text, tone)])
    }

    /// Its words.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// This and what follows it after a comma, as one sentence; alone it is the short form.
    pub(super) fn followed_by(mut self, rest: Option<String>) -> Self {
        let alone = |mut parts: Vec<SentencePart>| {
            parts.push(part(".", Tone::Plain));
            parts
        };
        match rest {
            None => Self::of(alone(self.parts)),
            Some(rest) => {
                let short = alone(self.parts.clone());
                self.parts.push(part(format!(", {rest}."), Tone::Plain));
                Self { parts: self.parts, short, is_dependent: false }
            }
        }
    }
}

pub(super) fn part(text: impl Into<String>, tone: Tone) -> SentencePart {
    SentencePart { text: text.into(), tone }
}
