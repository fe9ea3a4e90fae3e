//! The implementation behind the name of each view.

use super::View;
use super::id::{ViewId, each_view};

macro_rules! views {
    ($($(#[$doc:meta])* $id:ident = $file:ident::$screen:ident),* $(,)?) => {
        impl ViewId {
            /// The view.
            pub fn view(self) -> &'static dyn View {
                match self {
                    $(Self::$id => &super::$file::$screen),*
                }
            }
        }
    };
}

each_view!(views);

impl ViewId {
    /// The views with a tab, in their order.
    pub fn tabs() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|id| id.view().key().is_some())
    }

    /// The next tab, or the previous one with `back`, cyclically; the first for a view without a tab.
    #[must_use]
    pub fn turned(self, back: bool) -> Self {
        let tabs: Vec<Self> = Self::tabs().collect();
        let Some(at) = tabs.iter().position(|id| *id == self) else { return Self::FIRST };
        let step = if back { tabs.len() - 1 } else { 1 };
        tabs.get((at + step) % tabs.len()).copied().unwrap_or(Self::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_have_the_digits_from_1_to_7() {
        let keys: String = ViewId::tabs().filter_map(|id| id.view().key()).collect();
        assert_eq!(keys, "1234567");
        assert_eq!(ViewId::Alerts.turned(false), ViewId::Overview);
        assert_eq!(ViewId::Overview.turned(true), ViewId::Alerts);
    }

    #[test]
    fn numbers_are_places_in_the_list() {
        assert!(ViewId::ALL.iter().enumerate().all(|(place, id)| *id as usize == place));
    }
}
