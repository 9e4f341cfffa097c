// What the page costs to load: each file that it is made of, compressed as a server would.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** The files of `folder` with their sizes in bytes, heaviest first. */
export async function weights(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const weighed = await Promise.all(files.map(async (path) => weight(path.slice(folder.length + 1), await readFile(path))));
  return weighed.sort((a, b) => b.brotli - a.brotli);
}

/** The sum over all files. */
export function total(files) {
  return files.reduce((sum, { raw, brotli }) => ({ raw: sum.raw + raw, brotli: sum.brotli + brotli }), { raw: 0, brotli: 0 });
}

function weight(name, content) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  return { name, raw: content.length, brotli: brotliCompressSync(content, { params }).length };
}
