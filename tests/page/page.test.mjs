// The built page as files: what it weighs, what it names, and that it names nothing of anybody else's.

import assert from 'node:assert/strict';
import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { pack } from '../../crates/xtask/wasm-bindgen/pack/pack.mjs';
import { unpack } from '../../crates/xtask/wasm-bindgen/pack/unpack.js';
import { total, weights } from './weight.mjs';

const DIST = process.env.TERTULIA_DIST;
/**
 * All files, brotli-compressed. We aim at 110 kB (docs/BENCHMARKS.md says where the bytes are). It was raised once, from 220 kB to 236 kB,
 * when the overlay and the directory came, and is below that again; it may only be lowered.
 */
const WEIGHT_LIMIT_BYTES = 219_500;

const html = await readFile(join(DIST, 'index.html'), 'utf8');

/** Every address in a src, href or import of the page. */
function addresses(text) {
  const attributes = text.matchAll(/\b(?:src|href|action|data|poster|srcset)\s*=\s*["']?([^"'\s>]*)/gi);
  const imports = text.matchAll(/\b(?:from|module_or_path:)\s*["']([^"']+)["']/g);
  return [...attributes, ...imports].map(([, address]) => address);
}

test('the page weighs less than its limit', async () => {
  const files = await weights(DIST);
  const { brotli } = total(files);
  const list = files.map(({ name, brotli }) => `${name} ${brotli}`).join('\n');
  assert.ok(brotli > 0 && brotli < WEIGHT_LIMIT_BYTES, `${brotli} bytes of ${WEIGHT_LIMIT_BYTES}:\n${list}`);
});

test('all that the page names is there', async () => {
  const named = addresses(html).filter((address) => !address.startsWith('#'));
  assert.ok(named.some((address) => address.endsWith('.wasm')), 'the page loads a wasm module');
  await Promise.all(named.map((address) => access(join(DIST, address))));
});

test('the program comes whole out of its packing, and one that is not packed stays as it is', async () => {
  const [name] = (await readdir(DIST)).filter((name) => name.endsWith('.wasm'));
  const packed = await readFile(join(DIST, name));
  const program = unpack(packed);
  assert.ok(!WebAssembly.validate(packed) && WebAssembly.validate(program));
  assert.deepEqual(pack(Buffer.from(program)), packed);
  assert.equal(unpack(program), program);
});

test("no file of another's origin is named by page or styles", async () => {
  const names = (await readdir(DIST, { recursive: true })).filter((name) => name.endsWith('.css'));
  const styles = await Promise.all(names.map((name) => readFile(join(DIST, name), 'utf8')));
  const inStyles = styles.flatMap((style) => [...style.matchAll(/(?:url\(|@import)\s*["']?([^"')\s;]+)/gi)].map(([, url]) => url));
  const foreign = [...addresses(html), ...inStyles].filter((address) => /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(address));
  assert.deepEqual(foreign, []);
});

test('the only inline code is the start of the wasm module, and nothing is styled inline', () => {
  const inline = [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)].filter(([, , body]) => body.trim() !== '');
  assert.equal(inline.length, 1);
  assert.match(inline[0][1], /type="?module\b/);
  assert.doesNotMatch(html, /<style\b|\sstyle\s*=|<[^>]*\son[a-z]+\s*=/i);
});

test("what a reader's machine needs to know stands in the page", () => {
  assert.match(html, /<html lang="?en"?>/);
  const metas = [...html.matchAll(/<meta\b[^>]*>/g)].map(([meta]) => meta);
  assert.ok(metas.some((meta) => /name="?viewport\b/.test(meta) && meta.includes('viewport-fit=cover')));
  assert.ok(metas.some((meta) => /name="?color-scheme\b/.test(meta) && meta.includes('content="light dark"')));
  assert.match(html, /<noscript>[^<]+<\/noscript>/);
});
