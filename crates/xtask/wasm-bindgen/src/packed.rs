//! How the script gets the program: packed, as `pack/pack.mjs` leaves it after the build.
//!
//! wasm-bindgen's own way compiles what arrives while it arrives. What is packed has to be there as a whole first, which
//! costs some milliseconds, and an eighth of the page less is to be waited for.

use anyhow::{Context, Result, ensure};

const UNPACK: &str = include_str!("../pack/unpack.js");

/// What takes the place of wasm-bindgen's: the page gives the program's address, once, and nothing else.
const START: &str = "async function __wbg_init({ module_or_path }) {
    const response = await fetch(module_or_path);
    if (!response.ok) {
        throw new Error(`failed to fetch ${response.url}: ${response.status} ${response.statusText}`);
    }
    const program = unpack(new Uint8Array(await response.arrayBuffer()));
    const { instance, module } = await WebAssembly.instantiate(program, __wbg_get_imports());
    return __wbg_finalize_init(instance, module);
}
";

/// Makes the script unpack what it starts. It starts a program that is not packed, too.
pub(crate) fn apply(script: &str) -> Result<String> {
    const HEAD: &str = "async function __wbg_load(";
    const END: &str = "export default __wbg_init;";
    let (before, rest) = script.split_once(HEAD).context("the script loads no program")?;
    let (own, behind) = rest.split_once(END).context("the script starts no program")?;
    ensure!(own.contains("return __wbg_finalize_init(instance, module);"), "a program starts otherwise now");
    Ok([before, &UNPACK.replace("export ", ""), "\n", START, END, behind].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: &str = "let wasm;\nasync function __wbg_load(module, imports) {\n    if (1) {\n    }\n}\n";

    #[test]
    fn what_is_started_is_unpacked() {
        let start = "    return __wbg_finalize_init(instance, module);\n}\nexport default __wbg_init;\n";
        let script = apply(&[LOAD, start].concat()).unwrap();
        assert!(script.starts_with("let wasm;\n") && script.ends_with("}\nexport default __wbg_init;\n"));
        assert!(script.contains("\nfunction unpack(file) {") && script.contains("= unpack("));
        assert!(!script.contains("export function") && !script.contains("if (1)"));
    }

    #[test]
    fn a_script_that_starts_otherwise_is_an_error() {
        assert!(apply("nothing").is_err());
        assert!(apply(&[LOAD, "export default __wbg_init;"].concat()).is_err());
    }
}
