//! What one address answers, and what a watch has seen of it.

use super::*;

impl Address {
    pub(super) fn new(dice: &mut Dice, nth: usize, kind: Kind, began: Timestamp) -> Self {
        let count = match kind {
            Kind::One | Kind::Silent => 1,
            Kind::Several => 2 + dice.below(4),
            Kind::SilentPair => 2,
            Kind::SilentSeveral => 3 + dice.below(3),
            Kind::Instances => 1 + dice.below(3),
        };
        // Workers of one server are started within a second of each other.
        let processes = (0..count).map(|nth| {
            let mut process =
                Process { name: nth, start: began + Span::from_millis(nth.cast_signed() * 370), ..Process::default() };
            let age = if kind.is_ambiguous() { 40 } else { 1 };
            for _ in 0..age * (1 + dice.below(30)) {
                process.work(dice, 200_000);
            }
            process
        });
        let processes = processes.collect();
        let target = TargetId::new(&format!("http://e{nth}:8000"));
        Self {
            target,
            kind,
            processes,
            gone: [0; 3],
            lost: [0; 3],
            next: 0,
            answered: None,
            names: count,
            is_vague: false,
            sees_more: false,
            has_burst: false,
            has_changed: false,
            was_silent: false,
            buried: Vec::new(),
            kept: Kept::default(),
        }
    }

    /// Whether something happened after which tokens may be missing.
    pub(super) fn may_have_lost(&self) -> bool {
        self.has_burst
            || self.has_changed
            || self.is_vague
            || self.kind.is_ambiguous()
            || self.was_silent && !self.says_start()
    }

    /// A checkpoint is taken.
    pub(super) fn keep(&mut self) {
        self.kept = Kept { gone: self.gone, lost: self.lost, answered: self.answered };
        self.buried.clear();
        self.processes.iter_mut().for_each(Process::keep);
    }

    /// margintop is killed: what it saw since the last checkpoint is forgotten.
    pub(super) fn forget(&mut self) {
        (self.gone, self.lost, self.answered) = (self.kept.gone, self.kept.lost, self.kept.answered);
        self.was_silent = true;
        for mut process in self.buried.clone() {
            process.forget();
            self.count_dead(&process);
        }
        self.processes.iter_mut().for_each(Process::forget);
    }

    pub(super) fn says_start(&self) -> bool {
        !matches!(self.kind, Kind::Silent | Kind::SilentPair | Kind::SilentSeveral)
    }

    /// The processes that the next page shows.
    pub(super) fn sampled(&self) -> Vec<usize> {
        match self.kind {
            Kind::One | Kind::Silent => vec![0],
            Kind::Instances => (0..self.processes.len()).collect(),
            Kind::Several | Kind::SilentPair | Kind::SilentSeveral => {
                vec![self.next % self.processes.len()]
            }
        }
    }

    pub(super) fn page(&mut self, now: Moment) -> PageReading {
        let sampled = self.sampled();
        let says_start = self.says_start();
        let several = self.kind == Kind::Instances;
        let name = |nth: u64| format!("10.0.0.{nth}");
        let mut page = PageReading {
            kind: EngineKind::named("vllm"),
            engines: Vec::new(),
            instance_starts: Vec::new(),
            aliases: None,
            list_refused: None,
            gpus: Vec::new(),
            gpu_hosts: Vec::new(),
            start: None,
            other_starts: Vec::new(),
            date: Some(now.wall),
            complete: true,
            refusals: Refusals::default(),
        };
        for nth in sampled {
            let process = &self.processes[nth];
            let instance = name(process.name);
            page.engines.push(process.reading(None, several.then_some(instance.as_str()), process.dip > 0));
            match (says_start, several) {
                (true, true) => page.instance_starts.push((InstanceId::new(&instance), process.start)),
                (true, false) => page.start = Some(process.start),
                (false, _) => {}
            }
        }
        page
    }

    /// The page was taken in.
    pub(super) fn seen(&mut self, now: Moment, began: Moment) {
        let (last, says_start) = (self.answered, self.says_start());
        // A process without a start time may have restarted in a gap of more than three intervals.
        self.was_silent |= last.is_some_and(|last| now.since(last) > Span::from_secs(3));
        for nth in self.sampled() {
            let process = &mut self.processes[nth];
            let total = process.total();
            // So large a first growth may be that of a first page that was short of some workers.
            let first_growth = process.baseline.filter(|first| process.shown == *first);
            let is_large = |first: Tally| minus(total, first).iter().sum::<u64>() >= 100_000;
            self.is_vague |= !says_start && first_growth.is_some_and(is_large);
            if process.dip > 0 {
                process.dip -= 1;
                self.sees_more |= process.dips_partly();
                // What even a part of the workers shows beyond the last page was produced.
                let part = process.dipped();
                if (0..3).all(|i| part[i] >= process.shown[i]) {
                    process.shown = part;
                }
            } else {
                process.show();
            }
            // Born since the address last answered, or since the watch began: it counts from zero. Else it was there before.
            let known_since = last
                .map_or(began + (Span::ZERO - Span::from_millis(1)), |last| last + (Span::ZERO - Span::from_secs(5)));
            // One that says no start may count from zero if there was another page before.
            let is_later = |born: Moment| {
                if says_start { born.boot > known_since.boot } else { last.is_some() }
            };
            let fresh = process.born.is_some_and(is_later);
            process.baseline.get_or_insert(if fresh { [0; 3] } else { total });
        }
        self.next += 1;
        self.answered = Some(now);
    }

    /// Whether a counter that is no count can be distinguished from a page that never had it.
    pub(super) fn may_blank(&self) -> bool {
        self.kind != Kind::Instances && self.processes.iter().all(|process| process.baseline.is_some())
    }

    /// The page was cut: nothing of it counts.
    pub(super) fn take_back_sight(&mut self) {
        self.next += 1;
    }

    /// A process dies: what it produced after its last page is lost with it.
    pub(super) fn bury(&mut self, nth: usize) {
        let process = self.processes[nth].clone();
        self.count_dead(&process);
        self.buried.push(process);
    }

    pub(super) fn count_dead(&mut self, process: &Process) {
        let Some(baseline) = process.baseline else { return };
        // The first page of one that says no start may be a baseline.
        let one_page = process.pages < 2 && !self.says_start();
        let shown = if process.shown == [0; 3] || one_page { baseline } else { process.shown };
        self.gone = plus(self.gone, minus(shown, baseline));
        self.lost = plus(self.lost, minus(process.total(), shown));
    }

    /// What pages showed to have been produced since each process was first seen.
    pub(super) fn seen_produced(&self) -> Tally {
        let seen = |process: &Process| {
            let Some(baseline) = process.baseline else { return [0; 3] };
            let one_page = process.pages < 2 && !self.says_start();
            if process.shown == [0; 3] || one_page { [0; 3] } else { minus(process.shown, baseline) }
        };
        self.processes.iter().map(seen).fold(self.gone, plus)
    }

    /// All that was produced since each process was first seen.
    pub(super) fn produced(&self) -> Tally {
        let all = |process: &Process| process.baseline.map_or([0; 3], |baseline| minus(process.total(), baseline));
        self.processes.iter().map(all).fold(plus(self.gone, self.lost), plus)
    }
}

/// Makes one of a page's counters no count.
pub(super) fn blank(page: &mut PageReading, which: u64) {
    page.refusals.values = 1;
    for row in &mut page.engines {
        match which {
            0 => (row.tokens.prompt, row.series.prompt) = (PromptCount::Unknown, Vec::new()),
            1 => (row.tokens.cached, row.series.cached) = (None, Vec::new()),
            _ => (row.tokens.output, row.series.output) = (None, Vec::new()),
        }
    }
}
