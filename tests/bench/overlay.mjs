// What the overlay does in large rings: `cargo xtask bench overlay [--json] [NAME]`.
//
// The simulator measures (crates/sim/src/ring); NAME is one of its measures, all but the million nodes if there is none. The distribution of
// hops is drawn into docs/overlay-hops.svg.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const PICTURE = `${root}docs/overlay-hops.svg`;

const wantsJson = process.argv.includes('--json');
const measure = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? 'all';
const line = ['run', '--release', '--quiet', '-p', 'tertulia-sim', '--', '--ring', measure, '--json'];
const { status, stdout } = spawnSync('cargo', line, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 });
if (status !== 0) throw new Error(`the simulator ended with ${status}; nothing was measured`);
const results = JSON.parse(stdout);
if (results.hops) writeFileSync(PICTURE, picture(results.hops));
console.log(JSON.stringify({ bench: 'overlay', ...results }, null, wantsJson ? undefined : 2));

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
