//! Lists of targets in files: announced, changed, broken and gone.

use std::path::Path;
use std::time::Duration;

use margintop::clock::Clock;
use margintop::reading::SourceError;
use margintop::source::discover::{ListFiles, TargetLists};
use margintop::source::scrape::Settings;
use margintop::source::{MessageReceiver, Next, PolledTarget, Source, SourceMessage, TargetOptions, sink};

const LOOK: Duration = Duration::from_millis(20);

struct Watched {
    lists: TargetLists,
    receiver: MessageReceiver,
}

fn watch(path: &Path, named: &[&str]) -> Watched {
    let files = ListFiles { path: path.to_owned(), options: TargetOptions::default() };
    let named = named.iter().map(|text| text.parse::<PolledTarget>().unwrap()).collect();
    let mut lists = TargetLists::new(vec![files], named, Settings::default()).every(LOOK);
    let (sink, receiver) = sink();
    lists.start(sink, &Clock::System);
    Watched { lists, receiver }
}

impl Watched {
    async fn next(&mut self) -> SourceMessage {
        tokio::time::timeout(Duration::from_secs(10), self.receiver.recv()).await.unwrap().unwrap()
    }

    async fn found(&mut self) -> Vec<(String, Box<dyn Source>)> {
        match self.next().await {
            SourceMessage::Targets(found) => {
                found.into_iter().map(|one| (one.info.target.to_string(), one.source.unwrap())).collect()
            }
            other => panic!("targets are expected: {other:?}"),
        }
    }

    async fn gone(&mut self) -> Vec<String> {
        match self.next().await {
            SourceMessage::Gone(gone) => gone.iter().map(ToString::to_string).collect(),
            other => panic!("targets that are gone are expected: {other:?}"),
        }
    }

    async fn errors(&mut self) -> Vec<SourceError> {
        match self.next().await {
            SourceMessage::Errors(_, errors) => errors,
            other => panic!("errors are expected: {other:?}"),
        }
    }
}

fn write(path: &Path, targets: &[&str], unit: &str) {
    // As tools do it: a reader sees the old list or the new one.
    let (new, quoted) = (path.with_extension("new"), targets.iter().map(|target| format!("{target:?}")));
    let quoted: Vec<String> = quoted.collect();
    std::fs::write(&new, format!("[{{\"targets\": [{}], \"labels\": {{\"unit\": {unit:?}}}}}]", quoted.join(",")))
        .unwrap();
    std::fs::rename(new, path).unwrap();
}

fn ids(found: &[(String, Box<dyn Source>)]) -> Vec<&str> {
    found.iter().map(|(id, _)| id.as_str()).collect()
}

#[tokio::test]
async fn targets_come_and_go_with_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gpus.json");
    write(&path, &["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"], "a");
    let mut watched = watch(&folder.path().join("*.json"), &["http://localhost:3"]);
    let mut first = watched.found().await;
    assert_eq!(ids(&first), ["http://127.0.0.1:1", "http://127.0.0.1:2"], "the third is named, and polled once");
    write(&path, &["127.0.0.1:2", "127.0.0.1:40000"], "a");
    assert_eq!(watched.gone().await, ["http://127.0.0.1:1"]);
    assert_eq!(ids(&watched.found().await), ["http://127.0.0.1:40000"]);
    assert_eq!(first[0].1.poll().await, Next::End, "a target that is gone is not polled");
    assert_eq!(first[1].1.poll().await, Next::Scheduled);
    write(&path, &["127.0.0.1:2", "127.0.0.1:40000"], "another");
    assert_eq!(watched.gone().await, ["http://127.0.0.1:2", "http://127.0.0.1:40000"], "their labels have changed");
    assert_eq!(ids(&watched.found().await), ["http://127.0.0.1:2", "http://127.0.0.1:40000"]);
    write(&path, &["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:40000"], "another");
    assert_eq!(ids(&watched.found().await), ["http://127.0.0.1:1"], "it is back");
}

#[tokio::test]
async fn a_broken_list_keeps_its_last_good_state_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gpus.json");
    let mut watched = watch(&path, &[]);
    let errors = watched.errors().await;
    assert!(errors[0].source.as_str().ends_with("gpus.json"), "{errors:?}");
    assert_eq!((errors[0].cause.as_str(), errors[0].remedy.as_str()), ("No such file or directory", "check the path"));
    write(&path, &["127.0.0.1:1"], "a");
    assert_eq!(ids(&watched.found().await), ["http://127.0.0.1:1"]);
    assert_eq!(watched.errors().await, []);
    let new = path.with_extension("new");
    std::fs::write(&new, "[{\"targets\": 5}]").unwrap();
    std::fs::rename(new, &path).unwrap();
    let errors = watched.errors().await;
    assert!(errors[0].cause.as_str().contains("last good state"), "{errors:?}");
    assert!(errors[0].remedy.as_str().starts_with("write a JSON list"), "{errors:?}");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(watched.errors().await[0].remedy.as_str(), "check the path");
    write(&path, &["127.0.0.1:1"], "a");
    assert_eq!(watched.errors().await, [], "and the target was there throughout");
    let Watched { lists, mut receiver } = watched;
    drop(lists);
    let ended = async { while receiver.recv().await.is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(10), ended).await.is_ok(), "its thread has ended");
}
