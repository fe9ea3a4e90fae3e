//! Which views there are, by name. No other place lists them.

/// Hands all views to a macro: the file of each, and its name.
macro_rules! each_view {
    ($to:ident) => {
        $to! {
            /// The money, the vital lines, the fleet.
            overview::Overview,
            /// Every node.
            nodes::Nodes,
            /// Every model.
            models::Models,
            /// Every unit, engine and rank.
            engines::Engines,
            /// Revenue and cost of today.
            money::Money,
            /// Whether the ranks share the work.
            balance::Balance,
            /// What is wrong.
            alerts::Alerts,
            /// One node.
            node::Node,
            /// The keys.
            help::Help,
            /// That nothing was found.
            nothing::Nothing,
        }
    };
}
pub(super) use each_view;

macro_rules! ids {
    ($($(#[$doc:meta])* $file:ident::$id:ident),* $(,)?) => {
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
