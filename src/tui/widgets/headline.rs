//! Whole sentences about the present state: each is shown completely or left out.

use ratatui::layout::Rect;

use super::{Canvas, Segment, cells};

/// A sentence in several lengths, the longest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentenceForms<'a> {
    forms: Vec<Vec<Segment<'a>>>,
    is_dependent: bool,
    importance: u8,
    kept: Option<usize>,
    naming: usize,
}

impl<'a> SentenceForms<'a> {
    /// A sentence of one length.
    pub fn new(segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        Self { forms: vec![segments.into_iter().collect()], naming: 1, ..Self::default() }
    }

    /// Adds a shorter form.
    #[must_use]
    pub fn or(mut self, segments: impl IntoIterator<Item = Segment<'a>>) -> Self {
        self.forms.push(segments.into_iter().collect());
        self
    }

    /// Makes the sentence dependent: it is shown only if the last independent sentence before it is shown in a form that
    /// names what it speaks of.
    #[must_use]
    pub const fn dependent(mut self, is_dependent: bool) -> Self {
        self.is_dependent = is_dependent;
        self
    }

    /// Sets how long the sentence is kept where not all have room: those with the highest number are left out first.
    #[must_use]
    pub const fn importance(mut self, importance: u8) -> Self {
        self.importance = importance;
        self
    }

    /// Sets the form that less important sentences do not shorten; the shortest one if none is set.
    #[must_use]
    pub const fn kept(mut self, form: usize) -> Self {
        self.kept = Some(form);
        self
    }

    /// Sets how many forms, from the longest on, name what dependent sentences speak of: the longest one if not set.
    #[must_use]
    pub const fn naming(mut self, forms: usize) -> Self {
        self.naming = forms;
        self
    }

    fn width(&self, form: usize) -> usize {
        self.forms.get(form).map_or(0, |form| cells(form))
    }

    /// The shortest of the first `count` forms.
    fn shortest_of(&self, count: usize) -> usize {
        (0..count.min(self.forms.len())).min_by_key(|form| self.width(*form)).unwrap_or(0)
    }

    /// The forms in which the sentence is shown before less important ones are, the preferred one first.
    fn least(&self) -> std::ops::Range<usize> {
        if let Some(form) = self.kept {
            return form..self.forms.len();
        }
        let shortest = self.shortest_of(self.forms.len());
        shortest..shortest + 1
    }
}

/// Sentences in the order in which they are read: state and change, cause, cost, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headline<'a> {
    /// The sentences. If one has no room, those of less importance are left out too.
    pub sentences: Vec<SentenceForms<'a>>,
}

/// The form of each sentence that is shown.
type ShownForms = Vec<Option<usize>>;

impl Headline<'_> {
    /// Draws as many sentences as fit into the first row of `area`, each as long as possible. Returns how many.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> usize {
        let mut clip = canvas.clip(area);
        let shown = self.shown(usize::from(clip.width()));
        let mut x = 0;
        for (sentence, form) in self.sentences.iter().zip(&shown) {
            if let Some(segments) = form.and_then(|form| sentence.forms.get(form)) {
                x = clip.line(x, 0, segments) + 1;
            }
        }
        shown.iter().flatten().count()
    }

    /// The sentences that fit: the most important first in their least forms, then each as long as possible.
    fn shown(&self, room: usize) -> ShownForms {
        let mut order: Vec<usize> = (0..self.sentences.len()).collect();
        order.sort_by_key(|place| self.sentences.get(*place).map(|sentence| sentence.importance));
        let mut shown: ShownForms = vec![None; self.sentences.len()];
        for place in &order {
            let Some(sentence) = self.sentences.get(*place) else { continue };
            match self.with(&shown, *place, room) {
                Some(more) => shown = more,
                None if sentence.is_dependent => {}
                None => break,
            }
        }
        for place in order {
            let Some(chosen) = shown.get(place).copied().flatten() else { continue };
            let longer =
                (0..chosen).map(|form| replaced(&shown, place, form)).find(|longer| self.needs(longer) <= room);
            shown = longer.unwrap_or(shown);
        }
        shown
    }

    /// The same with one more sentence, if it has room. A dependent one lengthens the one that it speaks of where that
    /// does not name it yet.
    fn with(&self, shown: &ShownForms, place: usize, room: usize) -> Option<ShownForms> {
        let sentence = self.sentences.get(place)?;
        let mut before = shown.clone();
        if sentence.is_dependent {
            let is_spoken_of = |other: &usize| self.sentences.get(*other).is_some_and(|other| !other.is_dependent);
            let other = (0..place).rev().find(is_spoken_of)?;
            let form = shown.get(other).copied().flatten()?;
            let naming = self.sentences.get(other).filter(|other| form >= other.naming);
            before = naming.map_or(before, |naming| replaced(shown, other, naming.shortest_of(naming.naming)));
        }
        let mut with = sentence.least().map(|form| replaced(&before, place, form));
        with.find(|with| self.needs(with) <= room)
    }

    /// The cells that sentences take, with the spaces between them.
    fn needs(&self, shown: &ShownForms) -> usize {
        let widths = self.sentences.iter().zip(shown).filter_map(|(sentence, form)| Some(sentence.width((*form)?) + 1));
        widths.sum::<usize>().saturating_sub(1)
    }
}

/// The same with another form of one sentence.
fn replaced(shown: &ShownForms, place: usize, form: usize) -> ShownForms {
    let mut shown = shown.clone();
    if let Some(chosen) = shown.get_mut(place) {
        *chosen = Some(form);
    }
    shown
}
