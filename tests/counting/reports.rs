//! What people saw other tools of this kind do, given to this one: pages in, money and snapshot out.
//!
//! Each test names the class of fault that it is a case of. Data are made up; the prices are those of `scene`.

use crate::support;

mod believed;
mod boards;
mod dips;
mod in_turn;
mod names_end;
mod offsets;
mod pages;
mod proxies;
mod proxies_chained;
mod proxies_ratio;
mod proxies_turned;
mod refused;
use crate::restart;
mod older_views;
mod roles;
mod rotating;
mod same_start;
pub(crate) mod scene;
mod served;
mod stepped;
mod sticky;
mod unknown_hits;
mod workers;
