//! Panics that say where they happened and nothing else but a fixed text.
//!
//! To make a sentence of a panic takes all of the standard library's formatting, which the page would carry for what must
//! never happen. The script writes the place to the console instead, as it stands in the program's memory. What values
//! have to say to programmers (`Debug`), they say only in such sentences; it is nothing then.

use crate::links::without_hashes;
use crate::places::Places;
use anyhow::{Context, Result, bail};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, ImportKind, Module, ValType};

/// What the program calls; no name of wasm-bindgen's begins like this.
const IMPORT: &str = "$panicked";

/// The standard library's functions that panic, by how many words they are given. The last word is the address of a
/// `core::panic::Location`.
const PANICS: [(&str, usize, Text); 13] = [
    ("core::panicking::panic_fmt", 3, Text::Composed),
    ("core::panicking::panic", 3, Text::Fixed),
    ("core::panicking::panic_bounds_check", 3, Text::Composed),
    ("core::panicking::assert_failed_inner", 7, Text::Composed),
    ("core::option::expect_failed", 3, Text::Fixed),
    ("core::option::unwrap_failed", 1, Text::Composed),
    ("core::result::unwrap_failed", 5, Text::Fixed),
    ("core::slice::index::slice_index_fail", 4, Text::Composed),
    ("core::slice::copy_from_slice_impl::len_mismatch_fail", 3, Text::Composed),
    ("core::str::slice_error_fail", 5, Text::Composed),
    ("core::cell::panic_already_borrowed", 1, Text::Composed),
    ("core::cell::panic_already_mutably_borrowed", 1, Text::Composed),
    ("std::panicking::begin_panic::<&str>", 3, Text::Fixed),
];

/// How a panic says what is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    /// By a text that its first two words are the address and the length of.
    Fixed,
    /// By one that it would have to make.
    Composed,
}

/// The script's part: it reads the text and the place, with nothing that wasm-bindgen writes only when it needs it.
const SCRIPT: &str = "        $panicked: function(text, length, at) {
            const memory = wasm.memory.buffer;
            const word = (index) => new DataView(memory).getUint32(at + 4 * index, true);
            const read = (start, length) => new TextDecoder().decode(new Uint8Array(memory, start, length));
            let left = at, place;
            for (const [file, steps] of PLACES) {
                if (left > 0 && left <= steps.length) {
                    let line = 0;
                    for (const step of steps.slice(0, left)) line += step.charCodeAt(0) - 35;
                    place = `${file}:${line}`;
                }
                left -= steps.length;
            }
            place ??= `${read(word(0), word(1))}:${word(2)}:${word(3)}`;
            console.error(`panicked at ${place} ${read(text, length)}`);
        },";

/// Lets the panics of `module` end in the script.
pub(crate) fn shorten(module: &mut Module) -> Result<()> {
    let origin = origin(module)?;
    let words = [ValType::I32; 3];
    let ty = module.types.add(&words, &[]);
    let (said, _) = module.add_import_func(&origin, IMPORT, ty);
    for id in debugs(module) {
        silence(module, id);
    }
    let mut replaced = 0;
    for (id, text) in panics(module) {
        replace(module, id, text, said);
        replaced += 1;
    }
    if replaced == 0 {
        bail!("none of the functions that panic was found; the standard library may call them otherwise now");
    }
    Ok(())
}

/// Whether a function of this name, which is given so many words, says nothing but what is said here instead.
pub(crate) fn is_replaced(name: &str, words: usize) -> bool {
    PANICS.iter().any(|(known, count, _)| (*known, *count) == (name, words)) || is_debug(name) && words == 2
}

fn is_debug(name: &str) -> bool {
    name.contains(" as core::fmt::Debug>::fmt")
}

/// Adds the script's part, which knows the `places`.
pub(crate) fn apply(script: &str, places: &Places) -> Result<String> {
    const HEAD: &str = "__proto__: null,\n";
    let (before, behind) = script.split_once(HEAD).context("the script gives the program nothing")?;
    let part = SCRIPT.replace("PLACES", &places.script());
    Ok(format!("{before}{HEAD}{part}\n{behind}"))
}

/// What wasm-bindgen's own imports are said to come from.
fn origin(module: &Module) -> Result<String> {
    let import = module
        .imports
        .iter()
        .find(|import| matches!(import.kind, ImportKind::Function(_)) && import.name.starts_with("__wbg_"));
    import.map(|import| import.module.clone()).context("the program takes nothing from the script")
}

fn panics(module: &Module) -> Vec<(FunctionId, Text)> {
    let known = |name: &str, words: &[ValType]| {
        let name = without_hashes(name);
        // What the compiler has given other words than these, it has taken the place from, perhaps.
        let same =
            |(known, count, _): &&(&str, usize, Text)| *known == name && words == vec![ValType::I32; *count];
        PANICS.iter().find(same).map(|(_, _, text)| *text)
    };
    let of = |function: &walrus::Function| {
        known(function.name.as_deref()?, module.types.params(function.ty())).map(|text| (function.id(), text))
    };
    module
        .funcs
        .iter()
        .filter(|function| matches!(function.kind, FunctionKind::Local(_)))
        .filter_map(of)
        .collect()
}

/// The implementations of `Debug`: they are given a value and where to write it.
fn debugs(module: &Module) -> Vec<FunctionId> {
    let silenced = |function: &&walrus::Function| {
        let name = function.name.as_deref().map(without_hashes).unwrap_or_default();
        let ty = module.types.get(function.ty());
        matches!(function.kind, FunctionKind::Local(_))
            && is_debug(&name)
            && (ty.params(), ty.results()) == (&[ValType::I32; 2], &[ValType::I32])
    };
    module.funcs.iter().filter(silenced).map(|function| function.id()).collect()
}

/// Lets one write nothing, and say that all is well.
fn silence(module: &mut Module, id: FunctionId) {
    let words = [module.locals.add(ValType::I32), module.locals.add(ValType::I32)];
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32; 2], &[ValType::I32]);
    builder.func_body().i32_const(0);
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(words.to_vec()));
}

fn replace(module: &mut Module, id: FunctionId, text: Text, said: FunctionId) {
    let ty = module.types.get(module.funcs.get(id).ty());
    let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
    let words: Vec<_> = params.iter().map(|param| module.locals.add(*param)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let mut body = builder.func_body();
    match text {
        Text::Fixed => body.local_get(words[0]).local_get(words[1]),
        Text::Composed => body.i32_const(0).i32_const(0),
    };
    body.local_get(words[words.len() - 1]).call(said).unreachable();
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(words));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_words() {
        assert_eq!(
            without_hashes("core[c5930c85a12de822]::panicking::panic_fmt"),
            "core::panicking::panic_fmt"
        );
        assert_eq!(
            without_hashes("std[a5]::panicking::begin_panic::<&str>"),
            "std::panicking::begin_panic::<&str>"
        );
    }

    #[test]
    fn a_panic_calls_the_script_and_others_stay_as_they_are() {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[]);
        module.add_import_func("./page.js", "__wbg_log", ty);
        let names = ["core[1f]::option::unwrap_failed", "core[1f]::option::wrap"];
        let [panic, other] = names.map(|name| {
            let word = module.locals.add(ValType::I32);
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
            builder.name(name.to_owned());
            builder.finish(vec![word], &mut module.funcs)
        });
        shorten(&mut module).unwrap();
        let length = |id| match &module.funcs.get(id).kind {
            FunctionKind::Local(local) => local.block(local.entry_block()).len(),
            _ => 0,
        };
        assert_eq!((length(panic), length(other)), (5, 0));
        assert!(module.imports.find("./page.js", IMPORT).is_some());
    }

    #[test]
    fn what_values_say_to_programmers_is_nothing() {
        let mut module = Module::default();
        let words = [ValType::I32; 2];
        let names = ["<str as core[1f]::fmt::Debug>::fmt::h0f", "<str as core[1f]::fmt::Display>::fmt"];
        for name in names {
            let params = words.map(|word| module.locals.add(word)).to_vec();
            let mut builder = FunctionBuilder::new(&mut module.types, &words, &[ValType::I32]);
            builder.name(name.to_owned()).func_body().unreachable();
            builder.finish(params, &mut module.funcs);
        }
        let found = debugs(&module);
        assert_eq!(found.len(), 1);
        silence(&mut module, found[0]);
        let FunctionKind::Local(local) = &module.funcs.get(found[0]).kind else { panic!("gone") };
        let [(only, _)] = &local.block(local.entry_block()).instrs[..] else { panic!("not one") };
        assert!(matches!(only, walrus::ir::Instr::Const(_)));
        assert_eq!(module.funcs.get(found[0]).name.as_deref(), Some(names[0]));
    }

    #[test]
    fn a_program_whose_panics_are_called_otherwise_is_an_error() {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[]);
        module.add_import_func("./page.js", "__wbg_log", ty);
        assert!(shorten(&mut module).is_err());
    }

    #[test]
    fn the_script_says_where() {
        let places = Places::of(&[("a.rs".to_owned(), 3)]);
        let script =
            apply("const import0 = {\n        __proto__: null,\n        a: 1,\n    };", &places).unwrap();
        assert!(
            script.contains("__proto__: null,\n        $panicked: function(")
                && script.ends_with("a: 1,\n    };")
                && script.contains("of [[\"a.rs\",\"&\"]])")
        );
        assert!(apply("nothing", &places).is_err());
    }
}
