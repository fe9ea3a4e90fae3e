//! Whole sentences about the present state: each is shown completely or left out.

use ratatui::layout::Rect;

use super::{Canvas, Segment, cells};

/// A sentence in several lengths, the longest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentenceForms<'a> {
    forms: Vec<Vec<Segment<'a>>>,
    is_dependent: bool,
}

impl<'a> SentenceForms<'a> {
    /// A sentence of one length.
    pub fn new(segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        Self { forms: vec![segments.into_iter().collect()], is_dependent: false }
    }

    /// Adds a shorter form.
    #[must_use]
    pub fn or(mut self, segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        self.forms.push(segments.into_iter().collect());
        self
    }

    /// Makes the sentence dependent: it is shown only if the last independent sentence before it is shown at its
    /// full length.
    #[must_use]
    pub const fn dependent(mut self, is_dependent: bool) -> Self {
        self.is_dependent = is_dependent;
        self
    }

    fn width(&self, form: usize) -> usize {
        self.forms.get(form).map_or(0, |form| cells(form))
    }

    fn shortest(&self) -> usize {
        (0..self.forms.len()).min_by_key(|form| self.width(*form)).unwrap_or(0)
    }
}

/// Sentences in order: state and change, cause, cost, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headline<'a> {
    /// The most important first: if one does not fit, those after it are left out too.
    pub sentences: Vec<SentenceForms<'a>>,
}

impl Headline<'_> {
    /// Draws as many sentences as fit into the first row of `area`, each as long as possible. Returns how many.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> usize {
        let mut clip = canvas.clip(area);
        let shown = self.shown(usize::from(clip.width()));
        let mut x = 0;
        for (place, form) in &shown {
            let segments = self.sentences.get(*place).and_then(|sentence| sentence.forms.get(*form));
            x = clip.line(x, 0, segments.map_or(&[], Vec::as_slice)) + 1;
        }
        shown.len()
    }

    /// The indexes of the sentences that are shown, each with the index of its form.
    fn shown(&self, room: usize) -> Vec<(usize, usize)> {
        let mut used = 0;
        let mut shown: Vec<(usize, usize)> = Vec::new();
        let mut spoken_of = None;
        for (place, sentence) in self.sentences.iter().enumerate() {
            let form = sentence.shortest();
            let mut needed = used + usize::from(used > 0) + sentence.width(form);
            if sentence.is_dependent {
                // A dependent sentence needs the full length of the sentence that it refers to, or is left out.
                let Some(other) = spoken_of.and_then(|at: usize| shown.get_mut(at)) else { continue };
                let whole = |form: usize| self.sentences.get(other.0).map_or(0, |sentence| sentence.width(form));
                needed += whole(0) - whole(other.1).min(whole(0));
                if needed > room {
                    continue;
                }
                other.1 = 0;
            } else if needed > room {
                break;
            } else {
                spoken_of = Some(shown.len());
            }
            used = needed;
            shown.push((place, form));
        }
        for (place, chosen) in &mut shown {
            let Some(sentence) = self.sentences.get(*place) else { continue };
            let without = used - sentence.width(*chosen);
            let longer = (0..*chosen).find(|form| without + sentence.width(*form) <= room);
            if let Some(form) = longer {
                used = without + sentence.width(form);
                *chosen = form;
            }
        }
        shown
    }
}
