// From following an invite to a link that both sides have proven: `cargo xtask bench dial [--json] [--runs N]`.
//
// Chromium dials a native node, and beside it, turn by turn, the same path without our handshake: a bare channel to
// the same port by the same answer. Both in a page as people have it, which is linked to the node that served it: the
// browser has compiled what a link needs. Then a native node dials another, with and without the handshake alike.

import { execFileSync } from 'node:child_process';
import { figures, runs, tell } from './figures.mjs';
import { OWN_ADDRESS } from '../e2e/harness/network.mjs';
import { Browser } from '../e2e/harness/browser.mjs';
import { NativeNode } from '../e2e/harness/native.mjs';
import { pause, until } from '../e2e/harness/wait.mjs';

const RUNS = 21;
/// What the page does after a link, before the next is measured.
const REST_MS = 200;
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
  const server = await NativeNode.start('Server');
  const node = await NativeNode.start('Host', { http: false, flags: ['--udp', `${OWN_ADDRESS}:0`] });
  const browser = await Browser.start('chromium');
  const { invite } = await node.call('invite', {});
  const [links, channels] = [[], []];
  try {
    // The first run warms up what all share, learns the answer, and is not counted.
    let answer;
    for (let run = 0; run <= count; run += 1) {
      const tab = await linkedTab(browser, `${server.page}?temporary`);
      const bareFirst = run % 2 === 1;
      const before = bareFirst && (await tab.page.evaluate(open, answer));
      const time = await link(tab, `${server.page}?temporary#${invite}`);
      answer ??= await tab.page.evaluate(() => globalThis.answer);
      const channel = before || (await tab.page.evaluate(open, answer));
      await tab.page.close();
      if (run === 0) continue;
      links.push(time);
      channels.push(channel);
    }
  } finally {
    await Promise.all([browser.kill(), server.end(), node.end()]);
  }
  return { links, channels };
}

/// A page in use: linked to the node that served it, and at rest.
async function linkedTab(browser, address) {
  const tab = await browser.tab('Guest');
  await tab.page.evaluateOnNewDocument(keepAnswer);
  await tab.start(address);
  await until('the link to the server', () => tab.page.evaluate((name) => performance.getEntriesByName(name)[0], LINKED));
  await tab.page.evaluate(() => performance.clearMarks());
  await pause(REST_MS);
  return tab;
}

/// How long the page takes for a link to whom `address` invites to.
async function link(tab, address) {
  await tab.join(address);
  const time = await until('the link', () => tab.page.evaluate(between, DIAL, LINKED));
  await pause(REST_MS);
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
