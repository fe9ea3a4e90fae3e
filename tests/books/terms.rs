//! Configurations: prices, leases and overhead as a seed makes them, and as they are written.

use std::fmt::Write;

use super::case::{HOUR, Node, SUMMER_TIME};
use super::dice::Dice;

/// Billionths of the currency per million tokens: miss, hit, output.
pub type Prices = [i64; 3];

/// A zone of which the model knows the clock; Berlin's is set forward on 30 March 2025 at one o'clock UTC.
#[derive(Debug, Clone, Copy)]
pub enum Zone {
    Utc,
    Shanghai,
    Berlin,
}

impl Zone {
    fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Shanghai => "Asia/Shanghai",
            Self::Berlin => "Europe/Berlin",
        }
    }

    /// How many minutes it is ahead of UTC at an instant.
    pub fn offset(self, at: i64) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Shanghai => 480,
            Self::Berlin => 60 + if at < SUMMER_TIME { 0 } else { 60 },
        }
    }
}

/// A dated list with a window.
#[derive(Debug, Clone)]
pub struct List {
    pub name: String,
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub standard: Prices,
    /// The window's beginning and end in minutes of the local day, and its prices.
    pub window: Option<(i64, i64, Prices)>,
    /// By whose clock the window is.
    pub zone: Zone,
}

/// A `[[price]]`.
#[derive(Debug, Clone)]
pub struct Pinned {
    pub model: &'static str,
    pub tenant: Option<&'static str>,
    pub prices: Option<Prices>,
    /// In euros, at the rates of exchange of the configuration.
    pub euros: bool,
    /// In hundredths.
    pub paid: Option<i64>,
}

/// A `[[lease]]`; its rate is in cents.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the configuration")]
#[derive(Debug, Clone)]
pub struct Lease {
    pub name: Option<String>,
    pub key: &'static str,
    pub subject: &'static str,
    pub gpus: Option<i64>,
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub cents: i64,
    pub by_node: bool,
    /// Hardware of one's own that comes to this rate over its life.
    pub is_owned: bool,
    /// Paid while an engine answers on the node.
    pub is_serving: bool,
    pub euros: bool,
    /// Its time is rounded up to minutes.
    pub is_rounded: bool,
    /// Ten-thousandths of the currency per kWh, and the PUE in hundredths.
    pub power: Option<(i64, i64)>,
}

/// A whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub lists: Vec<List>,
    pub prices: Vec<Pinned>,
    pub leases: Vec<Lease>,
    /// Cents an hour.
    pub per_hour: Option<i64>,
    /// Thousandths of the revenue.
    pub of_revenue: Option<i64>,
    /// Rates of exchange of a euro in hundredths, each from an instant on.
    pub euro: Vec<(i64, i64)>,
    /// Whether finished requests alone are billed.
    pub is_finished: bool,
}

impl Config {
    pub fn random(dice: &mut Dice, nodes: &[Node], began: i64) -> Self {
        // A rate of exchange is of a day: the second one begins at the next midnight.
        let midnight = began - began % (24 * HOUR);
        let euro = vec![(midnight - 48 * HOUR, dice.between(90, 130)), (midnight + 24 * HOUR, dice.between(90, 130))];
        Self {
            lists: lists(dice, began),
            prices: prices(dice),
            leases: leases(dice, nodes, began),
            per_hour: dice.one_in(2).then(|| dice.between(1, 5000)),
            of_revenue: dice.one_in(2).then(|| dice.between(1, 300)),
            euro,
            is_finished: false,
        }
    }

    /// The next run's: some of it changed.
    pub fn changed(&self, dice: &mut Dice, nodes: &[Node], began: i64) -> Self {
        let new = Self::random(dice, nodes, began);
        let mut next = self.clone();
        if dice.one_in(2) {
            next.lists = new.lists;
        }
        if dice.one_in(2) {
            next.prices = new.prices;
        }
        if dice.one_in(2) {
            (next.per_hour, next.of_revenue) = (new.per_hour, new.of_revenue);
        }
        if dice.one_in(2) {
            next.leases.retain(|lease| lease.power.is_some() || !dice.one_in(3));
            let known: Vec<_> = next.leases.iter().map(|lease| lease.subject).collect();
            next.leases.extend(
                new.leases.into_iter().filter(|lease| lease.power.is_none() && !known.contains(&lease.subject)),
            );
            for lease in &mut next.leases {
                if dice.one_in(2) {
                    lease.cents = dice.between(50, 900);
                }
            }
        }
        // An end that may be over is put off, or taken out.
        for lease in next.leases.iter_mut().filter(|lease| lease.is_schedule()) {
            if dice.one_in(2) {
                lease.until = lease.until.filter(|_| dice.one_in(2)).map(|end| end + 1000 * dice.between(1, 3600));
            }
        }
        next
    }

    /// The configuration as it is written; prices with dates are in a file beside it.
    pub fn text(&self) -> String {
        let mut text = "timezone = \"UTC\"\nprice_files = [\"house.toml\"]\n".to_owned();
        if self.is_finished {
            text.push_str("bill = \"finished\"\n");
        }
        if let Some(cents) = self.per_hour {
            writeln!(text, "overhead.per_hour = \"{}\"", decimal(cents, 2)).unwrap();
        }
        if let Some(part) = self.of_revenue {
            writeln!(text, "overhead.of_revenue = \"{}\"", decimal(part, 3)).unwrap();
        }
        for (since, rate) in &self.euro {
            let day = &instant(*since)[..10];
            writeln!(text, "[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"{}\"\nat = \"{day}\"", decimal(*rate, 2))
                .unwrap();
        }
        self.prices.iter().for_each(|price| price.write(&mut text));
        self.leases.iter().for_each(|lease| lease.write(&mut text));
        text
    }

    /// The price file.
    pub fn price_file(&self) -> String {
        let mut text = String::new();
        for list in &self.lists {
            writeln!(text, "[[list]]\nname = \"{}\"\ncurrency = \"USD\"\nsource = \"own\"", list.name).unwrap();
            date(&mut text, "from", list.from);
            date(&mut text, "until", list.until);
            let zone = list.zone.name();
            writeln!(text, "zone = \"{zone}\"\ndefault = \"standard\"").unwrap();
            writeln!(text, "[list.tiers.standard]\n{}", three(list.standard)).unwrap();
            if let Some((from, until, prices)) = list.window {
                let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
                writeln!(text, "[list.tiers.night]\n{}", three(prices)).unwrap();
                let hours = format!("{}-{}", clock(from), clock(until));
                writeln!(text, "[[list.windows]]\ntier = \"night\"\nhours = [\"{hours}\"]").unwrap();
            }
        }
        let names: Vec<_> = self.lists.iter().map(|list| format!("\"{}\"", list.name)).collect();
        writeln!(text, "[[history]]\nmodels = [\"house-2\"]\nlists = [{}]", names.join(", ")).unwrap();
        text
    }
}

impl Pinned {
    fn write(&self, text: &mut String) {
        writeln!(text, "[[price]]\nmodel = \"{}\"", self.model).unwrap();
        self.tenant.iter().for_each(|tenant| writeln!(text, "tenant = \"{tenant}\"").unwrap());
        self.prices.iter().for_each(|prices| writeln!(text, "{}", three(*prices)).unwrap());
        self.paid.iter().for_each(|paid| writeln!(text, "paid = \"{}\"", decimal(*paid, 2)).unwrap());
        if self.euros {
            writeln!(text, "currency = \"EUR\"").unwrap();
        }
    }
}

impl Lease {
    fn write(&self, text: &mut String) {
        writeln!(text, "[[lease]]\n{} = \"{}\"", self.key, self.subject).unwrap();
        self.name.iter().for_each(|name| writeln!(text, "name = \"{name}\"").unwrap());
        self.gpus.iter().for_each(|gpus| writeln!(text, "gpus = {gpus}").unwrap());
        if self.is_owned {
            // A node, or eight GPUs, for a thousand hours.
            let capex = self.cents * if self.by_node { 10 } else { 80 };
            writeln!(text, "capex = \"{capex}\"\nlife = \"1000h\"\ngpus_per_node = 8").unwrap();
        } else {
            let rate = if self.by_node { "node_rate" } else { "rate" };
            writeln!(text, "{rate} = \"{}\"", decimal(self.cents, 2)).unwrap();
        }
        if self.is_rounded {
            writeln!(text, "rounding = \"minute\"").unwrap();
        }
        if self.is_serving {
            writeln!(text, "when = \"serving\"").unwrap();
        }
        date(text, "from", self.from);
        date(text, "until", self.until);
        if let Some((kwh, pue)) = self.power {
            writeln!(text, "power = {{ kwh = \"{}\", pue = \"{}\" }}", decimal(kwh, 4), decimal(pue, 2)).unwrap();
        }
        if self.euros {
            writeln!(text, "currency = \"EUR\"").unwrap();
        }
    }
}

fn lists(dice: &mut Dice, began: i64) -> Vec<List> {
    let edge = began + 1000 * dice.below(7200);
    let is_cut = dice.one_in(2);
    let mut list = |name: &str, from, until| {
        let window = dice.one_in(2).then(|| {
            // Near the beginning, so that many cases cross an edge.
            let near = (began / 60_000 + dice.between(-30, 90)).rem_euclid(1440);
            (near, (near + dice.between(1, 600)) % 1440, random_prices(dice))
        });
        let zone = dice.of_these(&[Zone::Utc, Zone::Shanghai, Zone::Berlin]);
        let window = window.map(|(from, until, prices)| {
            let local = |minute: i64| (minute + zone.offset(began)) % 1440;
            (local(from), local(until), prices)
        });
        List { name: name.to_owned(), from, until, standard: random_prices(dice), window, zone }
    };
    if is_cut {
        vec![list("house-old", None, Some(edge)), list("house-new", Some(edge), None)]
    } else {
        vec![list("house-only", None, None)]
    }
}

fn prices(dice: &mut Dice) -> Vec<Pinned> {
    let mut prices = Vec::new();
    if dice.one_in(2) {
        let model = dice.of_these(&["house-*", "*"]);
        let paid = dice.one_in(2).then(|| dice.between(0, 100));
        prices.push(Pinned { model, tenant: Some("gold"), prices: Some(random_prices(dice)), euros: false, paid });
    }
    if dice.one_in(2) {
        let model = dice.of_these(&["house-2", "deepseek-r1"]);
        let paid = Some(dice.between(0, 100));
        prices.push(Pinned { model, tenant: dice.of_these(&[None, Some("free")]), prices: None, euros: false, paid });
    }
    if !dice.one_in(4) {
        let (euros, paid) = (dice.one_in(3), dice.one_in(3).then(|| dice.between(0, 100)));
        prices.push(Pinned { model: "house-1", tenant: None, prices: Some(random_prices(dice)), euros, paid });
    }
    prices
}

/// Prices of which a rate of exchange in hundredths leaves whole billionths.
fn random_prices(dice: &mut Dice) -> Prices {
    let hit = dice.between(1, 900_000) * 1000;
    [hit * dice.between(1, 5), hit, dice.between(1, 9_000_000) * 1000]
}

fn leases(dice: &mut Dice, nodes: &[Node], began: i64) -> Vec<Lease> {
    let subjects = [("node", "n1"), ("gpu", "H800"), ("unit", "a"), ("node", "n2"), ("node", "n3"), ("gpu", "H20")];
    let unit_nodes = nodes.iter().filter(|node| node.unit == Some("a")).count();
    let mut leases = Vec::new();
    for (key, subject) in subjects.into_iter().chain([("node", "spare")]) {
        if dice.one_in(2) {
            continue;
        }
        let from = dice.one_in(3).then(|| began + 1000 * dice.below(1800));
        let soon = dice.of_these(&[300, 3600]);
        let until = dice.one_in(3).then(|| from.unwrap_or(began) + 1000 * dice.between(1, soon));
        // GPUs without an assumed rate are paid by one lease or by none; a unit of two nodes has no order of GPUs.
        let is_whole = ["n3", "H20"].contains(&subject) || (subject == "a" && unit_nodes > 1);
        let is_spare = subject == "spare";
        let gpus = (is_spare || (!is_whole && dice.one_in(3))).then(|| dice.between(1, 9));
        let by_node = subject == "n3" && dice.one_in(2);
        let power = (gpus.is_none() && dice.one_in(4)).then(|| (dice.between(100, 4000), dice.between(100, 160)));
        // A name that comes or goes makes another agreement of it or not: nobody says which.
        let name = ["H800", "n2", "spare"].contains(&subject).then(|| format!("the {subject} agreement"));
        let (cents, euros) = (dice.between(50, 900), dice.one_in(4));
        // The GPUs that are seen share the price of an owned node.
        let by_gpu = key == "gpu" || gpus.is_some();
        let is_owned = !euros && (by_node || by_gpu) && dice.one_in(5);
        let is_serving = power.is_none() && (gpus.is_none() || key == "gpu") && dice.one_in(4);
        // Of a number of GPUs, seen or not: the others end with the GPUs that they match.
        let is_rounded = gpus.is_some() && key != "gpu" && !euros && dice.one_in(2);
        leases.push(Lease {
            name,
            key,
            subject,
            gpus,
            from,
            until,
            cents,
            by_node,
            is_owned,
            is_serving,
            euros,
            is_rounded,
            power,
        });
    }
    leases
}

fn three([miss, hit, output]: Prices) -> String {
    let price = |nanos| decimal(nanos, 9);
    format!("miss = \"{}\"\nhit = \"{}\"\noutput = \"{}\"", price(miss), price(hit), price(output))
}

fn date(text: &mut String, key: &str, at: Option<i64>) {
    if let Some(at) = at {
        writeln!(text, "{key} = \"{}\"", instant(at)).unwrap();
    }
}

/// An instant in RFC 3339.
pub fn instant(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap().to_string()
}

/// A number of `10^-places` as a decimal.
pub fn decimal(number: i64, places: u32) -> String {
    let one = 10_i64.pow(places);
    format!("{}.{:0width$}", number / one, number % one, width = places as usize)
}
