//! `margintop themes`: list them, or print one to start from.

use super::Failure;
use crate::tui::theme::BUILT_IN;

pub(super) fn run(name: Option<&str>) -> Result<(), Failure> {
    let Some(name) = name else {
        for (name, _) in BUILT_IN {
            println!("{name}");
        }
        return Ok(());
    };
    match BUILT_IN.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => {
            print!("{text}");
            Ok(())
        }
        None => Err(Failure::Usage(format!("no theme \"{name}\"; `margintop themes` lists them"))),
    }
}
