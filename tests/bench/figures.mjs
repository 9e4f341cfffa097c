// Times as figures: sorted, summed up, and told.

/** What a person wants to know of some times in milliseconds. */
export function figures(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.floor((sorted.length - 1) * share)].toFixed(1));
  return { median: at(0.5), min: at(0), p95: at(0.95), runs: sorted.length };
}

/** Prints `results`, figures by name, for a person, or for a program as one object that `about` begins. */
export function tell(about, results) {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ ...about, unit: 'ms', ...results }));
    return;
  }
  const columns = (name, ...rest) => name.padEnd(44) + rest.map((one) => String(one).padStart(10)).join('');
  console.log(columns(`${about.bench}, in ms`, 'median', 'min', 'p95', 'runs'));
  for (const [name, { median, min, p95, runs }] of Object.entries(results)) {
    console.log(columns(name.replaceAll('_', ' '), median, min, p95, runs));
  }
}

/** The number after `--runs`, or `usual`. */
export function runs(usual) {
  const at = process.argv.indexOf('--runs');
  const count = at < 0 ? usual : Number(process.argv[at + 1]);
  if (!Number.isInteger(count) || count < 1) throw new Error('--runs needs a number of at least 1; nothing was run');
  return count;
}
