//! What the user asks to be shown in place of what was started.

/// What comes after the dashboard has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Something that needs no name.
    Start(Start),
    /// The same with this target besides.
    Watch(String),
}

/// What can be begun without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The simulated fleet.
    Demo,
    /// The published day.
    Day,
    /// The same anew.
    Again,
}
