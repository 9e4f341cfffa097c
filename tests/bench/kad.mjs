// libp2p's Kademlia on the trace of our overlay: `cargo xtask bench kad [--json] [--seed N] [--settings usual,pure]`.
//
// Each run is one thread for some minutes; two run at a time.

import { kad, trace } from './peer.mjs';

const SETTINGS = 'usual,pure,kind,bare';

const seed = Number(option('--seed', '1'));
const settings = option('--settings', SETTINGS).split(',');
const traces = [false, true].map((churn) => ({ churn, lines: trace(seed, churn) }));
const runs = traces.flatMap((one) => settings.map((setting) => ({ ...one, setting })));
const results = [];
let taken = 0;
await Promise.all([lane(), lane()]);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'kad', seed, runs: results.map(({ churn, said }) => ({ churn, ...said })) }));
} else {
  const columns = (name, ...rest) => name.padEnd(20) + rest.map((one) => String(one).padStart(11)).join('');
  console.log(columns('a lookup in delays', 'delivered', 'answered', 'finished', 'p95', 'found', 'bytes/s', 'of lookups'));
  for (const { churn, said } of results) {
    const { delays, found, lookups, a_node_and_second: rates } = said;
    const [delivered, answered, finished] = [delays.delivered, delays.answered, delays.finished].map(({ mean }) => mean);
    const share = `${((found / lookups) * 100).toFixed(2)} %`;
    const name = `${said.setting.name}${churn ? ', churn' : ''}`;
    console.log(columns(name, delivered, answered, finished, delays.finished.p95, share, rates.bytes, rates.bytes_of_lookups));
  }
}

/// Takes one run after another while there are some.
async function lane() {
  while (taken < runs.length) {
    const run = taken;
    taken += 1;
    const { churn, lines, setting } = runs[run];
    results[run] = { churn, said: await kad(lines, setting) };
  }
}

function option(name, usual) {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : process.argv[at + 1];
}
