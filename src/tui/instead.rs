//! Programs that replace the dashboard at the user's request.

/// What follows the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// A program without an argument.
    Start(Start),
    /// The same call with one more target.
    Watch(String),
}

/// A program without an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The simulated fleet.
    Demo,
    /// The published day.
    Day,
    /// The same call again.
    Again,
}
