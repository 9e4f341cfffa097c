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
import { readFile, readdir, writeFile } from 'node:fs/promises';
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

/** Packs the program in the folder `stage`, of which the page says what it must hash to. */
async function packIn(stage) {
  const page = join(stage, 'index.html');
  const [name] = (await readdir(stage)).filter((name) => name.endsWith('.wasm'));
  const program = await readFile(join(stage, name));
  const packed = pack(program);
  const html = await readFile(page, 'utf8');
  if (!html.includes(hash(program))) throw new Error(`index.html does not say the hash of ${name}`);
  await writeFile(join(stage, name), packed);
  await writeFile(page, html.replaceAll(hash(program), hash(packed)));
}

function hash(file) {
  return `sha384-${createHash('sha384').update(file).digest('base64')}`;
}

// A debug build stays as it is: one looks into it.
if (process.env.TRUNK_PROFILE === 'release') await packIn(process.env.TRUNK_STAGING_DIR);
