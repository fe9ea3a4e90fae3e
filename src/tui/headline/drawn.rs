//! Sentences as the widget draws them.

use super::sentence::{Sentence, SentencePart, Tone};
use crate::tui::theme::Role;
use crate::tui::widgets::Segment;
use crate::tui::widgets::headline::{Headline, SentenceForms};

/// The sentences in all their forms, to be drawn as room allows.
pub fn drawn(sentences: Vec<Sentence>) -> Headline<'static> {
    Headline { sentences: sentences.into_iter().map(forms).collect() }
}

fn forms(sentence: Sentence) -> SentenceForms<'static> {
    let long = SentenceForms::new(segments(sentence.parts))
        .dependent(sentence.is_dependent)
        .importance(sentence.importance as u8)
        .naming(sentence.naming);
    let whole = sentence.shorter.into_iter().fold(long, |forms, short| forms.or(segments(short)));
    match sentence.kept {
        Some(form) => whole.kept(form),
        None => whole,
    }
}

fn segments(parts: Vec<SentencePart>) -> Vec<Segment<'static>> {
    parts.into_iter().map(segment).collect()
}

fn segment(part: SentencePart) -> Segment<'static> {
    let role = match part.tone {
        Tone::Plain | Tone::Action => Role::Text,
        Tone::Gain => Role::Gain,
        Tone::Loss => Role::Loss,
        Tone::Warning => Role::Warning,
        Tone::Critical => Role::Critical,
    };
    let segment = Segment::new(role, part.text);
    if part.tone == Tone::Action { segment.bold() } else { segment }
}
