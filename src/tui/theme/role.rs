//! The sixteen meanings that a colour can have.

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
    /// Values.
    Text = "text",
    /// Labels and units.
    Dim = "dim",
    /// Rules, empty parts of bars, gaps.
    Faint = "faint",
    /// Where the eye should find its way: the name, the open tab, keys.
    Accent = "accent",
    /// The ground of the chosen row.
    Selection = "selection",
    /// Money made.
    Gain = "gain",
    /// Money lost.
    Loss = "loss",
    /// Good to know.
    Info = "info",
    /// It will cost something.
    Warning = "warning",
    /// It costs now.
    Critical = "critical",
    /// Prompt tokens that a cache served.
    Hit = "hit",
    /// First quarter of the load ramp.
    Idle = "idle",
    /// Second quarter.
    Low = "low",
    /// Third quarter.
    High = "high",
    /// Last quarter.
    Peak = "peak",
}

impl Role {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// The role of a theme file's key.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The known name that a wrong one comes nearest to.
    pub fn nearest(name: &str) -> &'static str {
        Self::ALL
            .into_iter()
            .map(Self::name)
            .min_by_key(|known| strsim::damerau_levenshtein(known, name))
            .unwrap_or_default()
    }
}
