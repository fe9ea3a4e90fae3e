//! The eighteen roles of colours.

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $name:literal),* $(,)?) => {
        /// The role of a colour.
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
    /// The background.
    Ground = "ground",
    /// The background of the selected row, of toasts and of forms.
    Panel = "panel",
    /// Values.
    Text = "text",
    /// Labels and units.
    Dim = "dim",
    /// Rules, tracks, gaps.
    Rule = "rule",
    /// Accents: the program's name, the open tab, keys.
    Accent = "accent",
    /// Profit, and increases of it.
    Gain = "gain",
    /// Loss, and decreases of profit.
    Loss = "loss",
    /// A warning: it may cost money.
    Warning = "warning",
    /// A critical state: it costs money now.
    Critical = "critical",
    /// Output tokens: series 1.
    Output = "output",
    /// Computed prompt tokens: series 2.
    Prompt = "prompt",
    /// Cached prompt tokens: series 3.
    Hit = "hit",
    /// GPU cost, power and overhead: series 4.
    Cost = "cost",
    /// The load scale's lowest colour.
    Heat1 = "heat1",
    /// Its second colour, at a third.
    Heat2 = "heat2",
    /// Its third colour, at two thirds.
    Heat3 = "heat3",
    /// Its highest colour.
    Heat4 = "heat4",
}

impl Role {
    /// The number of roles.
    pub const COUNT: usize = 18;

    /// The seven roles of text.
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
}
