//! The number of colours of the terminal, from its environment.

/// The choice of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// By `NO_COLOR`, `COLORTERM` and `TERM`.
    #[default]
    Auto,
    /// Colours, even if `NO_COLOR` is set or the terminal reports none.
    Always,
    /// None.
    Never,
}

/// The number of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// No colours, only weights.
    None,
    /// The sixteen colours of the user's palette.
    Sixteen,
    /// The fixed palette of 256.
    Indexed,
    /// 24 bits.
    True,
}

impl Depth {
    /// The depth of the terminal that `var` describes.
    pub fn detect(choice: ColorChoice, var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let refused = set("NO_COLOR").is_some();
        if choice == ColorChoice::Never || (choice == ColorChoice::Auto && refused) {
            return Self::None;
        }
        let least = if choice == ColorChoice::Always { Self::Sixteen } else { Self::None };
        let colorterm = set("COLORTERM").unwrap_or_default();
        let term = set("TERM").unwrap_or_default();
        if colorterm == "truecolor" || colorterm == "24bit" || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else if term.is_empty() || term == "dumb" || term.starts_with("vt") {
            least
        } else {
            Self::Sixteen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_and_the_flag_overrules() {
        type Vars = &'static [(&'static str, &'static str)];
        use ColorChoice::{Always, Auto, Never};
        let cases: [(ColorChoice, Vars, Depth); 9] = [
            (Auto, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True),
            (Auto, &[("TERM", "xterm-direct")], Depth::True),
            (Auto, &[("TERM", "screen-256color")], Depth::Indexed),
            (Auto, &[("TERM", "linux")], Depth::Sixteen),
            (Auto, &[("TERM", "vt220")], Depth::None),
            (Auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")], Depth::None),
            (Auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Indexed),
            (Always, &[("TERM", "dumb"), ("NO_COLOR", "1")], Depth::Sixteen),
            (Never, &[("COLORTERM", "truecolor")], Depth::None),
        ];
        for (choice, vars, depth) in cases {
            let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(Depth::detect(choice, var), depth, "{choice:?} {vars:?}");
        }
    }
}
