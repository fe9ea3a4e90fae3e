//! The dashboard on a terminal.
