//! The rules that turn a picture into warnings.
