//! SIGHUP of `serve` and `agent`: the process begins again with the configuration as it is then, unless that cannot be used.

use super::Failure;
use crate::platform::{KeptListener, ServerSignal, ShutdownSignals, replace_with};

/// Waits for a signal that ends this run. `check` reads the configuration: one that cannot be used is logged, and the run goes
/// on with its own.
pub(super) async fn until_ended(
    shutdown: &mut ShutdownSignals,
    check: impl Fn() -> Result<(), Failure>,
) -> ServerSignal {
    loop {
        let signal = shutdown.received().await;
        if signal == ServerSignal::End {
            return signal;
        }
        match check() {
            Ok(()) => return signal,
            Err(Failure::Usage(why) | Failure::Run(why)) => {
                tracing::error!("the configuration is not reloaded: {}", why.replace('\n', "; "));
            }
        }
    }
}

/// Replaces this process by a new one of the same program, arguments and listening socket. Returns only if that fails.
pub(super) fn begin_again(listener: Option<KeptListener>) -> Failure {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Failure::Run(format!("this program's file is not known: {error}")),
    };
    let mut command = std::process::Command::new(&program);
    command.args(std::env::args_os().skip(1));
    if let Some(listener) = listener {
        listener.hand_to(&mut command);
    }
    let error = replace_with(&mut command);
    Failure::Run(format!("{} did not start: {error}", program.display()))
}
