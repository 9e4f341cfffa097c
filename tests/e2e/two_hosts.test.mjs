// Two hosts on one wire: a native node on the one, Chromium with its default mDNS-hidden candidates on the other.

import assert from 'node:assert/strict';
import { OTHER_ADDRESS, behaviour } from './harness/index.mjs';

behaviour('a tab reaches a native node on another host', async (scene) => {
  const far = await scene.otherHost();
  const nora = await scene.node('Nora', { http: false, host: far });
  const site = await scene.staticSite();
  const tab = await scene.tab(await scene.browser('chromium'), 'Tina');
  await tab.start(site.page);

  const { invite } = await nora.call('invite', {});
  const [{ conversation }] = await Promise.all([nora.admit(), tab.join(`${site.page}#${invite}`)]);
  await tab.isInConversation();
  await tab.say('Hello over there');
  await nora.receives(conversation, 'Hello over there');
  await nora.send(conversation, 'Hello to you');
  await tab.sees('Hello to you');

  const [hidden] = await hostCandidates(tab);
  assert.match(hidden, /\.local \d+ typ host/, 'Chromium hides its address');
  const [peer] = await nora.call('peers');
  assert.equal(peer.name, 'Tina');
});

behaviour('two native nodes on two hosts reach each other', async (scene) => {
  const far = await scene.otherHost();
  const nora = await scene.node('Nora', { http: false, host: far });
  const otto = await scene.node('Otto', { http: false });
  assert.match(nora.ready.udp, /:\d+$/);
  const { invite } = await nora.call('invite', {});
  const [{ conversation }, entered] = await Promise.all([nora.admit(), otto.enter(invite, { type: 'private' })]);
  await otto.send(entered.conversation, `Is this ${OTHER_ADDRESS}?`);
  await nora.receives(conversation, `Is this ${OTHER_ADDRESS}?`);
});

/// What this Chromium tells peers of its own address.
function hostCandidates(tab) {
  return tab.page.evaluate(async () => {
    const probe = new RTCPeerConnection();
    probe.createDataChannel('probe');
    const found = new Promise((done) => {
      probe.onicecandidate = ({ candidate }) => candidate?.candidate && done([candidate.candidate]);
    });
    await probe.setLocalDescription();
    return found.finally(() => probe.close());
  });
}
