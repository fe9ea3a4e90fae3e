//! What happened, in whole sentences: each is shown whole, or left out.

use ratatui::layout::Rect;

use super::{Canvas, Segment, cells};

/// A sentence: the same in several lengths, the longest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentenceForms<'a>(pub Vec<Vec<Segment<'a>>>);

impl<'a> SentenceForms<'a> {
    /// A sentence of one length.
    pub fn new(segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        Self(vec![segments.into_iter().collect()])
    }

    /// The same with a shorter form.
    #[must_use]
    pub fn or(mut self, segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        self.0.push(segments.into_iter().collect());
        self
    }

    fn width(&self, form: usize) -> usize {
        self.0.get(form).map_or(0, |form| cells(form))
    }

    fn shortest(&self) -> usize {
        (0..self.0.len()).min_by_key(|form| self.width(*form)).unwrap_or(0)
    }
}

/// Sentences in their order: state and change, the cause, what it costs, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headline<'a> {
    /// The most important first: one that does not fit takes those behind it with it.
    pub sentences: Vec<SentenceForms<'a>>,
}

impl Headline<'_> {
    /// Draws it into the first row of `area`: as many sentences as fit, each as long as it can be. Returns how many.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> usize {
        let mut clip = canvas.clip(area);
        let forms = self.forms(usize::from(clip.width()));
        let mut x = 0;
        for (sentence, form) in self.sentences.iter().zip(&forms) {
            let Some(segments) = sentence.0.get(*form) else { continue };
            x = clip.line(x, 0, segments) + 1;
        }
        forms.len()
    }

    /// The form of each sentence that is shown.
    fn forms(&self, room: usize) -> Vec<usize> {
        let mut used = 0;
        let mut forms = Vec::new();
        for sentence in &self.sentences {
            let form = sentence.shortest();
            let needed = used + usize::from(used > 0) + sentence.width(form);
            if needed > room {
                break;
            }
            used = needed;
            forms.push(form);
        }
        for (sentence, chosen) in self.sentences.iter().zip(&mut forms) {
            let without = used - sentence.width(*chosen);
            let longer = (0..*chosen).find(|form| without + sentence.width(*form) <= room);
            if let Some(form) = longer {
                used = without + sentence.width(form);
                *chosen = form;
            }
        }
        forms
    }
}
