//! The signals that ask a process to end.

use std::io;

/// How a process is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// By whoever sits at its terminal.
    Interrupt,
    /// By whoever runs it.
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    /// What the system calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            #[cfg(unix)]
            Self::Terminate => "SIGTERM",
        }
    }

    /// The exit code that shells have for a process that it ended: 128 and its number.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
        }
    }
}

/// Completes when this process is asked to end. The signals are caught from the call on, not from the first poll.
#[cfg(unix)]
pub(crate) fn signal() -> io::Result<impl Future<Output = Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}

/// Completes when this process is asked to end.
#[cfg(not(unix))]
pub(crate) fn signal() -> io::Result<impl Future<Output = Signal>> {
    Ok(async {
        // Without the handler there is nothing to wait for, and the system ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    })
}
