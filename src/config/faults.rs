//! The mistakes of one table of the configuration, each with the keys that it is about.

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableFault {
    /// The keys that it is about, the one to change first; empty for the table as a whole.
    pub(super) keys: &'static [&'static str],
    /// What is wrong and what to write.
    pub(super) why: String,
}

/// Collects the mistakes of a table, so that one hides no other.
#[derive(Debug, Default)]
pub(super) struct TableFaults(Vec<TableFault>);

impl TableFaults {
    /// Adds a mistake of these keys.
    pub(super) fn add(&mut self, keys: &'static [&'static str], why: impl Into<String>) {
        self.0.push(TableFault { keys, why: why.into() });
    }

    /// The value, or `None` and one more mistake of these keys.
    pub(super) fn check<T>(&mut self, keys: &'static [&'static str], value: Result<T, String>) -> Option<T> {
        value.map_err(|why| self.add(keys, why)).ok()
    }

    /// Adds a mistake of these keys if it is one.
    pub(super) fn refuse(&mut self, is_wrong: bool, keys: &'static [&'static str], why: &str) {
        if is_wrong {
            self.add(keys, why);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of their discovery.
    pub(super) fn into_all(self) -> Vec<TableFault> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::settings::mistakes;

    /// Checks a text's mistakes: their lines, and a word of each.
    fn check(text: &str, expected: &[(usize, &str)]) {
        let messages = mistakes(Path::new("m.toml"), text);
        assert_eq!(messages.len(), expected.len(), "{text}: {messages:#?}");
        for (messages, (line, word)) in messages.iter().zip(expected) {
            assert!(
                messages.starts_with(&format!("m.toml:{line}: ")) && messages.contains(word),
                "{line} {word}: {messages}"
            );
        }
    }

    /// Class: the first mistake of a table hides the others of it.
    #[test]
    fn every_mistake_of_a_table_is_reported_with_its_key_and_line() {
        check(
            "[[lease]]\ngpu = \"H100\"\nnode = \"n\"\nfrom = \"soon\"\nuntil = \"later\"\ngpus = 0\nname = \" \"\n\
             rate = \"2\"\nnode_rate = \"16\"\ncurrency = \"euro\"\n",
            &[
                (2, "exactly one"),
                (4, "from: \"soon\""),
                (5, "until: \"later\""),
                (6, "gpus: "),
                (7, "name: "),
                (8, "write one of them"),
                (10, "currency: "),
            ],
        );
        check(
            "[[lease]]\nunit = \"u\"\nnode_rate = \"16\"\nnodes = 0\ngpus_per_node = 0\nlife = \"4y\"\n\
             from = \"2026-02-01T00:00:00Z\"\nuntil = \"2026-01-01T00:00:00Z\"\n",
            &[(4, "nodes: "), (5, "gpus_per_node: "), (6, "capex"), (8, "before it begins")],
        );
        check(
            "[[lease]]\nnode = \"\"\ncapex = \"much\"\nnetwork = \"-1\"\nsalvage = \"x\"\nlife = \"long\"\n",
            &[
                (2, "empty"),
                (3, "gpus_per_node = 8"),
                (3, "capex: "),
                (4, "network: "),
                (5, "salvage: "),
                (6, "life: "),
            ],
        );
    }

    /// The same of the other kinds of tables.
    #[test]
    fn every_mistake_of_another_table_is_reported_with_its_key_and_line() {
        check(
            "[[fx]]\nfrom = \"euro\"\nto = \"usd\"\nrate = \"0\"\nat = \"yesterday\"\n[[fx]]\nfrom = \"EUR\"\nto = \"EUR\"\nrate = \"x\"\n\
             at = \"2026-01-01\"\n",
            &[(2, "from: "), (3, "to: "), (4, "rate: "), (5, "at: "), (8, "two currencies"), (9, "rate: ")],
        );
        check(
            "[[price]]\nmodel = \"undefined\"\nlist = \"nosuch\"\nhit = \"1\"\ncurrency = \"dollar\"\n[[price]]\nmodel = \"m\"\n",
            &[
                (2, "place of a name"),
                (3, "no such list"),
                (4, "one or the other"),
                (5, "currency: "),
                (6, "names a list"),
            ],
        );
        check(
            "[[price]]\nmodel = \"m\"\nhit = \"1\"\ncurrency = \"EUR\"\n",
            &[(3, "all three"), (4, "[[fx]] from = \"EUR\"")],
        );
        check(
            "[[scenario]]\nname = \"a=b\"\n[[scenario]]\nname = \"a=b\"\nlist = \"nosuch\"\n",
            &[
                (1, "changes nothing"),
                (2, "without \"=\""),
                (4, "without \"=\""),
                (4, "used twice"),
                (5, "no such list"),
            ],
        );
        check(
            "[[target]]\nurl = \"a b\"\nusername = \"\"\nbearer_token_file = \"/t\"\n",
            &[(2, "a b"), (3, "username is empty"), (4, "cannot be combined")],
        );
    }

    /// Class: of two tables for one page, one has no effect.
    #[test]
    fn a_page_that_two_targets_name_is_reported() {
        check(
            "[[target]]\nurl = \"http://gpu-[01-03]:8000\"\n[[target]]\nurl = \"gpu-02:8000\"\nrole = \"decode\"\n",
            &[(4, "line 1")],
        );
        check(
            "[[target]]\nurl = \"http://127.0.0.1:8000/metrics\"\n[[target]]\nurl = \"http://localhost:8000/metrics\"\n",
            &[(4, "line 1")],
        );
        check("[[target]]\nurl = \"http://gpu-[1-2]:8000\"\n[[target]]\nurl = \"http://gpu-3:8000\"\n", &[]);
    }

    /// Class: a mistake of a table that is only the effect of another.
    #[test]
    fn what_follows_from_another_mistake_is_not_reported() {
        check("currency = \"XX1X\"\n[[price]]\nmodel = \"m\"\nlist = \"deepseek-r1-2025\"\n", &[(1, "currency")]);
        check(
            "currency = 5\n[[price]]\nmodel = \"m\"\nlist = \"nosuch\"\nhit = \"1\"\n[[lease]]\nrate = \"1\"\ncurrency = \"EUR\"\n",
            &[(1, "currency"), (5, "one or the other"), (6, "exactly one")],
        );
        check("[[lease]]\nnode = \"n\"\nrate = 2\n", &[(3, "write \"2\"")]);
        check(
            "[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"x\"\nat = \"2026-01-01\"\n[[lease]]\nnode = \"n\"\nrate = \"1\"\n\
             currency = \"EUR\"\n",
            &[(4, "rate: ")],
        );
    }

    /// Class: the parser's own words, without what to write.
    #[test]
    fn a_mistake_of_the_syntax_says_what_to_write() {
        for (text, line, word) in [
            ("interval = 1s\n", 1, "in quotes"),
            ("interval = \"1s\n", 1, "closing quote"),
            ("price_files = [\"a\"\n", 1, "\"]\""),
            ("a = [\n", 1, "\"]\""),
            ("[[lease]\nrate = \"1\"\n", 1, "[[lease]]"),
            ("[slo\nttft_p99 = \"1s\"\n", 1, "\"]\""),
            ("interval\n", 1, "interval = "),
            ("interval =\n", 1, "value"),
            ("interval \"1s\"\n", 1, "\"=\""),
            ("currency: \"USD\"\n", 1, "\"=\""),
            ("[[lease]]\ngpu = 'H100\n", 2, "closing quote"),
            ("[[target]]\nurl = \"a:1\"\nlabels = { site = \"x\"\n", 3, "\"}\""),
            ("nvml_lib = \"C:\\dll\"\n", 1, "single quotes"),
            ("interval = \"1s\" currency = \"USD\"\n", 1, "line of its own"),
            ("bill = all\n", 1, "in quotes"),
            ("[plausibility]\noutput_per_gpu = 050\n", 2, "zero"),
            ("= 1\n", 1, "key"),
        ] {
            let messages = mistakes(Path::new("m.toml"), text);
            assert!(messages[0].starts_with(&format!("m.toml:{line}: ")), "{text}: {messages:?}");
            assert!(messages[0].contains(word) && messages[0].contains("write"), "{text}: {messages:?}");
        }
        let two = mistakes(Path::new("m.toml"), "interval = 1s\ncurrency = \"USD\"\n[[lease]]\nrate = 2 per hour\n");
        assert_eq!(two.len(), 2, "{two:?}");
    }
}
