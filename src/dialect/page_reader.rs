//! Reads the pages of a target, each by the layout of the one before.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::layout::PageLayout;
use super::{Hint, learn_layout, read};
use crate::reading::{PageReading, ScrapeTrouble};

/// The most layouts that are compared with a page for which none is known.
const SHARED: usize = 16;
/// The most pages that are read without learning, after a page that differed from its layout.
const MOST_SKIPPED: u32 = 64;

/// The layouts of all pages that are read. Those of pages that are alike are one.
#[derive(Debug, Default)]
pub struct PageLayouts(Mutex<Vec<Weak<PageLayout>>>);

impl PageLayouts {
    /// The layout of a page: a known one, or a new one. `None` if the page is not one that has a layout.
    fn of(&self, page: &[u8], hint: &Hint, reading: &PageReading) -> Option<Arc<PageLayout>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|layout| layout.strong_count() > 0);
        let is_of = |layout: &Arc<PageLayout>| layout.read(page, hint).is_some_and(|like| like == *reading);
        let same = known.iter().take(SHARED).filter_map(Weak::upgrade).find(is_of);
        same.or_else(|| {
            let layout = learn_layout::layout(page).map(Arc::new).filter(is_of)?;
            known.push(Arc::downgrade(&layout));
            Some(layout)
        })
    }
}

/// Reads the pages of one target.
#[derive(Debug, Default)]
pub struct PageReader {
    layout: Option<Arc<PageLayout>>,
    /// Pages to be read before the next layout is learned, and how many they were the last time.
    skips: u32,
    skipped: u32,
}

impl PageReader {
    /// Whether it knows the layout of its pages.
    pub const fn has_layout(&self) -> bool {
        self.layout.is_some()
    }

    /// Reads a page, as [`read`] does.
    ///
    /// # Errors
    /// Those of [`read`].
    pub fn read(&mut self, page: &[u8], hint: &Hint, layouts: &PageLayouts) -> Result<PageReading, ScrapeTrouble> {
        if let Some(reading) = self.layout.as_ref().and_then(|layout| layout.read(page, hint)) {
            self.skipped = 0;
            return Ok(reading);
        }
        let reading = read(page, hint)?;
        if self.skips > 0 {
            self.skips -= 1;
            return Ok(reading);
        }
        self.layout = layouts.of(page, hint, &reading);
        self.skips = self.skipped;
        self.skipped = (self.skipped * 2 + 1).min(MOST_SKIPPED);
        Ok(reading)
    }
}
