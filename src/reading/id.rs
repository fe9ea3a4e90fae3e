//! Identifiers: a GPU is identified by its UUID, a node by its name, an engine by its target and rank.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Label;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Label);

        impl $name {
            /// The name, without control characters.
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
    /// A serving process on a page that has several: the values of the labels that identify it.
    InstanceId
);
name!(
    /// A deployment unit: nodes that serve and fail together.
    UnitName
);
name!(
    /// A target as the user named it or discovery found it: a URL, a file, `nvml:`.
    TargetId
);

/// One GPU, the same from every source that reports it.
///
/// Thousands are looked up each second in maps ordered by their text: its first bytes are kept beside it, and nearly
/// always decide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GpuId {
    beginning: (u64, u64),
    text: Label,
}

impl GpuId {
    /// The GPU with a UUID. `nvidia_gpu_exporter` writes UUIDs in lower case and without `GPU-`; they are the same.
    pub fn from_uuid(uuid: &str) -> Self {
        if is_canonical(uuid) {
            return Self::from_canonical(uuid);
        }
        let lower = uuid.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("gpu-").unwrap_or(&lower);
        match bare.strip_prefix("mig-") {
            Some(rest) => Self::from_canonical(&format!("MIG-{rest}")),
            None => Self::from_canonical(&format!("GPU-{bare}")),
        }
    }

    /// The GPU with a text that [`as_str`](Self::as_str) returned.
    pub fn from_canonical(text: &str) -> Self {
        let text = Label::new(text);
        let mut beginning = [0; 16];
        // A shorter text is padded with 0, which is less than any character of a label.
        beginning.iter_mut().zip(text.as_str().bytes()).for_each(|(to, from)| *to = from);
        let [high, low] = [0, 8].map(|at| u64::from_be_bytes(std::array::from_fn(|i| beginning[at + i])));
        Self { beginning: (high, low), text }
    }

    /// A GPU without a reported UUID, identified by node and index.
    pub fn from_place(node: &NodeName, index: u32) -> Self {
        Self::from_canonical(&format!("{node}/{index}"))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

/// Whether [`GpuId::from_uuid`] would change nothing: most exporters write UUIDs in the canonical form.
fn is_canonical(uuid: &str) -> bool {
    uuid.strip_prefix("GPU-").is_some_and(|rest| {
        let is_kept = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
        rest.bytes().all(is_kept) && !rest.starts_with("gpu-") && !rest.starts_with("mig-")
    })
}

impl Hash for GpuId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The text includes the first bytes.
        self.text.hash(state);
    }
}

impl Serialize for GpuId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for GpuId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_canonical(Label::deserialize(deserializer)?.as_str()))
    }
}

impl fmt::Display for GpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl TargetId {
    /// The NVIDIA driver of this machine.
    pub fn nvml() -> Self {
        Self::new("nvml:")
    }
}

impl InstanceId {
    /// The instance of one version of a model, loaded into a process beside others.
    pub const VERSION: &'static str = "version ";

    /// Whether it is a version of a model.
    pub fn is_version(&self) -> bool {
        self.as_str().starts_with(Self::VERSION)
    }
}

impl TargetId {
    /// Its address in one spelling, for targets named by a URL: `localhost` for the addresses of this machine, and no
    /// slashes or `metrics` at the end of the path.
    pub fn address(&self) -> Option<String> {
        let (scheme, rest) = self.as_str().split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))?;
        let (page, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, path) = page.split_once('/').unwrap_or((page, ""));
        let (host, port) = server.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).unwrap_or((server, ""));
        let host = match host.to_lowercase() {
            here if here == "127.0.0.1" || here == "[::1]" => "localhost".to_owned(),
            host => host,
        };
        let path = path.trim_matches('/');
        let path = if path == "metrics" { "" } else { path };
        Some(format!("{scheme}://{host}:{port}/{path}?{query}"))
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
        assert_eq!(GpuId::from_uuid("GPU-gpu-1"), GpuId::from_uuid("GPU-GPU-1"));
        assert_eq!(GpuId::from_uuid("GPU-mig-1").as_str(), "MIG-1");
        assert_eq!(GpuId::from_uuid(" GPU-1 "), GpuId::from_uuid("GPU-1"));
    }

    #[test]
    fn one_address_under_two_spellings_is_one() {
        let address = |text: &str| TargetId::new(text).address();
        for one in [
            "http://localhost:8000",
            "http://127.0.0.1:8000/metrics",
            "http://[::1]:8000//metrics",
            "http://LocalHost:8000/",
        ] {
            assert_eq!(address(one).as_deref(), Some("http://localhost:8000/?"), "{one}");
        }
        for other in [
            "https://localhost:8000",
            "http://127.0.0.2:8000",
            "http://localhost:8001",
            "http://localhost",
            "http://localhost:8000/v1",
            "http://localhost:8000?model=a",
        ] {
            assert_ne!(address(other), address("http://localhost:8000"), "{other}");
        }
        assert_eq!((address("page.prom"), address("nvml:")), (None, None));
    }

    #[test]
    fn gpus_are_in_the_order_of_their_texts() {
        let texts = ["", "GPU-1", "GPU-1234", "GPU-1234-5", "GPU-1234-50", "GPU-2", "a/1", "a/10", "a/2", "é/1"];
        let ids: Vec<GpuId> = texts.iter().map(|text| GpuId::from_canonical(text)).collect();
        assert!(ids.is_sorted() && texts.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
