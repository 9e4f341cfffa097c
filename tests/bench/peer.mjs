// Runs of libp2p's Kademlia, the peer that our overlay is compared with, on the trace that both get.

import { execFile, execFileSync } from 'node:child_process';

/** The trace with this seed, 1,000 nodes and 20 minutes, as JSON Lines. */
export function trace(seed, churn) {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 };
  return execFileSync(process.env.TERTULIA_RING_TRACE, [String(seed), ...(churn ? ['churn'] : [])], options);
}

/** What `tertulia-kad` says of a trace; crates/xtask/kad/src/main.rs tells what its settings and figures mean. */
export function kad(lines, setting) {
  return new Promise((resolve, reject) => {
    const child = execFile(process.env.TERTULIA_KAD, ['--setting', setting], (error, said) => {
      if (error) reject(error);
      else resolve(JSON.parse(said));
    });
    child.stdin.end(lines);
  });
}
