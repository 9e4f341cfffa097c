//! What the program and its script hold ready for nobody.
//!
//! A library of Leptos's gives the script three classes for the streams of servers. The program never makes an object
//! of them, yet as long as it gives their methods away nothing tells that these are of no use. Nor does the page wait
//! for its program to start, as it would with `initSync`.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use walrus::Module;

/// What is to be taken from the script.
pub(crate) struct Unused {
    /// The classes without objects, in small letters.
    classes: Vec<String>,
    /// What the program no longer takes from the script.
    imports: HashSet<String>,
}

impl Unused {
    /// Takes from `module` the methods of classes that it makes no objects of, and what only these needed.
    pub(crate) fn take(module: &mut Module) -> Self {
        let names = |module: &Module| -> Vec<String> {
            module.exports.iter().map(|export| export.name.clone()).collect()
        };
        let classes = classes(&names(module), &imports(module));
        let exports = module.exports.iter().filter(|export| is_of(&export.name, &classes));
        let exports: Vec<_> = exports.map(|export| export.id()).collect();
        exports.into_iter().for_each(|export| module.exports.delete(export));
        let mut imports = imports(module);
        walrus::passes::gc::run(module);
        for still_taken in self::imports(module) {
            imports.remove(&still_taken);
        }
        Self { classes, imports }
    }

    /// The script without all that. What is left it exports in the one of the two ways that Trunk's minifier can read.
    pub(crate) fn apply(&self, script: &str) -> Result<String> {
        let mut lines: Vec<&str> = script.lines().collect();
        for class in &self.classes {
            let name = lines
                .iter()
                .filter_map(|line| line.strip_prefix("export class ")?.strip_suffix(" {"))
                .find(|name| name.eq_ignore_ascii_case(class))
                .with_context(|| format!("the script has no class {class}"))?;
            remove(&mut lines, &format!("export class {name} {{"), "}")?;
            remove(&mut lines, &format!("if (Symbol.dispose) {name}."), "")?;
            remove(&mut lines, &format!("const {name}Finalization = "), "    : ")?;
            ensure!(!lines.iter().any(|line| line.contains(name)), "the script makes objects of {name}");
        }
        for import in &self.imports {
            remove(&mut lines, &format!("        {import}: function("), "        }")?;
        }
        remove(&mut lines, "function initSync(", "}")?;
        remove(&mut lines, "export { initSync, __wbg_init as default };", "")?;
        lines.push("export default __wbg_init;");
        Ok(lines.join("\n"))
    }
}

/// The classes that no objects are made of, by what a program gives and takes.
pub(crate) fn classes(exports: &[String], imports: &HashSet<String>) -> Vec<String> {
    let made: HashSet<&str> = imports.iter().filter_map(|import| class_of(import, "_new")).collect();
    let freed = exports.iter().filter_map(|export| class_of(export, "_free"));
    freed.filter(|class| !made.contains(class)).map(str::to_owned).collect()
}

/// Whether what a program gives under this name is a method of one of `classes`.
pub(crate) fn is_of(name: &str, classes: &[String]) -> bool {
    classes.iter().any(|class| {
        class_of(name, "_free") == Some(class)
            || name.strip_prefix(class.as_str()).is_some_and(|rest| rest.starts_with('_'))
    })
}

/// The class in `__wbg_CLASS_free` and the like, behind which a hash may stand.
fn class_of<'a>(name: &'a str, what: &str) -> Option<&'a str> {
    name.strip_prefix("__wbg_")?.split_once(what).map(|(class, _)| class)
}

fn imports(module: &Module) -> HashSet<String> {
    module.imports.iter().map(|import| import.name.clone()).collect()
}

/// Removes the line that begins with `first`, and all behind it up to one that begins with `last`.
fn remove(lines: &mut Vec<&str>, first: &str, last: &str) -> Result<()> {
    let start = lines.iter().position(|line| line.starts_with(first));
    let start = start.with_context(|| format!("the script has no line that begins with {first:?}"))?;
    let length =
        lines[start..].iter().skip(usize::from(!last.is_empty())).position(|line| line.starts_with(last));
    let length = length.with_context(|| format!("what begins with {first:?} has no end"))?;
    lines.drain(start..=start + length + usize::from(!last.is_empty()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "export class Ear {
    free() {
        wasm.__wbg_ear_free(ptr, 0);
    }
}
if (Symbol.dispose) Ear.prototype[Symbol.dispose] = Ear.prototype.free;
const imports = {
        $a: function(arg0) {
            if (arg0) {
            }
        },
        $b: function(arg0) {
        },
};
const EarFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_ear_free(ptr, 1));
function initSync(module) {
}
export { initSync, __wbg_init as default };
";

    fn unused(classes: &[&str], imports: &[&str]) -> Unused {
        Unused {
            classes: classes.iter().map(ToString::to_string).collect(),
            imports: imports.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn nothing_is_left_of_what_is_unused() {
        let script = unused(&["ear"], &["$a"]).apply(SCRIPT).unwrap();
        let left =
            "const imports = {\n        $b: function(arg0) {\n        },\n};\nexport default __wbg_init;";
        assert_eq!(script, left);
    }

    #[test]
    fn a_class_that_is_used_all_the_same_is_an_error() {
        assert!(unused(&["ear"], &[]).apply(&format!("{SCRIPT}Ear.__wrap(1)")).is_err());
        assert!(unused(&["nose"], &[]).apply(SCRIPT).is_err());
    }
}
