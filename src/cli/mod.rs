//! The command line: one small file per subcommand. The only module that prints.
//!
//! It reads the arguments, the environment and the configuration, starts a session with them, and writes errors to
//! stderr. Exit codes: 0 done, 1 a named source or the run failed, 2 the call was wrong.

mod access_args;
mod agent;
mod agent_args;
mod amounts;
mod answering_engines;
mod args;
mod attached;
mod card;
mod completions;
mod config;
mod config_places;
mod configured_prices;
mod count_states;
mod currency;
mod dashboard;
mod day;
mod demo;
mod demo_args;
mod disputes;
mod failure;
mod failures;
mod global;
mod help;
mod help_pages;
mod input;
#[cfg(test)]
mod json_keys;
mod lease_end;
mod lease_list;
mod ledger;
mod ledger_commands;
mod ledger_states;
mod listen;
mod log;
mod once;
mod once_args;
mod out;
mod picture;
mod price;
mod print;
mod reconcile;
mod record;
mod record_args;
mod reload;
mod replay;
mod replay_args;
mod report;
mod screen;
mod scripted;
mod serve;
mod serve_args;
mod server_tls;
mod settings;
mod sources;
mod speed;
mod target_states;
mod text;
mod themes;
mod when;
mod wrong_calls;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use args::{Cli, CliCommand};
pub(crate) use failure::Failure;
use out::to_stderr;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    crate::platform::outlive_file_limit();
    let words = wrong_calls::with_negative_values(std::env::args_os());
    let matches = match help::command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            let said = std::env::args().skip(1).collect::<Vec<_>>();
            if let Some(why) = wrong_calls::mistyped(&said).or_else(|| wrong_calls::message(&error, &said)) {
                return fail(&why, 2);
            }
            // A closed pipe is not an error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match read(&matches).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => fail(&why, 2),
        Err(Failure::Run(why)) => fail(&why, 1),
    }
}

/// Reads the arguments and the variables, and records which flags came from variables. Warns of a global flag without
/// effect here.
fn read(matches: &ArgMatches) -> Result<Cli, Failure> {
    let mut cli = Cli::from_arg_matches(matches).map_err(|error| Failure::Usage(error.to_string()))?;
    let is_variable =
        |flag: &&&str| matches.value_source(flag).is_some_and(|source| source == ValueSource::EnvVariable);
    cli.global.from_environment = help::GLOBAL.iter().filter(is_variable).copied().collect();
    if let Some(warning) = wrong_calls::without_effect(matches) {
        // A refused value is not ignored.
        settings::check_flags(&cli.global)?;
        to_stderr(&warning);
    }
    Ok(cli)
}

fn fail(why: &str, code: u8) -> ExitCode {
    to_stderr(why);
    ExitCode::from(code)
}

/// Runs the called subcommand. An error about a file that a variable names has the variable's name.
fn run(cli: Cli) -> Result<(), Failure> {
    let global = cli.global.clone();
    called(cli).map_err(|failure| match failure {
        Failure::Usage(why) => Failure::Usage(global.with_variable(&why)),
        Failure::Run(why) => Failure::Run(global.with_variable(&why)),
    })
}

fn called(cli: Cli) -> Result<(), Failure> {
    let Cli { global, targets, also, command } = cli;
    if let Some(why) = wrong_calls::in_targets(command.as_ref(), &targets) {
        return Err(Failure::Usage(why));
    }
    match command {
        None => dashboard::run(&global, &targets, &also),
        Some(CliCommand::Once { targets, once }) => once::run(&global, &targets, &once),
        Some(CliCommand::Report(args)) => report::run(&global, &args),
        Some(CliCommand::Reconcile(args)) => reconcile::run(&global, &args),
        Some(CliCommand::Demo(demo)) if demo.deepseek_day => day::run(&global, &demo),
        Some(CliCommand::Demo(demo)) => demo::run(&global, &demo),
        Some(CliCommand::Agent(args)) => agent::run(&global, &args),
        Some(CliCommand::Serve(args)) => serve::run(&global, &args),
        Some(CliCommand::Record(args)) => record::run(&global, &args),
        Some(CliCommand::Replay(args)) => replay::run(&global, &args),
        Some(CliCommand::Ledger(action)) => ledger_commands::ledger(&global, &action),
        Some(CliCommand::Lease(action)) => ledger_commands::lease(&global, &action),
        Some(CliCommand::Mark { text, at }) => ledger_commands::mark(&global, &text, at),
        Some(CliCommand::Price(args)) => price::run(&global, &args),
        Some(CliCommand::Config(action)) => config::run(&global, &action, &help::variables()),
        Some(CliCommand::Themes { name }) => themes::run(name.as_deref()),
        Some(CliCommand::Completions { shell }) => {
            completions::run(shell);
            Ok(())
        }
        Some(CliCommand::Man) => Ok(clap_mangen::Man::new(help::command()).render(&mut out::Stdout::default())?),
    }
}
