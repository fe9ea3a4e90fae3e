//! The flags of the subcommands that print a snapshot: `once`, `demo` and `replay`.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::time::Duration;

use clap::Args;

use super::Failure;
use crate::config::{often_enough, parse_interval};
use crate::session::PollPlan;

/// How a snapshot is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputForm {
    /// One JSON object.
    Json,
    /// Words and columns.
    Text,
    /// Ten lines.
    Card,
}

/// A duration of zero, or one as an interval may be.
fn zero_or_often_enough(text: &str) -> Result<Duration, String> {
    let duration = parse_interval(text)?;
    if duration.is_zero() { Ok(duration) } else { often_enough(duration) }
}

/// When `once` polls, and how it prints.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct OnceArgs {
    /// Print one JSON object, the contract margintop/1
    #[arg(long, help_heading = "Display", conflicts_with = "text")]
    pub(super) json: bool,

    /// Print for people (the default)
    #[arg(long, help_heading = "Display")]
    pub(super) text: bool,

    /// Print ten lines to paste into a chat
    #[arg(long, help_heading = "Display", conflicts_with_all = ["json", "text"])]
    pub(super) card: bool,

    /// Take the rates over this long, also of a FILE.prom; 0 polls once, without rates
    #[arg(long = "for", help_heading = "Sources", value_name = "DURATION", value_parser = zero_or_often_enough)]
    pub(super) span: Option<Duration>,

    /// Print again and again: a line of JSON each time
    #[arg(long, help_heading = "Sources", value_name = "DURATION", conflicts_with = "span",
        value_parser = zero_or_often_enough)]
    pub(super) every: Option<Duration>,
}

impl OnceArgs {
    /// Whether any of the flags is given.
    pub(super) const fn any(&self) -> bool {
        self.json || self.text || self.card || self.span.is_some() || self.every.is_some()
    }

    /// The times of polls and the form of the output. `interval` is the configured one.
    pub(super) fn polls(&self, interval: Duration) -> Result<(PollPlan, OutputForm), Failure> {
        let repeat = self.span.is_none() && self.every.is_some();
        let span = self.span.or(self.every).unwrap_or(interval);
        if repeat && span.is_zero() {
            return Err(Failure::Usage("--every 0: write how often, like --every 10s".to_owned()));
        }
        let rereads_files = self.span.is_some_and(|span| !span.is_zero());
        Ok((PollPlan { span, repeat, interval, rereads_files }, self.form(repeat)))
    }

    /// The form of the output; without a flag it is JSON if `by_default` is set, else text.
    pub(super) const fn form(&self, by_default: bool) -> OutputForm {
        if self.card {
            OutputForm::Card
        } else if self.json || by_default && !self.text {
            OutputForm::Json
        } else {
            OutputForm::Text
        }
    }
}
