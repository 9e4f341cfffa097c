// Makes one style sheet of all: what one says the next says again, and a compressor sees only one file at a time.

import { mkdir, readFile, writeFile } from 'node:fs/promises';

/** In the order in which they overrule each other. */
const SHEETS = ['tokens', 'base', 'controls', 'layout', 'sidebar', 'conversation', 'dialog', 'views'];
const JOINED = new URL('../../target/page/styles.css', import.meta.url);

const sheets = await Promise.all(SHEETS.map((name) => readFile(new URL(`${name}.css`, import.meta.url), 'utf8')));
await mkdir(new URL('.', JOINED), { recursive: true });
await writeFile(JOINED, sheets.join('\n'));
