// The page's weight, file by file: `cargo xtask bench weight [--json]`.

import { total, weights } from '../page/weight.mjs';

const files = await weights(process.env.TERTULIA_DIST);
const sum = { name: 'total', ...total(files) };

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'weight', unit: 'bytes', files, total: { raw: sum.raw, brotli: sum.brotli } }));
} else {
  const columns = (name, raw, brotli) => `${name.padEnd(48)}${String(raw).padStart(10)}${String(brotli).padStart(10)}`;
  console.log(columns('file', 'raw', 'brotli'));
  for (const { name, raw, brotli } of [...files, sum]) console.log(columns(name, raw, brotli));
}
