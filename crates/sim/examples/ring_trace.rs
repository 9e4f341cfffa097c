//! Writes the standard trace of a ring to stdout: `ring_trace SEED [churn]`.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use tertulia_sim::ring::trace::{Plan, write};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (seed, churn) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [seed] => (seed.parse(), false),
        [seed, "churn"] => (seed.parse(), true),
        _ => return usage(),
    };
    let Ok(seed) = seed else { return usage() };
    match write(&Plan::standard(seed, churn).events(), BufWriter::new(io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the trace is not whole: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: ring_trace SEED [churn]; nothing was written");
    ExitCode::FAILURE
}
