//! `[[discover]]`, on the built program over real sockets.

use crate::program::Program;
use crate::server::Server;

use serde_json::Value;

const VLLM: &str = include_str!("../fixtures/engines/vllm-dp4.prom");
const VLLM_LATER: &str = include_str!("../fixtures/engines/vllm-dp4.t10.prom");

#[test]
fn once_polls_the_targets_of_a_list_twice() {
    let server = Server::pages(&[VLLM, VLLM_LATER]);
    let address = server.url.trim_start_matches("http://");
    let program = Program::new(["once", "--json", "--for", "1s"]).config("[[discover]]\nfile_sd = \"gpus.json\"\n");
    let labels = r#"{"__metrics_path__": "/metrics", "unit": "decode-1", "node": "gpu-7"}"#;
    let list = format!(r#"[{{"targets": ["{address}"], "labels": {labels}}}]"#);
    std::fs::write(program.home().join("margintop/gpus.json"), list).unwrap();
    let ran = program.run();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(json["coverage"]["engines_live"], 1);
    assert_eq!((&json["engines"][0]["unit"], &json["engines"][0]["node"]), (&"decode-1".into(), &"gpu-7".into()));
    assert!(json["tokens"]["output_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{}", json["tokens"]);
}

#[test]
fn once_fails_with_what_is_wrong_with_a_list() {
    let program = Program::new(["once", "--json", "--for", "0"]).config("[[discover]]\nfile_sd = \"gpus.json\"\n");
    let ran = program.run();
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("gpus.json: No such file or directory (check the path)"), "{}", ran.err);
}
