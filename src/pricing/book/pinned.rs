//! A user's choices for models: the list, and the share of the tokens that is paid.

use serde::{Deserialize, Serialize};

use crate::pricing::name::glob;
use crate::reading::canonical_model;
use crate::units::Share;

/// A user's choice for the models that match a pattern, and optionally a tenant: a list and the paid share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// A glob, compared without case with the last path component of the model's name.
    pub model: String,
    /// The tenant that it applies to; `None` is every tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The list, at any date; `None` keeps the model's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The share of the tokens that is paid; `None` counts all tokens as paid, and the revenue as theoretical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Share>,
}

impl Pinned {
    /// A choice of a list at any date, for every tenant.
    pub fn list(model: &str, list: &str) -> Self {
        Self { model: model.to_owned(), tenant: None, list: Some(list.to_owned()), paid: None }
    }

    pub(super) fn is_for(&self, key: &str, tenant: Option<&str>) -> bool {
        let whose = self.tenant.as_deref().is_none_or(|wanted| tenant == Some(wanted));
        whose && glob(&canonical_model(&self.model), key)
    }
}
