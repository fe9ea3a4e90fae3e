//! The names of all views. This is the only list of them.

/// Calls a macro with all views: the name, file and type of each.
macro_rules! each_view {
    ($to:ident) => {
        $to! {
            /// The overview: money, vital figures, the fleet.
            Overview = overview::Overview,
            /// Every node.
            Nodes = nodes::Nodes,
            /// Every model.
            Models = models::Models,
            /// Every unit, engine and rank.
            Engines = engines::Engines,
            /// Revenue and cost of today.
            Money = money::MoneyScreen,
            /// How evenly the ranks are loaded.
            Balance = balance::BalanceScreen,
            /// The alerts.
            Alerts = alerts::Alerts,
            /// One node.
            Node = node::NodeScreen,
            /// The keys.
            Help = help::Help,
            /// The view shown when nothing was found.
            Nothing = nothing::Nothing,
        }
    };
}
pub(super) use each_view;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident = $file:ident::$screen:ident),* $(,)?) => {
        /// A view by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum ViewId {
            $($(#[$doc])* $id),*
        }

        impl ViewId {
            /// All views; those with a key come first, in the order of their keys.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];
        }
    };
}

each_view!(ids);

impl ViewId {
    /// The number of views.
    pub const COUNT: usize = Self::ALL.len();

    /// The view that a dashboard begins with, and that Esc leads back to.
    pub const FIRST: Self = Self::Overview;

    /// The view that is shown in place of others where nothing was found.
    pub const NOTHING: Self = Self::Nothing;
}
