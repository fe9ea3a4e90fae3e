//! How units are placed in rows: large ones in rows of their own, small ones side by side under their common prefix.

/// The number of nodes up to which units share rows.
pub(super) const SMALL: usize = 8;
/// How units share a row: the cells between a label and the unit's cells, and between two units.
#[derive(Clone, Copy)]
struct Sharing {
    cells: usize,
    space: usize,
    gutter: usize,
}

/// What a cell stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FleetGrain {
    /// A GPU; the value is the number of GPUs per node. A space separates nodes.
    Gpu(usize),
    Node,
}

impl FleetGrain {
    /// The number of cells that `nodes` nodes take.
    pub(super) fn cells(self, nodes: usize) -> usize {
        match self {
            Self::Gpu(gpus) => (nodes * (gpus + 1)).saturating_sub(1),
            Self::Node => nodes,
        }
    }

    /// The number of nodes that fit in `cells` cells.
    fn nodes(self, cells: usize) -> usize {
        match self {
            Self::Gpu(gpus) => (cells + 1) / (gpus + 1),
            Self::Node => cells,
        }
    }
}

/// The part of a unit that is in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlanSlot {
    /// The index of the unit.
    pub(super) unit: usize,
    /// The range of its nodes.
    pub(super) nodes: std::ops::Range<usize>,
    /// The columns where its label and its cells begin.
    pub(super) label: usize,
    pub(super) cells: usize,
}

/// A row with one unit or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlanRow {
    /// The common prefix of several units, in the first of their rows.
    pub(super) prefix: Option<String>,
    pub(super) is_shared: bool,
    pub(super) slots: Vec<PlanSlot>,
}

/// The rows of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FleetPlan {
    pub(super) grain: FleetGrain,
    /// Whether rows of several units have totals beside them.
    pub(super) has_shared_figures: bool,
    pub(super) rows: Vec<PlanRow>,
}

/// A unit to place.
pub(super) struct PlanUnit<'a> {
    pub(super) name: &'a str,
    pub(super) nodes: usize,
    /// Whether it has rows of its own.
    pub(super) is_alone: bool,
    /// The cells by which its label is wider than the others.
    pub(super) indent: usize,
}

impl FleetPlan {
    /// The finest grain at which all units fit in `rows` rows, else one cell for each node, as dense as possible. The array
    /// is the cells of a label, of a unit, and of a row without figures. `gpus` is the number of GPUs per node; `None`
    /// means one cell for each node.
    pub(super) fn new(
        units: &[PlanUnit<'_>],
        gpus: Option<usize>,
        [label, cells, whole]: [usize; 3],
        rows: usize,
    ) -> Self {
        let airy = Sharing { cells, space: 1, gutter: 3 };
        let dense = Sharing { cells: whole, space: 0, gutter: 2 };
        let ways = gpus.map(|gpus| (FleetGrain::Gpu(gpus), airy)).into_iter().chain([(FleetGrain::Node, airy)]);
        let mut plans = ways.map(|(grain, way)| (grain, Self::at(units, grain, label, cells, way)));
        // A unit that shares a row must not reach into the figures.
        let is_within =
            |grain: FleetGrain, slot: &PlanSlot| slot.cells + grain.cells(slot.nodes.len()) <= label + cells;
        let fits = |(grain, plan): &(FleetGrain, Self)| {
            let mut slots = plan.rows.iter().filter(|row| row.is_shared).flat_map(|row| &row.slots);
            plan.rows.len() <= rows && grain.nodes(cells) > 0 && slots.all(|slot| is_within(*grain, slot))
        };
        match plans.find(fits) {
            Some((_, plan)) => plan,
            None => Self { has_shared_figures: false, ..Self::at(units, FleetGrain::Node, label, cells, dense) },
        }
    }

    fn at(units: &[PlanUnit<'_>], grain: FleetGrain, label: usize, cells: usize, way: Sharing) -> Self {
        let mut rows = Vec::new();
        let mut place = 0;
        while let Some(unit) = units.get(place) {
            if unit.is_alone {
                let cells = cells.saturating_sub(unit.indent);
                rows.extend(alone(place, unit.nodes, grain, label + unit.indent, cells));
                place += 1;
                continue;
            }
            let shared = prefix(unit.name);
            let rest = units.iter().skip(place);
            let count = rest.take_while(|other| !other.is_alone && prefix(other.name) == shared).count();
            rows.extend(together(units, place..place + count, grain, label, way));
            place += count;
        }
        Self { grain, has_shared_figures: true, rows }
    }

    /// How many units are complete in the first `rows` rows.
    pub(super) fn shown(&self, rows: usize) -> usize {
        let cut = self.rows.iter().skip(rows).flat_map(|row| &row.slots).map(|slot| slot.unit).min();
        let all = self.rows.iter().flat_map(|row| &row.slots).map(|slot| slot.unit + 1).max().unwrap_or(0);
        cut.unwrap_or(all)
    }
}

/// The name without the number at its end.
pub(super) fn prefix(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// The part of a name after its prefix; the whole name if there is none.
pub(super) fn ending(name: &str) -> &str {
    let ending = name.get(prefix(name).len()..).unwrap_or(name);
    if ending.is_empty() { name } else { ending }
}

fn alone(unit: usize, nodes: usize, grain: FleetGrain, label: usize, cells: usize) -> Vec<PlanRow> {
    let per_row = grain.nodes(cells).max(1);
    let row = |from: usize| PlanRow {
        prefix: None,
        is_shared: false,
        slots: vec![PlanSlot { unit, nodes: from..(from + per_row).min(nodes), label: 0, cells: label }],
    };
    (0..nodes.max(1)).step_by(per_row).map(row).collect()
}

fn together(
    units: &[PlanUnit<'_>],
    places: std::ops::Range<usize>,
    grain: FleetGrain,
    label: usize,
    way: Sharing,
) -> Vec<PlanRow> {
    let of = |place: usize| units.get(place);
    let widest = places.clone().filter_map(of).map(|unit| unit.nodes).max().unwrap_or(1);
    let name = places.clone().filter_map(of).map(|unit| ending(unit.name).chars().count()).max().unwrap_or(0).min(12);
    let slot = name + way.space + grain.cells(widest);
    let per_row = ((way.cells + way.gutter) / (slot + way.gutter)).max(1);
    let shared = places.clone().next().and_then(of).map(|unit| prefix(unit.name).to_owned());
    let first = places.start;
    places
        .clone()
        .step_by(per_row)
        .map(|from| PlanRow {
            prefix: shared.clone().filter(|_| from == first),
            is_shared: true,
            slots: (from..(from + per_row).min(places.end))
                .map(|place| {
                    let x = label + (place - from) * (slot + way.gutter);
                    PlanSlot {
                        unit: place,
                        nodes: 0..of(place).map_or(0, |unit| unit.nodes),
                        label: x,
                        cells: x + name + way.space,
                    }
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> Vec<(String, usize)> {
        let decode = (1..=9).map(|i| (format!("decode-{i}"), 18));
        decode.chain((1..=29).map(|i| (format!("prefill-{i:02}"), 4))).collect()
    }

    fn plan(room: (usize, usize), rows: usize) -> FleetPlan {
        let names = published();
        let units: Vec<PlanUnit<'_>> = names
            .iter()
            .map(|(name, nodes)| PlanUnit { name, nodes: *nodes, is_alone: *nodes > SMALL, indent: 0 })
            .collect();
        FleetPlan::new(&units, Some(8), [room.0, room.1, room.1 + 26], rows)
    }

    #[test]
    fn the_published_fleet_stands_as_it_is_drawn() {
        let wide = plan((9, 162), 17);
        assert_eq!((wide.grain, wide.rows.len()), (FleetGrain::Gpu(8), 17));
        let row = &wide.rows[9];
        assert_eq!((row.prefix.as_deref(), row.slots.len()), (Some("prefill-"), 4));
        let narrow = plan((9, 23), 14);
        assert_eq!((narrow.grain, narrow.rows.len()), (FleetGrain::Node, 14));
        assert_eq!(narrow.rows[9].slots.len(), 6);
    }

    #[test]
    fn what_finds_no_room_is_known() {
        let cut = plan((9, 23), 11);
        assert_eq!(cut.shown(11), 9 + 12);
        assert_eq!(
            plan((10, 10), 99).rows.iter().flat_map(|row| &row.slots).map(|slot| slot.nodes.len()).sum::<usize>(),
            278
        );
    }

    #[test]
    fn no_room_at_all_does_no_harm() {
        for cells in 0..20 {
            plan((0, cells), 0);
        }
    }
}
