//! The trace, as crates/sim/src/ring/trace.rs of the project writes it: JSON, a line each, in the order of time.

use std::io::BufRead;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What happens at a moment.
pub(crate) struct Line {
    pub(crate) at: Duration,
    pub(crate) deed: Deed,
}

/// Nodes are numbered from 0 in the order of their joining.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum Deed {
    Join {
        join: usize,
        via: Option<usize>,
    },
    /// Without a word.
    Leave {
        leave: usize,
    },
    LookUp {
        lookup: usize,
        target: usize,
    },
}

#[derive(Deserialize)]
struct Written {
    at_ms: u64,
    #[serde(flatten)]
    deed: Deed,
}

/// Reads a whole trace.
pub(crate) fn read(input: impl BufRead) -> Result<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    for (number, text) in input.lines().enumerate() {
        let Written { at_ms, deed } = serde_json::from_str(&text?)
            .with_context(|| format!("line {} of the trace is none", number + 1))?;
        let at = Duration::from_millis(at_ms);
        ensure!(
            lines.last().is_none_or(|last| last.at <= at),
            "line {} of the trace is too late",
            number + 1
        );
        lines.push(Line { at, deed });
    }
    Ok(lines)
}
