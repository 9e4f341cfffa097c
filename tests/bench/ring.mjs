// A ring of native nodes on this machine: `cargo xtask bench ring [--json] [--runs N] [--nodes N]`.
//
// All come in by one invite and list themselves under their names; then a search is timed from the call to the answer, which
// says who was found and whether they are there: before and after the first node, which all came in by, is killed. What being
// part of the ring costs at rest, milliseconds of processor time a second, is taken from the system's own account of each process.

import { readFileSync } from 'node:fs';
import { figures, runs, tell } from './figures.mjs';
import '../e2e/harness/network.mjs';
import { NativeNode } from '../e2e/harness/native.mjs';
import { NAMES, closes, enter, network, publish, seek } from '../e2e/harness/ring.mjs';
import { pause } from '../e2e/harness/wait.mjs';

const RUNS = 300;
const MEND_MS = 120_000;
/// Records are where they belong, and nobody is being introduced any more.
const REST_MS = 5_000;
const IDLE_MS = 20_000;
/// The system counts processor time in hundredths of a second.
const TICKS = 100;

const count = runs(RUNS);
const nodes = [];
try {
  const { links, ...results } = await measure();
  tell({ bench: 'ring', nodes: size(), links_of_a_node: links }, results);
  if (!process.argv.includes('--json')) console.log(`links of a node: ${JSON.stringify(links)}`);
} finally {
  await Promise.all(nodes.map((node) => node.end()));
}

async function measure() {
  const all = await network(NAMES.slice(0, size()), start);
  await closes(all, ids(all), MEND_MS);
  for (const node of all) await publish(node);
  await pause(REST_MS);
  const idle = await atRest(all);
  const before = await search(all, all);
  await all[0].kill();
  const others = all.slice(1);
  await closes(others, ids(others), MEND_MS);
  const newcomer = await start('Philippa');
  await enter(newcomer, others[6].ready.invite);
  await publish(newcomer);
  const last = [...others, newcomer];
  await closes(last, ids(last), MEND_MS);
  await pause(REST_MS);
  return { search: before, search_without_the_first: await search(last, last), ...idle };
}

async function start(name) {
  const node = await NativeNode.start(name, { http: false });
  nodes.push(node);
  return node;
}

/// Searches for everybody by name, by everybody in turn.
async function search(seekers, sought) {
  const times = [];
  for (let run = 0; run < count; run += 1) {
    const seeker = seekers[run % seekers.length];
    const one = sought[(run + 1 + Math.floor(run / seekers.length)) % sought.length];
    if (one !== seeker) times.push(await seek(seeker, one.name, one.ready.user));
  }
  return figures(times);
}

/// What a node costs that does nothing but be there, and how many links it has.
async function atRest(all) {
  const spent = () => all.map(({ child }) => processorTime(child.pid));
  const before = spent();
  await pause(IDLE_MS);
  const share = spent().map((time, at) => ((time - before[at]) * 1000) / (IDLE_MS / 1000));
  const links = await Promise.all(all.map(async (node) => (await node.call('peers')).length));
  return { processor_time_a_second_at_rest: figures(share), links: figures(links) };
}

function processorTime(pid) {
  const [, line] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = line.split(' ').slice(11, 13).map(Number);
  return (user + system) / TICKS;
}

function ids(some) {
  return some.map(({ ready }) => ready.node);
}

function size() {
  const at = process.argv.indexOf('--nodes');
  const wanted = at < 0 ? NAMES.length : Number(process.argv[at + 1]);
  if (!Number.isInteger(wanted) || wanted < 3 || wanted > NAMES.length) {
    throw new Error(`--nodes needs a number from 3 to ${NAMES.length}; nothing was run`);
  }
  return wanted;
}
