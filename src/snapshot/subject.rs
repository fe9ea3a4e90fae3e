//! The names of an alert's subject, `gpu-0231 GPU 3` or `http://gpu-01:8000 rank 2`. They are written and read here only.

use std::fmt::Display;

use crate::reading::TargetId;

const GPU: &str = " GPU ";
const RANK: &str = " rank ";

/// The name of a GPU of a node.
pub fn gpu_subject(node: impl Display, index: u32) -> String {
    format!("{node}{GPU}{index}")
}

/// The node and the index in the name of a GPU; `None` if it names none.
pub fn gpu_of_subject(subject: &str) -> Option<(&str, u32)> {
    let (node, index) = subject.rsplit_once(GPU)?;
    Some((node, index.parse().ok()?))
}

/// The name of an engine, or of one of its ranks.
pub fn engine_subject(target: &TargetId, rank: Option<impl Display>) -> String {
    rank.map_or_else(|| target.to_string(), |rank| format!("{target}{RANK}{rank}"))
}

/// The target in the name of an engine, and the rank if it names one.
pub fn engine_of_subject(subject: &str) -> (&str, Option<&str>) {
    subject.rsplit_once(RANK).map_or((subject, None), |(target, rank)| (target, Some(rank)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        for node in ["gpu-01", "a GPU 7 box", "rank 3"] {
            assert_eq!(gpu_of_subject(&gpu_subject(node, 3)), Some((node, 3)));
        }
        assert_eq!(gpu_of_subject("gpu-01"), None);
        assert_eq!(gpu_of_subject("gpu-01 GPU x"), None);
        let target = TargetId::new("http://gpu-01:8000/a rank b");
        assert_eq!(engine_of_subject(&engine_subject(&target, Some("2"))), (target.as_str(), Some("2")));
        let target = TargetId::new("http://gpu-01:8000");
        assert_eq!(engine_of_subject(&engine_subject(&target, None::<&str>)), (target.as_str(), None));
    }
}
