//! The part of `wasm-bindgen`'s command line that Trunk uses.
//!
//! Trunk wants an executable of exactly the version that the page links. The official one brings a test
//! runner, a web server and a TLS stack, and is a download or minutes of compiling; the work itself is done
//! by the library `wasm_bindgen_cli_support`, which this drives. A flag that it does not know is an
//! error, never a silent difference. Some things it does besides, for the page's weight: it drops what is [`unused`], the sentences of
//! [`panics`] and what is [`dead`] then, makes numbers of [`places`], gives [`short`] names, and names that
//! bring the functions into an [`order`], and has the script take a [`packed`] program.

mod dead;
mod links;
mod order;
mod packed;
mod panics;
mod places;
mod short;
mod unused;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use links::Program;
use short::Names;
use unused::Unused;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--version") {
        println!("wasm-bindgen {}", wasm_bindgen_shared::version());
        return Ok(());
    }
    let Invocation { mut bindgen, input, out_dir, out_name } = Invocation::parse(&arguments)?;
    let program = fs::read(&input).with_context(|| format!("{} could not be read", input.display()))?;
    let mut program = Program::read(&program)?;
    let places = dead::bury(&mut program)?;
    let mut output = bindgen
        .input_bytes(&out_name, program.write()?)
        .generate_output()
        .with_context(|| format!("no bindings made of {}", input.display()))?;
    panics::shorten(output.wasm_mut())?;
    let unused = Unused::take(output.wasm_mut());
    let names = Names::shorten(output.wasm_mut());
    output.emit(&out_dir)?;
    rewrite(&out_dir.join(format!("{out_name}.js")), |script| {
        let script = panics::apply(&unused.apply(str::from_utf8(script)?)?, &places)?;
        Ok(packed::apply(&names.apply(&script)?)?.into_bytes())
    })?;
    rewrite(&out_dir.join(format!("{out_name}_bg.wasm")), order::name_by_likeness)
}

fn rewrite(path: &Path, change: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let content = fs::read(path).with_context(|| format!("no {} was made", path.display()))?;
    fs::write(path, change(&content)?).with_context(|| format!("{} could not be written", path.display()))
}

/// One run: what is read, where the result goes, and how it is made.
struct Invocation {
    bindgen: Bindgen,
    input: PathBuf,
    out_dir: PathBuf,
    out_name: String,
}

impl Invocation {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut bindgen = Bindgen::new();
        let (mut input, mut out_dir, mut out_name) = (None, None, None);
        for argument in arguments {
            match argument.split_once('=').unwrap_or((argument, "")) {
                ("--target", "web") => {
                    bindgen.web(true)?;
                }
                ("--out-dir", path) => out_dir = Some(PathBuf::from(path)),
                ("--out-name", name) => out_name = Some(name.to_owned()),
                ("--no-typescript", "") => {
                    bindgen.typescript(false);
                }
                ("--keep-debug", "") => {
                    bindgen.keep_debug(true);
                }
                ("--no-demangle", "") => {
                    bindgen.demangle(false);
                }
                _ if argument.starts_with('-') => bail!("{argument} is no flag of this wasm-bindgen"),
                _ if input.is_some() => bail!("more than one input file"),
                _ => input = Some(PathBuf::from(argument)),
            }
        }
        Ok(Self {
            bindgen,
            input: input.context("no input file")?,
            out_dir: out_dir.context("no --out-dir")?,
            out_name: out_name.context("no --out-name")?,
        })
    }
}
