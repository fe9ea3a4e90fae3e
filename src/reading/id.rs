//! Who is who: a GPU is its UUID, a node its name, an engine its target and rank.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Label;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Label);

        impl $name {
            /// The name, made safe to show.
            pub fn new(text: &str) -> Self {
                Self(Label::new(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

name!(
    /// A machine that holds GPUs or runs engines.
    NodeName
);
name!(
    /// A model as its engine names it.
    ModelName
);
name!(
    /// A data-parallel rank of an engine, as the page writes it: `"0"`.
    Rank
);
name!(
    /// A serving process as a page that holds several tells it apart: the values of the labels that name it.
    InstanceId
);
name!(
    /// A deployment unit: nodes that serve together and fail together.
    UnitName
);
name!(
    /// A source as the user named it or discovery found it: a URL, a file, `nvml:`.
    TargetId
);

/// One GPU, the same from every source that reports it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GpuId(Label);

impl GpuId {
    /// The GPU of a UUID. `nvidia_gpu_exporter` writes it in lower case and without `GPU-`; it is the same one.
    pub fn from_uuid(uuid: &str) -> Self {
        let lower = uuid.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("gpu-").unwrap_or(&lower);
        match bare.strip_prefix("mig-") {
            Some(rest) => Self(Label::new(&format!("MIG-{rest}"))),
            None => Self(Label::new(&format!("GPU-{bare}"))),
        }
    }

    /// A GPU by the text that [`as_str`](Self::as_str) gave.
    pub fn from_canonical(text: &str) -> Self {
        Self(Label::new(text))
    }

    /// A GPU without a reported UUID: its place on its node.
    pub fn from_place(node: &NodeName, index: u32) -> Self {
        Self(Label::new(&format!("{node}/{index}")))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for GpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl InstanceId {
    /// The instance of a version of a model, which is loaded into a process beside others.
    pub const VERSION: &'static str = "version ";

    /// Whether it is a version of a model.
    pub fn is_version(&self) -> bool {
        self.as_str().starts_with(Self::VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gpu_under_two_spellings_is_one() {
        let nvml = GpuId::from_uuid("GPU-11111111-AAAA-bbbb-cccc-000000000000");
        let exporter = GpuId::from_uuid("11111111-aaaa-bbbb-cccc-000000000000");
        assert_eq!(nvml, exporter);
        assert_eq!(nvml.as_str(), "GPU-11111111-aaaa-bbbb-cccc-000000000000");
    }
}
