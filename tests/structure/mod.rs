//! The program's files as their text says they are: what each declares, imports and names, and which files import one another.
pub(crate) mod circles;
pub(crate) mod files;
pub(crate) mod names;
pub(crate) mod types;
