//! Reads the pages of a target, each with the layout of the previous one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::gpu_layout::{self, GpuLayout, GpuLines};
use super::layout::PageLayout;
use super::{Hint, learn_layout, read};
use crate::reading::{PageReading, ScrapeError};

/// The most layouts that are compared with a page whose layout is unknown.
const SHARED: usize = 16;
/// The most pages that are read without learning a layout, after a page that differed from its layout.
const MOST_SKIPPED: u32 = 64;

/// The layout of a page.
#[derive(Debug)]
enum KnownLayout {
    Engine(Arc<PageLayout>),
    Gpus(GpuLayout),
}

impl KnownLayout {
    fn read(&self, page: &[u8], hint: &Hint) -> Option<PageReading> {
        match self {
            Self::Engine(layout) => layout.read(page, hint),
            Self::Gpus(layout) => layout.read(page, hint),
        }
    }
}

/// The layouts of all pages that are read. What similar pages share is kept once.
#[derive(Debug, Default)]
pub struct PageLayouts {
    engines: Mutex<Vec<Weak<PageLayout>>>,
    gpus: Mutex<Vec<Weak<GpuLines>>>,
}

impl PageLayouts {
    /// The layout of a page: a known one, or a new one. `None` if the page cannot have one.
    fn of(&self, page: &[u8], hint: &Hint, reading: &PageReading) -> Option<KnownLayout> {
        if reading.gpus.is_empty() {
            self.of_engine(page, hint, reading).map(KnownLayout::Engine)
        } else {
            self.of_gpus(page, hint, reading).map(KnownLayout::Gpus)
        }
    }

    fn of_gpus(&self, page: &[u8], hint: &Hint, reading: &PageReading) -> Option<GpuLayout> {
        let is_of = |layout: &GpuLayout| layout.read(page, hint).is_some_and(|like| like == *reading);
        let mut layout = gpu_layout::layout(page, reading).filter(is_of)?;
        let mut known = self.gpus.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|lines| lines.strong_count() > 0);
        match known.iter().take(SHARED).filter_map(Weak::upgrade).find(|lines| **lines == *layout.lines) {
            Some(lines) => layout.lines = lines,
            None => known.push(Arc::downgrade(&layout.lines)),
        }
        Some(layout)
    }

    fn of_engine(&self, page: &[u8], hint: &Hint, reading: &PageReading) -> Option<Arc<PageLayout>> {
        let mut known = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
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
    layout: Option<KnownLayout>,
    /// The number of pages to read before the next layout is learned, and that number the last time.
    skips: u32,
    skipped: u32,
}

impl PageReader {
    /// Whether the layout of its pages is known.
    pub const fn has_layout(&self) -> bool {
        self.layout.is_some()
    }

    /// Reads a page, as [`read`] does.
    ///
    /// # Errors
    /// Those of [`read`].
    pub fn read(&mut self, page: &[u8], hint: &Hint, layouts: &PageLayouts) -> Result<PageReading, ScrapeError> {
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
