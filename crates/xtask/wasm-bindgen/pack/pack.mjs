// Packs the page's program, once all else of a release is built: what is transferred becomes an eighth less.
//
// Code is operations, and between them stands what they are done with: numbers of locals, offsets, constants, addresses.
// A compressor looks for what it has seen before, and finds less of it where all that is mixed. So each kind comes in a
// stream of its own here, constants even in one for each operation that takes them. The page's script puts them together
// again, in some milliseconds (unpack.js).
//
// What is packed is still a file of sections as the WebAssembly specification has it, 5.5: only the one of code has
// become a custom one.

import { createHash } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CODE, PACKED, read, transcribe, unpack } from './unpack.js';

/** What every program begins with: the name of the format and its version. */
const HEAD = 8;

/** Packs a program, without custom sections, or fails if it would not come out again as it is. */
export function pack(program) {
  const sections = sectionsOf(program).filter(({ id }) => id !== 0);
  const file = (write) => Buffer.concat([program.subarray(0, HEAD), ...sections.map(write)]);
  const packed = file(({ id, content }) => (id === CODE ? section(0, packCode(content)) : section(id, content)));
  const plain = file(({ id, content }) => section(id, content));
  if (!plain.equals(unpack(packed))) throw new Error('the packed program would not be the same again');
  return packed;
}

function sectionsOf(program) {
  const sections = [];
  for (const at = { at: HEAD }; at.at < program.length; ) {
    const [id, length] = [read(program, at), read(program, at)];
    sections.push({ id, content: program.subarray(at.at, (at.at += length)) });
  }
  return sections;
}

function section(id, content) {
  return Buffer.from([id, ...number(content.length), ...content]);
}

function packCode(content) {
  const streams = [];
  const at = { at: 0 };
  const byte = (stream) => {
    (streams[stream] ??= []).push(content[at.at]);
    return content[at.at++];
  };
  const put = (stream) => read(content, at, (byte) => (streams[stream] ??= []).push(byte));
  const next = () => {
    const behind = { ...at };
    read(content, behind);
    return content[behind.at];
  };
  const functions = read(content, at);
  for (let left = functions; left > 0; left--) {
    const end = read(content, at) + at.at;
    transcribe(byte, put, next);
    if (at.at !== end) throw new Error(`the function that ends at ${end} has code that is not known here`);
  }
  const used = [...streams.entries()].filter(([, stream]) => stream);
  const head = [content.length, functions, used.length, ...used.flatMap(([id, { length }]) => [id, length])];
  return [1, PACKED, ...head.flatMap(number), ...used.flatMap(([, stream]) => stream)];
}

/** A number as the format writes it: seven bits a byte, the lowest first. */
function number(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...number(value >> 7)];
}

/**
 * Packs the program in the folder `stage`. The page says what it must hash to; and servers let browsers keep what has a hash
 * in its name, so that packing otherwise, or another script, must give program and script other names.
 */
async function packIn(stage) {
  const names = (await readdir(stage)).sort();
  const [, old] = names.map((name) => name.match(/-([0-9a-f]+)_bg\.wasm$/)).find(Boolean);
  const ours = names.filter((name) => name.includes(old));
  const files = await Promise.all(ours.map((name) => readFile(join(stage, name))));
  const shipped = files.map((file, place) => (ours[place].endsWith('.wasm') ? pack(file) : file));
  const fresh = createHash('sha256').update(Buffer.concat(shipped)).digest('hex').slice(0, 16);
  const page = join(stage, 'index.html');
  let html = await readFile(page, 'utf8');
  for (const [place, name] of ours.entries()) {
    if (!html.includes(hash(files[place]))) throw new Error(`index.html does not say the hash of ${name}`);
    html = html.replaceAll(hash(files[place]), hash(shipped[place]));
    await rm(join(stage, name));
    await writeFile(join(stage, name.replace(old, fresh)), shipped[place]);
  }
  await writeFile(page, html.replaceAll(old, fresh));
}

function hash(file) {
  return `sha384-${createHash('sha384').update(file).digest('base64')}`;
}

// A debug build stays as it is: one looks into it.
if (process.env.TRUNK_PROFILE === 'release') await packIn(process.env.TRUNK_STAGING_DIR);
