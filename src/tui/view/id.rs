//! Which views there are, by name. No other place lists them.

/// Hands all views to a macro: the name of each, its file and its type.
macro_rules! each_view {
    ($to:ident) => {
        $to! {
            /// The money, the vital lines, the fleet.
            Overview = overview::Overview,
            /// Every node.
            Nodes = nodes::Nodes,
            /// Every model.
            Models = models::Models,
            /// Every unit, engine and rank.
            Engines = engines::Engines,
            /// Revenue and cost of today.
            Money = money::MoneyScreen,
            /// Whether the ranks share the work.
            Balance = balance::BalanceScreen,
            /// What is wrong.
            Alerts = alerts::Alerts,
            /// One node.
            Node = node::NodeScreen,
            /// The keys.
            Help = help::Help,
            /// That nothing was found.
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
            /// All of them; those with a key come first, in the order of their keys.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];
        }
    };
}

each_view!(ids);

impl ViewId {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();
}
