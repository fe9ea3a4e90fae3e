//! A server with a process for each loaded model, and a page for each: what is particular to one, as data.

use crate::reading::EngineKind;

/// How such a server lists its models and names their pages.
#[derive(Debug, PartialEq, Eq)]
pub struct ModelRouter {
    /// The name of the program.
    pub kind: EngineKind,
    /// The parameter of a page's address that names the model.
    pub model_parameter: &'static str,
    /// The parameter and the value by which a request loads no model.
    pub without_loading: (&'static str, &'static str),
    /// The status in `/v1/models` of a model that is loaded and awake.
    pub loaded: &'static str,
    /// The statuses of a model that has no process, or one that serves nothing yet.
    pub not_running: &'static [&'static str],
}

/// The state of a router's model by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelState {
    /// It is loaded and awake.
    Loaded,
    /// It has no process, or one that serves nothing yet.
    NotRunning,
    /// Its process sleeps, or its status is unknown: a request might wake it.
    Asleep,
}

impl ModelRouter {
    /// The state of a model with a status.
    pub fn state(&self, status: &str) -> ModelState {
        if status.eq_ignore_ascii_case(self.loaded) {
            ModelState::Loaded
        } else if self.not_running.iter().any(|known| status.eq_ignore_ascii_case(known)) {
            ModelState::NotRunning
        } else {
            ModelState::Asleep
        }
    }

    /// Whether a list of models is a router's: a server of one model lists that one, without a status.
    pub const fn is_listed(&self, models: usize, has_status: bool) -> bool {
        models > 1 || has_status
    }
}
