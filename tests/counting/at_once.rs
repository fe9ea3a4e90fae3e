//! Values that are seen for the first time, and are more than any engine makes at once: they were there before.

use crate::reports::scene::{HERE, Scene, read};

fn counter(name: &str, rows: &[(String, u64)]) -> String {
    let rows: Vec<_> = rows.iter().map(|(labels, value)| format!("vllm:{name}{{{labels}}} {value}\n")).collect();
    format!("# TYPE vllm:{name} counter\n{}", rows.concat())
}

/// Prompts, hits and output of rows, by their labels and what they have made of output.
fn page(starts: &[(&str, &str)], rows: &[(&str, u64)]) -> String {
    let line = |(labels, start): &(&str, &str)| format!("process_start_time_seconds{{{labels}}} {start}\n");
    let starts = starts.iter().map(line).collect::<Vec<_>>().concat();
    let of = |parts: u64, whole: u64| -> Vec<_> {
        rows.iter()
            .map(|(labels, made)| (format!("engine=\"0\",model_name=\"m\"{labels}"), made * parts / whole))
            .collect()
    };
    starts
        + &counter("prompt_tokens_total", &of(2, 1))
        + &counter("prompt_tokens_cached_total", &of(1, 2))
        + &counter("generation_tokens_total", &of(1, 1))
}

/// What is posted of output, and whether anything says that it may be too much or too little.
fn posted(scene: &mut Scene, second: i64) -> (u64, bool, bool) {
    let money = scene.snapshot(second).money;
    (scene.posted()[2], money.upper_bound, money.lower_bound || money.disputed_tokens > 0)
}

/// Class: an instance joins an aggregated page whose labels are not known to name one: all that it had made is posted.
#[test]
fn what_joins_a_page_under_unknown_labels_is_not_billed_for_its_past() {
    for (starts, label) in [
        (true, "hostname"),
        (true, "exported_instance"),
        (true, "kubernetes_pod_name"),
        (false, "zone"),
        (true, "zone"),
    ] {
        for had in [30_000, 130_000, 5_000_000] {
            let mut scene = Scene::one();
            let [a, b] = ["a", "b"].map(|name| format!("{label}=\"{name}\""));
            let [of_a, of_b] = [&a, &b].map(|labels| format!(",{labels}"));
            for second in 0..40_u64 {
                let mut rows = vec![(of_a.as_str(), 20_000 + 300 * second)];
                let mut all = vec![(a.as_str(), "1764000000")];
                if second > 9 {
                    rows.push((of_b.as_str(), had + 300 * second));
                    all.push((b.as_str(), "1764000009"));
                }
                let text = page(if starts { &all } else { &[] }, &rows);
                scene.take(HERE, second.cast_signed(), read(&text));
                let truth = 300 * second + if second > 9 { 300 * (second - 10) } else { 0 };
                let (posted, too_much, too_little) = posted(&mut scene, second.cast_signed());
                let what = format!("{label}, {starts}, {had}, second {second}: {posted} of {truth}");
                assert!(posted <= truth || too_much, "{what}");
                assert!(posted >= truth || too_little, "{what}");
            }
        }
    }
}

/// Class: of engines that are told apart by a label, one restarts; what it made before it is seen again is posted, or known
/// to be missing.
#[test]
fn a_restart_beside_other_engines_is_seen_whatever_tells_them_apart() {
    let of_list = ["exported_instance", "kubernetes_pod_name", "k8s_pod_name", "service_instance_id", "hostname"];
    for label in of_list.into_iter().chain(["zone", "cluster", "node", "instance=\"vllm:8000\",cluster"]) {
        for (dies, gone, pace, had) in [
            (1, 3, 300, 8_000),
            (1, 0, 300, 8_000),
            (1, 3, 300, 700),
            (0, 3, 300, 8_000),
            (0, 0, 30, 8_000),
            (1, 8, 900, 2_000),
        ] {
            let mut scene = Scene::one();
            let names = ["a", "b"].map(|name| format!("{label}=\"{name}\""));
            let labels = names.each_ref().map(|name| format!(",{name}"));
            for second in 0..60_u64 {
                let born = crate::reports::scene::after(20 + gone).wall.millis() / 1000;
                let (mut starts, mut rows, mut truth) = (Vec::new(), Vec::new(), 0);
                for engine in 0..2 {
                    let is_anew = engine == dies && second >= 20;
                    truth += if is_anew { pace * 19 + pace * (second - 20) } else { pace * second };
                    if engine == dies && (20..20 + gone.unsigned_abs()).contains(&second) {
                        continue;
                    }
                    let made = if is_anew { pace * (second - 20) } else { had + pace * second };
                    rows.push((labels[engine].as_str(), made));
                    starts.push((names[engine].as_str(), if is_anew { born.to_string() } else { "1764000000".into() }));
                }
                let starts: Vec<_> = starts.iter().map(|(name, start)| (*name, start.as_str())).collect();
                scene.take(HERE, second.cast_signed(), read(&page(&starts, &rows)));
                let (posted, too_much, too_little) = posted(&mut scene, second.cast_signed());
                let what =
                    format!("{label}, {dies} dies for {gone}, {pace}, {had}, second {second}: {posted} of {truth}");
                let before = 20 + gone.unsigned_abs();
                assert!(posted <= truth || too_much, "{what}");
                assert!(posted >= truth || too_little || (20..before + 8).contains(&second), "{what}");
            }
        }
    }
}

/// Class: a counter that was not on the first pages, though what it counts had been made, is taken to have begun at nothing.
#[test]
fn a_counter_that_the_first_pages_lack_is_not_billed_for_its_past() {
    for gone in [1, 2, 8] {
        for (lacks, had) in
            [("generation", 9_000), ("generation", 30_000), ("prompt_tokens_total", 30_000), ("cached", 30_000)]
        {
            for start in ["1764000000", ""] {
                let mut scene = Scene::one();
                for second in 0..30_u64 {
                    let starts = [("", start)];
                    let starts = if start.is_empty() { &[][..] } else { &starts[..] };
                    let mut text = page(starts, &[("", had + 300 * second)]);
                    if second < gone {
                        let left = text.lines().filter(|line| !line.contains(lacks)).collect::<Vec<_>>();
                        text = left.join("\n") + "\n";
                    }
                    scene.take(HERE, second.cast_signed(), read(&text));
                    let money = scene.snapshot(second.cast_signed()).money;
                    let truth = [300, 150, 300].map(|pace| pace * second);
                    let posted = scene.posted();
                    let what = format!("{lacks} gone for {gone}, {had}, {start:?}, second {second}: {posted:?}");
                    let is_above =
                        posted[2] > truth[2] || posted[0] + posted[1] > 2 * truth[0] || posted[0] > 450 * second;
                    assert!(!is_above || money.upper_bound, "{what} of {truth:?}");
                }
            }
        }
    }
}

/// Class: a row, or all of them, that only the first pages lack, though it had been made before.
#[test]
fn a_row_that_the_first_pages_lack_is_not_billed_for_its_past() {
    for gone in [1, 2, 3] {
        for had in [9_000, 30_000, 300_000] {
            for (start, rows) in [("1764000000", 3), ("", 3), ("1764000000", 1), ("", 1)] {
                let mut scene = Scene::one();
                for second in 0..40_u64 {
                    let labels: Vec<_> = (0..rows).map(|rank| format!(",rank=\"{rank}\"")).collect();
                    let mut made: Vec<_> = labels.iter().map(|of| (of.as_str(), had + 300 * second)).collect();
                    let truth = 300 * second * rows;
                    if second < gone {
                        made.pop();
                    }
                    let starts = [("", start)];
                    let mut text = page(if start.is_empty() { &[] } else { &starts }, &made);
                    for rank in 0..rows {
                        text = text.replace(
                            &format!("engine=\"0\",model_name=\"m\",rank=\"{rank}\""),
                            &format!("engine=\"{rank}\",model_name=\"m\""),
                        );
                    }
                    if made.is_empty() {
                        text +=
                            "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name=\"m\"} 1\n";
                    }
                    scene.take(HERE, second.cast_signed(), read(&text));
                    let (posted, too_much, _) = posted(&mut scene, second.cast_signed());
                    let what = format!("{rows} rows, one gone for {gone}, {had}, {start:?}, second {second}: {posted}");
                    assert!(posted <= truth || too_much, "{what} of {truth}");
                }
            }
        }
    }
}

/// Class: the start time of another program on the page changes: all of the engine's tokens are posted as those of a new
/// process.
#[test]
fn the_start_time_of_another_program_makes_no_new_process() {
    for silent in [0, 2] {
        for labels in ["", "app=\"sidecar\""] {
            let mut scene = Scene::one();
            for second in 0..40_i64 {
                if (20..20 + silent).contains(&second) {
                    scene.fail(HERE, second);
                    continue;
                }
                let born = crate::reports::scene::after(20).wall.millis() / 1000;
                let start = if second < 20 { "1764000000".to_owned() } else { born.to_string() };
                let made = 300_000 + 300 * second.unsigned_abs();
                scene.take(HERE, second, read(&page(&[(labels, &start)], &[("", made)])));
            }
            assert_eq!(scene.posted()[2], 300 * 39, "{silent}, {labels}");
        }
    }
}

/// Class: a fast engine that lived for seconds restarts, and its first page is just above its last one: what it made since
/// the start was posted only in part, without a mark.
#[test]
fn a_restart_just_above_the_last_values_is_a_lower_bound() {
    for above in [0, 1, 500, 1_500] {
        for life in [2, 4, 12] {
            let mut scene = Scene::one();
            let start = |second: i64| (crate::reports::scene::after(second).wall.millis() / 1000).to_string();
            scene.take(HERE, 0, read(&page(&[("", &start(-50))], &[("", 900)])));
            // It restarts at 10, and again 3 seconds before its values are reached.
            for nth in 1..=life {
                scene.take(
                    HERE,
                    10 + nth,
                    read(&page(&[("", &start(10))], &[("", 24_000 / life as u64 * nth as u64)])),
                );
            }
            let anew = 24_000 + above;
            scene.take(HERE, 10 + life + 3, read(&page(&[("", &start(10 + life + 2))], &[("", anew)])));
            let (posted, made) = (scene.posted()[2], 24_000 + anew);
            let lower = scene.snapshot(10 + life + 3).money.lost_windows >= 2;
            assert!(posted == made || posted < made && lower, "{above}, {life}: {posted} of {made}");
        }
    }
}

/// Class: a prefill engine's rows have many prompts and an output token for each of them: only the output was judged.
#[test]
fn a_row_of_many_prompts_is_not_billed_for_its_past() {
    for (prompts, output) in [(1_200, 300), (30_000, 3_900), (300_000, 3_900), (1_500_000, 1_500)] {
        for (comes, start, restarts) in [
            (1, "1764000000", false),
            (1, "", false),
            (6, "1764000000", false),
            (6, "1764000000", true),
            (6, "", false),
        ] {
            if comes > 1 && prompts < 100_000 {
                continue;
            }
            let mut scene = Scene::one();
            for second in 0..20_u64 {
                if restarts && (3..6).contains(&second) {
                    if second == 4 {
                        scene.restart(4);
                    }
                    continue;
                }
                let row = |rank: u8, prompt: u64, output: u64| {
                    let line = |name, value| format!("vllm:{name}{{engine=\"{rank}\",model_name=\"m\"}} {value}\n");
                    line("prompt_tokens_total", prompt) + &line("generation_tokens_total", output)
                };
                let mut text = if start.is_empty() { String::new() } else { page(&[("", start)], &[]) };
                text += &row(0, 90_000 + 60 * second, 30_000 + 30 * second);
                if second >= comes {
                    text += &row(1, prompts + 60 * (second - comes), output + 30 * (second - comes));
                }
                scene.take(HERE, second.cast_signed(), read(&text));
                let truth = 60 * second + if second > comes { 60 * (second - comes) } else { 0 };
                let made = scene.posted();
                let money = scene.snapshot(second.cast_signed()).money;
                let what = format!(
                    "{prompts}, {output}, {comes}, {start:?}, {restarts}, second {second}: {made:?} of {truth}"
                );
                assert!(made[0] + made[1] <= truth + 60 || money.upper_bound, "{what}");
            }
        }
    }
}

/// Class: labels of a target beyond the usual ones name its engines: any that Prometheus may have added, alone or beside
/// labels that are the same for all of them.
#[test]
fn engines_are_distinguished_by_any_label_of_their_start_times() {
    for label in ["cluster", "zone", "node", "instance=\"vllm:8000\",job=\"vllm\",cluster"] {
        for gone in [0, 1, 2] {
            let mut scene = Scene::one();
            let names = [0, 1, 2].map(|engine| format!("{label}=\"e{engine}\""));
            let labels = names.each_ref().map(|name| format!(",{name}"));
            for second in 0..40_u64 {
                let shown = |engine: &usize| *engine != gone || !(10..20).contains(&second) && second % 7 != 3;
                let shown: Vec<usize> = (0..3).filter(shown).collect();
                let starts = ["1764000000", "1764000009", "1764000018"];
                let starts: Vec<_> = shown.iter().map(|engine| (names[*engine].as_str(), starts[*engine])).collect();
                let had = |engine: usize| 30_000 * (1 + engine as u64) + 300 * second;
                let rows: Vec<_> = shown.iter().map(|engine| (labels[*engine].as_str(), had(*engine))).collect();
                scene.take(HERE, second.cast_signed(), read(&page(&starts, &rows)));
            }
            let money = scene.snapshot(39).money;
            assert_eq!(scene.posted()[2], 3 * 300 * 39, "{label}, {gone}");
            assert!(
                !money.upper_bound && !money.lower_bound && money.disputed_tokens == 0,
                "{label}, {gone}: {money:?}"
            );
        }
    }
}

/// Class: the labels of one engine without a start time come and go: its growth under the one name is posted again under
/// the other.
#[test]
fn labels_that_come_and_go_without_a_start_time_are_an_upper_bound() {
    for label in [",hostname=\"a\"", ",instance=\"a\""] {
        for (shown, hidden) in [(1, 1), (3, 2), (10, 10), (1, 20)] {
            for restarts in [false, true] {
                let mut scene = Scene::one();
                for second in 0..60_u64 {
                    let of = if second % (shown + hidden) < shown { label } else { "" };
                    scene.take(HERE, second.cast_signed(), read(&page(&[], &[(of, 30_000 + 300 * second)])));
                    if restarts && second == 25 {
                        scene.restart(25);
                    }
                    let (posted, too_much, _) = posted(&mut scene, second.cast_signed());
                    let what = format!("{label}, {shown} of {hidden}, {restarts}, second {second}: {posted}");
                    assert!(posted <= 300 * second || too_much, "{what}");
                }
            }
        }
    }
}

/// Class: an engine of an aggregated page ends between two pages: its tokens after its last page are missing.
#[test]
fn an_engine_that_left_in_a_gap_is_a_lost_window_until_it_returns() {
    for (gap, back, lost) in [(0, 60, 1), (20, 60, 1), (20, 40, 0)] {
        for restarts in [false, true] {
            let mut scene = Scene::one();
            let names = ["instance=\"a\"", "cluster=\"b\""];
            let labels = names.map(|name| format!(",{name}"));
            for second in 0..60_u64 {
                if (10..10 + gap).contains(&second) {
                    if restarts && second == 15 {
                        scene.restart(15);
                    }
                    continue;
                }
                let shown = [true, second < 10 || second >= back];
                let all = [0, 1].into_iter().filter(|engine| shown[*engine]);
                let starts: Vec<_> = all.clone().map(|engine| (names[engine], "1764000000")).collect();
                let rows: Vec<_> = all.map(|engine| (labels[engine].as_str(), 9_000 + 300 * second)).collect();
                scene.take(HERE, second.cast_signed(), read(&page(&starts, &rows)));
            }
            let money = scene.snapshot(59).money;
            let what = format!("{gap}, {back}, {restarts}: {money:?}");
            assert_eq!((money.lost_windows, money.lower_bound), (lost, lost > 0), "{what}");
            let had = if back == 60 { 300 * (59 + 9) } else { 300 * 2 * 59 };
            assert_eq!(scene.posted()[2], had, "{what}");
        }
    }
}
