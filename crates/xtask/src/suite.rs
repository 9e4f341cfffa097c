//! Every test, whatever it is written in, and one line that counts them all.

mod cargo_tests;
mod lint;
mod node_tests;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::artifacts::{self, Artifacts};
use crate::progress::{Progress, Step};
use crate::project::Project;
use crate::setup::{self, Browsers, Setup};

/// A kind of test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Suite {
    /// Formatting and lints.
    Lint,
    /// Every crate's tests on this machine.
    Native,
    /// The core's tests once more, in wasm.
    Wasm,
    /// The built page: its weight and what it refers to.
    Page,
    /// Browsers and nodes together.
    EndToEnd,
}

impl Suite {
    const ALL: [Self; 5] = [Self::Lint, Self::Native, Self::Wasm, Self::Page, Self::EndToEnd];

    const fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Page => "page",
            Self::EndToEnd => "e2e",
        }
    }

    const fn needs_artifacts(self) -> bool {
        matches!(self, Self::Page | Self::EndToEnd)
    }
}

/// Which suites are to run.
pub(crate) struct Selection {
    suites: Vec<Suite>,
    /// End-to-end tests whose file names lack this are left out.
    filter: String,
}

impl Selection {
    /// Reads `--only lint --only e2e:three`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut selection = Self { suites: Vec::new(), filter: String::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let wanted = match argument.strip_prefix("--only") {
                Some("") => arguments.next().context("--only needs the name of a suite")?,
                Some(rest) => rest.strip_prefix('=').context("--only needs the name of a suite")?,
                None => bail!("`{argument}` is no argument of test; nothing was run"),
            };
            let (name, filter) = wanted.split_once(':').unwrap_or((wanted, ""));
            let suite = Suite::ALL.into_iter().find(|suite| suite.name() == name);
            let names = Suite::ALL.map(Suite::name).join(", ");
            selection.suites.push(suite.with_context(|| format!("`{name}` is no suite; there are {names}"))?);
            selection.filter = filter.to_owned();
        }
        if selection.suites.is_empty() {
            selection.suites = Suite::ALL.to_vec();
        }
        Ok(selection)
    }

    fn setup(&self) -> Setup {
        match self {
            _ if self.suites.contains(&Suite::EndToEnd) => Setup::ALL,
            _ if self.needs_artifacts() => Setup::PAGE,
            _ => Setup::COMPILER,
        }
    }

    fn needs_artifacts(&self) -> bool {
        self.suites.iter().any(|suite| suite.needs_artifacts())
    }

    fn steps(&self) -> usize {
        let artifacts = if self.needs_artifacts() { artifacts::STEPS } else { 0 };
        self.setup().steps() + artifacts + self.suites.len()
    }
}

/// What a suite came to.
#[derive(Default, Debug, PartialEq, Eq)]
struct Tally {
    passed: u32,
    failed: u32,
    /// What failed, by name or in words, with how to see it again.
    troubles: Vec<String>,
}

impl Tally {
    /// A suite that could not be run is one failed test: never silence.
    fn could_not_run(why: impl Into<String>) -> Self {
        Self { passed: 0, failed: 1, troubles: vec![why.into()] }
    }

    fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.troubles.extend(other.troubles);
        self
    }

    fn fail(&mut self, why: impl Into<String>) {
        self.failed += 1;
        self.troubles.push(why.into());
    }

    /// A suite without a test proves nothing.
    fn or_empty(mut self, suite: &str) -> Self {
        if self.passed + self.failed == 0 {
            self.fail(format!("{suite}: not a single test ran"));
        }
        self
    }
}

/// What the suites test.
struct Subject<'a> {
    project: &'a Project,
    /// Absent when no chosen suite needs it, or when it could not be made.
    built: Option<(Artifacts, Browsers)>,
    filter: &'a str,
}

/// Sets up, builds, runs the chosen suites to their end, and says how many tests passed and failed.
pub(crate) fn run(project: &Project, selection: &Selection) -> Result<ExitCode> {
    let progress = Progress::new(selection.steps());
    let built = prepare(project, &progress, selection);
    let missing = built.as_ref().err().map(|error| format!("{error:#}"));
    let subject = Subject { project, built: built.ok().flatten(), filter: &selection.filter };
    let mut total = Tally::default();
    for &suite in &selection.suites {
        let step = progress.step(format!("Tests: {}", suite.name()));
        let tally = match &missing {
            Some(why) if suite.needs_artifacts() => Tally::could_not_run(format!("{}: {why}", suite.name())),
            _ => tally_of(suite, &subject, &step).or_empty(suite.name()),
        };
        step.done(&format!("{} passed, {} failed", tally.passed, tally.failed));
        total = total.and(tally);
    }
    progress.finish("All suites done");
    Ok(verdict(&total))
}

/// A set-up or build that fails takes only those suites along that cannot do without.
fn prepare(
    project: &Project,
    progress: &Progress,
    selection: &Selection,
) -> Result<Option<(Artifacts, Browsers)>> {
    let wanted = selection.needs_artifacts();
    let _alone = wanted.then(|| project.lock()).transpose()?;
    let compile = || if wanted { artifacts::compile(project, progress) } else { Ok(()) };
    let prepared = setup::prepare(project, progress, selection.setup(), compile).and_then(|browsers| {
        wanted.then(|| Ok((artifacts::build(project, progress)?, browsers))).transpose()
    });
    if let Err(error) = &prepared {
        progress.say(&format!("\nerror: {error:#}\n"));
    }
    prepared
}

fn tally_of(suite: Suite, subject: &Subject<'_>, step: &Step<'_>) -> Tally {
    let tally = match suite {
        Suite::Lint => lint::run(subject.project, step),
        Suite::Native => cargo_tests::run_native(subject.project, step),
        Suite::Wasm => cargo_tests::run_wasm(subject.project, step),
        Suite::Page => node_tests::run("page", subject, "", step),
        Suite::EndToEnd => node_tests::run("e2e", subject, subject.filter, step),
    };
    tally.unwrap_or_else(|error| Tally::could_not_run(format!("{}: {error:#}", suite.name())))
}

/// Lists what failed; the last line is the count.
fn verdict(total: &Tally) -> ExitCode {
    if !total.troubles.is_empty() {
        println!("\nfailed:");
    }
    for trouble in &total.troubles {
        println!("  {}", trouble.replace('\n', "\n  "));
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(arguments: &[&str]) -> Result<Selection> {
        Selection::parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_suites_run_unless_some_are_named() {
        assert_eq!(selection(&[]).expect("valid").suites, Suite::ALL);
        let some = selection(&["--only", "lint", "--only=e2e:three"]).expect("valid");
        assert_eq!(some.suites, [Suite::Lint, Suite::EndToEnd]);
        assert_eq!(some.filter, "three");
    }

    #[test]
    fn what_is_no_suite_is_refused() {
        assert!(selection(&["--only", "everything"]).is_err());
        assert!(selection(&["--only"]).is_err());
        assert!(selection(&["lint"]).is_err());
        assert!(selection(&["--onlylint"]).is_err());
    }

    #[test]
    fn lint_alone_needs_no_page() {
        assert!(!selection(&["--only", "lint"]).expect("valid").needs_artifacts());
        assert!(selection(&["--only", "page"]).expect("valid").needs_artifacts());
    }

    #[test]
    fn a_suite_without_tests_is_a_failure() {
        assert_eq!(Tally::default().or_empty("native").failed, 1);
        assert_eq!(Tally { passed: 1, ..Tally::default() }.or_empty("native").failed, 0);
    }

    #[test]
    fn nothing_run_is_no_success() {
        assert_ne!(format!("{:?}", verdict(&Tally::default())), format!("{:?}", ExitCode::SUCCESS));
    }
}
