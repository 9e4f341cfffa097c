// Runs a WebAssembly test binary under Node.js's own WASI: `node wasi-runner.mjs FILE.wasm [ARGS…]`.
// Cargo calls it with the package's folder as working directory.

import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';

const [file, ...args] = process.argv.slice(2);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const wasi = new WASI({
  version: 'preview1',
  args: [file, ...args],
  // A backtrace without symbols would only push the panic's own words out of sight.
  env: { ...process.env, RUST_BACKTRACE: '0' },
  // Test data is named from the package's folder or by its whole path.
  preopens: { '.': process.cwd(), [root]: root },
  returnOnExit: true,
});

const module = await WebAssembly.compile(await readFile(file));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  // A panic is a trap here: there is no unwinding in wasm32-wasip1.
  console.error(`${error}`);
  process.exitCode = 101;
}
