// From opening the page to being able to use it, as a first visitor has it: `cargo xtask bench paint [--json] [--runs N]`.
// A browser and a profile that are new each time, and the page from a node's own server on this machine: what is
// measured is the page, not the network.

import { figures, runs, tell } from './figures.mjs';
import '../e2e/harness/network.mjs';
import { Browser } from '../e2e/harness/browser.mjs';
import { NativeNode } from '../e2e/harness/native.mjs';

const RUNS = 9;

const node = await NativeNode.start('Host');
const [painted, usable] = [[], []];
try {
  // The first warms up what the machine shares, the files of the browser above all, and is not counted.
  for (let run = 0; run <= runs(RUNS); run += 1) {
    const times = await visit(node.page);
    if (run === 0) continue;
    painted.push(times.painted);
    usable.push(times.usable);
  }
} finally {
  await node.end();
}
tell({ bench: 'paint', browser: 'chromium' }, { first_contentful_paint: figures(painted), usable: figures(usable) });

async function visit(address) {
  const browser = await Browser.start('chromium');
  try {
    const { page } = await browser.tab('Visitor');
    await page.evaluateOnNewDocument(watch);
    await page.goto(address);
    await page.waitForFunction(() => globalThis.seen?.usable && globalThis.seen.painted, { timeout: 20_000 });
    return await page.evaluate(() => globalThis.seen);
  } finally {
    await browser.kill();
  }
}

// What follows runs inside the page, where time begins with the navigation.

function watch() {
  const seen = {};
  globalThis.seen = seen;
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) {
      if (name === 'first-contentful-paint') seen.painted = startTime;
    }
  }).observe({ type: 'paint', buffered: true });
  const look = () => {
    const box = [...document.querySelectorAll('input')].find((one) => one.labels[0]?.textContent.trim() === 'Your name');
    if (!box || box.disabled || seen.usable) return;
    // The frame that shows it, not the moment that it was put into the document.
    requestAnimationFrame(() => setTimeout(() => (seen.usable = performance.now())));
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}
