//! The command line: one small file a subcommand. The only room that prints.
//!
//! It reads the arguments, the environment and the configuration, puts the rooms together, and says in words on stderr
//! what went wrong. Exit codes: 0 done, 1 a named source or the run failed, 2 the call was wrong.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the room that speaks")]

mod agent;
mod args;
mod card;
mod catch_up;
mod config;
mod configured_prices;
mod currency;
mod dashboard;
mod day;
mod demo;
mod disputes;
mod failures;
mod keep;
mod lease_coverage;
mod lease_dates;
mod lease_end;
mod lease_list;
mod lease_spans;
mod leases;
mod ledger;
mod once;
mod out;
mod pipeline;
mod price;
mod reconcile;
mod record;
mod replay;
mod report;
mod serve;
mod sources;
mod text;
mod themes;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};

/// Why a run ended without doing what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call was wrong: exit code 2.
    Usage(String),
    /// A named source or the run failed: exit code 1.
    Run(String),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Run(error.to_string())
    }
}

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is not an error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => fail(&why, 2),
        Err(Failure::Run(why)) => fail(&why, 1),
    }
}

fn fail(why: &str, code: u8) -> ExitCode {
    for line in why.lines() {
        // It may quote a file's name, a key or an address.
        let harmless: String = line.chars().filter(|c| !c.is_control()).collect();
        eprintln!("margintop: {harmless}");
    }
    ExitCode::from(code)
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { global, targets, command } = cli;
    match command {
        None => dashboard::run(&global, &targets),
        Some(Command::Once { targets, look }) => once::run(&global, &targets, &look),
        Some(Command::Report(args)) => report::run(&global, &args),
        Some(Command::Reconcile(args)) => reconcile::run(&global, &args),
        Some(Command::Demo(demo)) if demo.deepseek_day => day::run(&global, &demo),
        Some(Command::Demo(demo)) => demo::run(&global, &demo),
        Some(Command::Agent { listen, node }) => agent::run(&global, &listen, node.as_deref()),
        Some(Command::Serve { targets, listen }) => serve::run(&global, &targets, &listen),
        Some(Command::Record(args)) => record::run(&global, &args),
        Some(Command::Replay(args)) => replay::run(&global, &args),
        Some(Command::Ledger(action)) => keep::ledger(&global, &action),
        Some(Command::Lease(action)) => keep::lease(&global, &action),
        Some(Command::Mark { text, at }) => keep::mark(&global, &text, at.as_deref()),
        Some(Command::Price(args)) => price::run(&global, &args),
        Some(Command::Config(action)) => config::run(&global, &action),
        Some(Command::Themes { name }) => themes::run(name.as_deref()),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "margintop", &mut out::Stdout::default());
            Ok(())
        }
        Some(Command::Man) => Ok(clap_mangen::Man::new(Cli::command()).render(&mut out::Stdout::default())?),
    }
}
