// How evenly the codes of words spread 50,000 people over rings: `cargo xtask bench load [SEED]…`, one line of JSON for each
// seed, code and size of the ring. Takes Python with pip, for the lists of names and hobbies.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = join(process.env.TERTULIA_TOOLS ?? join(root, ".tools"), "words");
const show = { cwd: root, stdio: "inherit" };
execFileSync("python3", [join(root, "tests/bench/words/words.py"), "people", folder], show);
const cargo = ["run", "--quiet", "--release", "-p", "tertulia-sim", "--no-default-features", "--example", "load", "--"];
execFileSync("cargo", [...cargo, join(folder, "people.tsv"), ...process.argv.slice(2)], show);
