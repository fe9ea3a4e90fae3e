//! The eighteen meanings that a colour can have.

use crate::words::nearest;

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $name:literal),* $(,)?) => {
        /// What a colour means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Role {
            $($(#[$doc])* $role),*
        }

        impl Role {
            /// All of them, in the order of their numbers.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$role),*];

            /// The name in a theme file.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name),*
                }
            }
        }
    };
}

roles! {
    /// What everything stands on.
    Ground = "ground",
    /// The ground of the chosen row, of toasts and of forms.
    Panel = "panel",
    /// Values.
    Text = "text",
    /// Labels and units.
    Dim = "dim",
    /// Rules, tracks, gaps.
    Rule = "rule",
    /// Where the eye should find its way: the name, the open tab, keys.
    Accent = "accent",
    /// Profit, and what raises it.
    Gain = "gain",
    /// Loss, and what lowers profit.
    Loss = "loss",
    /// It will cost something.
    Warning = "warning",
    /// It costs now.
    Critical = "critical",
    /// Output tokens: series 1.
    Output = "output",
    /// Prompt tokens that were computed: series 2.
    Prompt = "prompt",
    /// Prompt tokens that a cache served: series 3.
    Hit = "hit",
    /// Rent, power and overhead: series 4.
    Cost = "cost",
    /// The lowest colour of the load scale.
    Heat1 = "heat1",
    /// Its second colour, at a third.
    Heat2 = "heat2",
    /// Its third colour, at two thirds.
    Heat3 = "heat3",
    /// Its highest colour.
    Heat4 = "heat4",
}

impl Role {
    /// How many there are.
    pub const COUNT: usize = 18;

    /// The seven roles that words are written in.
    pub const WORDS: [Self; 7] =
        [Self::Text, Self::Dim, Self::Accent, Self::Gain, Self::Loss, Self::Warning, Self::Critical];

    /// The four series of charts.
    pub const SERIES: [Self; 4] = [Self::Output, Self::Prompt, Self::Hit, Self::Cost];

    /// The load scale from low to high.
    pub const HEAT: [Self; 4] = [Self::Heat1, Self::Heat2, Self::Heat3, Self::Heat4];

    /// The role of a theme file's key: its name, or a former one.
    pub fn named(name: &str) -> Option<Self> {
        let name = match name {
            "faint" => "rule",
            "selection" => "panel",
            "warn" => "warning",
            "idle" => "heat1",
            "low" => "heat2",
            "high" => "heat3",
            "peak" => "heat4",
            other => other,
        };
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The known name that a wrong one comes near to.
    pub fn nearest(name: &str) -> Option<&'static str> {
        nearest(name, Self::ALL.into_iter().map(Self::name))
    }
}
