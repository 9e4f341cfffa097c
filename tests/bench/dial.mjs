// From following an invite to a link that both sides have proven: `cargo xtask bench dial [--json] [--runs N]`.
//
// Chromium dials a native node, and beside it, turn by turn, the same path without our handshake: a bare channel to
// the same port by the same answer. Each is the first connection of a fresh page. Then a native node dials another, with
// and without the handshake alike.

import { execFileSync } from 'node:child_process';
import { figures, runs, tell } from './figures.mjs';
import { OWN_ADDRESS } from '../e2e/harness/network.mjs';
import { Browser } from '../e2e/harness/browser.mjs';
import { NativeNode } from '../e2e/harness/native.mjs';
import { StaticSite } from '../e2e/harness/static_site.mjs';
import { until } from '../e2e/harness/wait.mjs';

const RUNS = 21;
/// As the page sets them: web/src/mark.rs.
const [DIAL, LINKED] = ['tertulia:dial', 'tertulia:linked'];

const count = runs(RUNS);
const chromium = await dialFromChromium();
const native = JSON.parse(execFileSync(process.env.TERTULIA_DIAL_BENCH, [String(count)], { encoding: 'utf8' }));
tell(
  { bench: 'dial' },
  {
    chromium_to_native: figures(chromium.links),
    chromium_to_native_bare_channel: figures(chromium.channels),
    native_to_native: fromNative(native.link),
    native_to_native_bare_channel: fromNative(native.channel),
  },
);

async function dialFromChromium() {
  const node = await NativeNode.start('Host', { http: false, flags: ['--udp', `${OWN_ADDRESS}:0`] });
  const site = await StaticSite.start();
  const browser = await Browser.start('chromium');
  const { invite } = await node.call('invite', {});
  const [links, channels] = [[], []];
  try {
    // The first of each warms up what they share and is not counted.
    for (let run = 0; run <= count; run += 1) {
      const { time, answer } = await link(browser, `${site.page}?temporary`, invite);
      const channel = await bare(browser, site.page, answer);
      if (run === 0) continue;
      links.push(time);
      channels.push(channel);
    }
  } finally {
    await Promise.all([browser.kill(), node.end(), site.end()]);
  }
  return { links, channels };
}

/// How long the page takes for it, and the answer that it made of the invite.
async function link(browser, address, invite) {
  const tab = await browser.tab('Guest');
  await tab.page.evaluateOnNewDocument(keepAnswer);
  await tab.start(address);
  await tab.join(`${address}#${invite}`);
  const time = await until('the link', () => tab.page.evaluate(between, DIAL, LINKED));
  const answer = await tab.page.evaluate(() => globalThis.answer);
  await tab.page.close();
  return { time, answer };
}

/// How long a channel takes that nobody proves anything on.
async function bare(browser, address, answer) {
  const tab = await browser.tab('Guest');
  await tab.page.goto(address);
  await tab.find('textbox', 'Your name');
  const time = await tab.page.evaluate(open, answer);
  await tab.page.close();
  return time;
}

function fromNative({ median_ms, min_ms, p95_ms }) {
  return { median: median_ms, min: min_ms, p95: p95_ms, runs: native.dials };
}

// What follows runs inside the page.

function keepAnswer() {
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function keep(answer) {
    globalThis.answer = answer.sdp;
    return setRemoteDescription.call(this, answer);
  };
}

function between(first, second) {
  const [begun, ended] = [first, second].map((name) => performance.getEntriesByName(name)[0]?.startTime);
  return ended && ended - begun;
}

async function open(answer) {
  const begun = performance.now();
  const connection = new RTCPeerConnection();
  const channel = connection.createDataChannel('tertulia', { negotiated: true, id: 0 });
  const opened = new Promise((done, fail) => {
    channel.onopen = done;
    setTimeout(() => fail(new Error('no channel within 20 s')), 20_000);
  });
  await connection.setLocalDescription();
  // The listener is told the dialler's password in the place of a user's name.
  const password = /a=ice-pwd:(\S+)/.exec(connection.localDescription.sdp)[1];
  await connection.setRemoteDescription({ type: 'answer', sdp: answer.replace(/a=ice-ufrag:\S+/, `a=ice-ufrag:${password}`) });
  await opened;
  const time = performance.now() - begun;
  connection.close();
  return time;
}
