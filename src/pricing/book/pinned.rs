//! A user's choices for models: which list, and which share of the tokens is paid.

use serde::{Deserialize, Serialize};

use crate::pricing::name::glob;
use crate::reading::canonical_model;
use crate::units::Share;

/// A user's choice for models: a glob, whose traffic, a list and the paid share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// A glob over the last path component of the model's name, without case.
    pub model: String,
    /// The tenant whose tokens it is for; `None` is everyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The list, whatever the date; `None` keeps the model's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The share of the tokens that is paid; `None` is "all, theoretically".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Share>,
}

impl Pinned {
    /// Models priced by a list whatever the date, for everyone.
    pub fn list(model: &str, list: &str) -> Self {
        Self { model: model.to_owned(), tenant: None, list: Some(list.to_owned()), paid: None }
    }

    pub(super) fn is_for(&self, key: &str, tenant: Option<&str>) -> bool {
        let whose = self.tenant.as_deref().is_none_or(|wanted| tenant == Some(wanted));
        whose && glob(&canonical_model(&self.model), key)
    }
}
