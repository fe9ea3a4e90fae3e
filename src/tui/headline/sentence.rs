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

/// What a sentence is for, in the order in which sentences are kept where not all have room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Importance {
    /// The state, with how it changed.
    State,
    /// What is wrong: an alert that is the cause of the change, or the gravest one.
    Wrong,
    /// What to do about it.
    Action,
    /// What else is wrong.
    WrongToo,
    /// What to do about that.
    ActionToo,
    /// What of the money is not known, and what to write.
    Missing,
    /// A part of the change that no alert explains.
    Part,
    /// What an alert costs.
    Cost,
    /// A remark.
    #[default]
    Remark,
}

/// A sentence, the last part with its full stop. It is shown whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sentence {
    /// Its parts, one after the other.
    pub parts: Vec<SentencePart>,
    /// The same in fewer words, the longest first; empty where there is no shorter form.
    pub shorter: Vec<Vec<SentencePart>>,
    /// Whether it speaks of the sentence before it, and says nothing where that does not name what it is about: what an
    /// alert costs, and what to do.
    pub is_dependent: bool,
    /// What it is for.
    pub importance: Importance,
    /// The form that no less important sentence shortens: 0 is the longest. `None` for the shortest.
    pub kept: Option<usize>,
    /// The number of forms, from the longest on, that name what the sentences after it speak of.
    pub naming: usize,
}

/// How the profit changed, as the end of a sentence: with the time that it is against, and without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangeWords {
    pub(super) long: String,
    /// `None` if there is nothing to say without the time.
    pub(super) short: Option<String>,
}

impl Sentence {
    /// A sentence of these parts.
    pub(super) fn of(parts: impl IntoIterator<Item = SentencePart>) -> Self {
        Self { parts: parts.into_iter().collect(), naming: 1, ..Self::default() }
    }

    /// The same, which says nothing without the one before it.
    pub(super) const fn dependent(mut self) -> Self {
        self.is_dependent = true;
        self
    }

    /// The same with another importance.
    pub(super) const fn at(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// The same with shorter forms, of which the first `naming`, the longest one counted, name what it is about.
    pub(super) fn or(mut self, shorter: Vec<Vec<SentencePart>>, naming: usize) -> Self {
        (self.shorter, self.naming) = (shorter, naming);
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

    /// This and how it changed, after a comma, as one sentence. Where there is no room the time of the comparison is left
    /// out, and the change itself only where there is no room for it alone.
    pub(super) fn followed_by(self, change: Option<ChangeWords>) -> Self {
        let ended = |end: &str| {
            let mut parts = self.parts.clone();
            parts.push(part(format!("{end}."), Tone::Plain));
            parts
        };
        let Some(ChangeWords { long, short }) = change else {
            return Self::of(ended("")).at(Importance::State);
        };
        let short = short.map(|short| ended(&format!(", {short}")));
        let kept = short.is_some().then_some(1);
        let shorter: Vec<_> = short.into_iter().chain([ended("")]).collect();
        let naming = shorter.len() + 1;
        Self { kept, ..Self::of(ended(&format!(", {long}"))).at(Importance::State).or(shorter, naming) }
    }
}

pub(super) fn part(text: impl Into<String>, tone: Tone) -> SentencePart {
    SentencePart { text: text.into(), tone }
}
