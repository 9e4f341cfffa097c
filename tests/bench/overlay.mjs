// What the overlay and the directory do in large rings: `cargo xtask bench overlay [--json] [--only NAME,NAME…] [--settings usual,pure]`.
//
// The simulator measures (crates/sim/src/ring): NAME is one of its measures, `load` (how evenly the codes of words spread people) or `kad` (the
// trace of `trace` played to libp2p's Kademlia, some minutes for each of its settings). Each is told on stderr as it is done, with what it
// has to be. The distribution of hops is drawn into docs/overlay-hops.svg. People's names take Python with pip.

import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kad, trace } from './peer.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const PICTURE = `${root}docs/overlay-hops.svg`;
const OF_RINGS = ['hops', 'budgets', 'joined', 'failure', 'churn', 'minutes', 'lossless', 'malice', 'thousand', 'routine', 'million', 'trace'];
const OF_PEOPLE = ['search', 'search-churn', 'search-malice'];
const ALL = [...OF_RINGS, ...OF_PEOPLE, 'load', 'kad'];
/// Kademlia's: as a program has it that asks for nothing, and with nothing but its own requests taking time.
const SETTINGS = 'usual,pure';
const CHURNS = [['still', false], ['churn', true]];
const SEED = 1;

const only = option('--only', ALL.join(',')).split(',');
const unknown = only.filter((name) => !ALL.includes(name));
if (unknown.length > 0) throw new Error(`there is no measure ${unknown.join(', ')}, but ${ALL.join(', ')}; nothing was measured`);
const simulator = build();
const results = {};
for (const [number, name] of only.entries()) {
  const began = performance.now();
  results[name] = await measure(name);
  const took = ((performance.now() - began) / 1000).toFixed(0);
  console.error(`${number + 1} of ${only.length}: ${name}, ${took} s`);
  for (const [what, is, mark, holds] of marks(name, results)) {
    console.error(`    ${what}: ${is}${mark === undefined ? '' : `, must be ${mark}${holds ? '' : ': missed'}`}`);
  }
}
if (results.hops) writeFileSync(PICTURE, picture(results.hops));
console.log(JSON.stringify({ bench: 'overlay', seed: SEED, ...results }, null, process.argv.includes('--json') ? undefined : 2));

async function measure(name) {
  if (name === 'kad') return besides();
  if (name === 'load') return load();
  const file = OF_PEOPLE.includes(name) ? ['--people', people()] : [];
  const options = { maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(simulator, ['--ring', name, ...file, '--json'], options);
  return JSON.parse(stdout)[name];
}

/** Kademlia on both traces, in each of its settings; two runs at a time. */
async function besides() {
  const told = {};
  for (const setting of option('--settings', SETTINGS).split(',')) {
    const runs = CHURNS.map(async ([name, churn]) => [name, await kad(trace(SEED, churn), setting)]);
    told[setting] = Object.fromEntries(await Promise.all(runs));
    console.error(`    kad, ${setting}`);
  }
  return told;
}

function load() {
  const cargo = ['run', '--quiet', '--release', '-p', 'tertulia-sim', '--no-default-features', '--example', 'load', '--', people()];
  const lines = execFileSync('cargo', cargo, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return lines.trim().split('\n').map((line) => JSON.parse(line));
}

/** The file with words of people, made if there is none. */
function people() {
  const folder = join(process.env.TERTULIA_TOOLS ?? join(root, '.tools'), 'words');
  const line = [join(root, 'tests/bench/words/words.py'), 'people', folder];
  execFileSync('python3', line, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'people.tsv');
}

function build() {
  const line = ['build', '--profile', 'simulator', '--quiet', '-p', 'tertulia-sim', '--message-format', 'json-render-diagnostics'];
  const said = execFileSync('cargo', line, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 });
  return said.trim().split('\n').map((one) => JSON.parse(one).executable).find(Boolean);
}

function option(name, usual) {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : process.argv[at + 1];
}

/** What a person wants to know of a measure: what, how much, what it has to be and whether it is. */
function marks(name, all) {
  const most = (what, is, mark) => [what, Number(is.toFixed(3)), `at most ${mark}`, is <= mark];
  const least = (what, is, mark) => [what, Number(is.toFixed(5)), `at least ${mark}`, is >= mark];
  const told = all[name];
  const searches = (mark) => told.map((one) => least(`found, ${one.code}, ${one.nodes} nodes, by ${one.query}`, one.found_share, mark(one)));
  const large = [most('bytes a node', (told.bytes_each_after ?? 0), 1_500), least('events a second', (told.events_each_second ?? 0), 2_000_000)];
  switch (name) {
    case 'hops':
      return told.map((one, at) => most(`mean hops, ${one.nodes} nodes`, one.mean, [2.49, 3.27, 4.03][at])).concat([most('most hops', told[2].most, 5)]);
    case 'budgets':
      return told.map(({ links, hops }) => [`mean hops, ${links} links`, Number(hops.mean.toFixed(3))]);
    case 'joined':
      return [most('hops over those of a ring made at once', told.hops[0].mean / told.hops[1].mean, 1.01)];
    case 'failure':
      return [
        most('hops before repair', told.broken.mean, 3),
        most('hops after it over those before', told.mended.mean / told.before.mean, 1.01),
        most('calls for each that failed', told.calls_each, 57),
      ];
    case 'churn':
      return [least('right', told.right_share, 0.999), most('control messages a second and node', told.control_each_second, 0.5)];
    case 'minutes':
      return [['right', told.right_share], most('bytes a second and node', told.bytes_each_second, 900)];
    case 'lossless':
      return [most(`wrong, of ${told.lookups}`, told.wrong, 0)];
    case 'malice':
      return [least('found', told.found_share, 0.99)];
    case 'thousand':
      return large.slice(1);
    case 'routine':
    case 'million':
      return large;
    case 'search':
      return searches((one) => (one.query === 'word' ? 1 : 0));
    case 'search-churn':
      return searches(() => 0.999);
    case 'search-malice':
      return searches(() => 0.99);
    case 'load':
      return told.map((one) => {
        const line = most(`greatest load over mean, ${one.code}, ${one.nodes} nodes`, one.greatest_over_mean, 8);
        return one.code === 'balanced' ? line : line.slice(0, 2);
      });
    case 'kad':
      return Object.entries(told).flatMap(([setting, runs]) => beside(setting, runs, all.trace, most));
    default:
      return CHURNS.map(([churn]) => [`lookups in delays, bytes a second and node, ${churn}`, JSON.stringify([told[churn].delays, told[churn].a_node_and_second.bytes])]);
  }
}

/** Ours over Kademlia's. Its lookup of a node that ends when nobody closer is left is the like of ours, which only the closest answers. */
function beside(setting, runs, ours, most) {
  if (!ours) return [];
  return CHURNS.flatMap(([churn]) => {
    const [us, them] = [ours[churn], runs[churn]];
    const ratio = (moment) => us.delays[moment].mean / them.delays[moment].mean;
    const bytes = us.a_node_and_second.bytes / them.a_node_and_second.bytes;
    return [
      [`delays until delivered over kad's, ${setting}, ${churn}`, Number(ratio('delivered').toFixed(3))],
      [`delays until answered over kad's, ${setting}, ${churn}`, Number(ratio('answered').toFixed(3))],
      most(`delays until finished over kad's, ${setting}, ${churn}`, ratio('finished'), 0.5),
      most(`bytes over kad's, ${setting}, ${churn}`, bytes, 0.333),
    ];
  });
}

/** Bars side by side for each ring: which share of lookups took how many hops. */
function picture(rings) {
  const [width, height, left, base] = [720, 300, 50, 240];
  const colours = ['#8fb8de', '#3b7dd8', '#1b3a6b'];
  const most = Math.max(...rings.map(({ distribution }) => distribution.length));
  const group = (width - left - 20) / most;
  const bar = group / (rings.length + 1);
  const parts = [];
  for (const share of [0, 25, 50, 75]) {
    const y = base - share * 2.6;
    parts.push(`<path d="M${left} ${y}H${width - 20}" stroke="#999" stroke-width=".5"/>`);
    parts.push(`<text x="${left - 6}" y="${y + 4}" text-anchor="end">${share} %</text>`);
  }
  rings.forEach(({ nodes, lookups, mean, distribution }, ring) => {
    distribution.forEach((count, hops) => {
      const size = ((count / lookups) * 260).toFixed(1);
      const x = (left + hops * group + bar * (ring + 0.5)).toFixed(1);
      parts.push(`<rect x="${x}" y="${(base - size).toFixed(1)}" width="${bar.toFixed(1)}" height="${size}" fill="${colours[ring]}"/>`);
    });
    const x = left + ring * 220;
    parts.push(`<rect x="${x}" y="276" width="12" height="12" fill="${colours[ring]}"/>`);
    parts.push(`<text x="${x + 18}" y="287">${nodes.toLocaleString('en')} nodes: ${mean.toFixed(2)} on average</text>`);
  });
  for (let hops = 0; hops < most; hops += 1) {
    parts.push(`<text x="${(left + (hops + 0.5) * group).toFixed(1)}" y="${base + 18}" text-anchor="middle">${hops}</text>`);
  }
  const title = `Hops of ${rings[0].lookups.toLocaleString('en')} lookups each`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title><rect width="100%" height="100%" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
