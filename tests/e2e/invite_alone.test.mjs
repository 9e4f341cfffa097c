// An invite alone is enough: no other exchange, and no HTTP request but for the page's static files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { behaviour, textOf } from './harness/index.mjs';

behaviour('a native node reaches another by an invite alone, and nobody opens a TCP connection', async (scene) => {
  const ada = await scene.node('Ada', { http: false });
  const ben = await scene.node('Ben', { http: false });
  const { invite } = await ada.call('invite', {});
  const [admitted, entered] = await Promise.all([
    ada.admit(),
    ben.enter(invite, { type: 'private', greeting: 'Good evening' }),
  ]);
  assert.equal(entered.answer, 'yes');
  assert.equal(admitted.from.name, 'Ben');
  await ben.send(entered.conversation, 'Is anybody there?');
  await ada.receives(admitted.conversation, 'Is anybody there?');
  await ada.send(admitted.conversation, 'Come in.');
  await ben.receives(entered.conversation, 'Come in.');
  // The namespace is ours alone: whatever speaks TCP in it would be here, connected or listening.
  assert.deepEqual(tcpSockets(), []);
});

for (const kind of ['chromium', 'firefox']) {
  behaviour(`a ${kind} tab reaches a native node by an invite alone`, async (scene) => {
    const nora = await scene.node('Nora', { http: false });
    const site = await scene.staticSite();
    const tab = await scene.tab(await scene.browser(kind), 'Tina');
    const { invite } = await nora.call('invite', {});
    const link = `${site.page}#${textOf(invite)}`;
    await tab.open(link);
    await tab.find('textbox', 'Your name');
    const files = new Set(tab.requests.map(({ url }) => url));

    const [{ conversation }] = await Promise.all([nora.admit(), tab.arrive(link)]);
    await tab.isInConversation();
    await tab.say('Hello from a tab');
    await nora.receives(conversation, 'Hello from a tab');
    await nora.send(conversation, 'Hello from a node');
    await tab.sees('Hello from a node');

    assert.deepEqual(site.misses, [], 'the page asked for nothing but its files');
    // A browser may fetch the icon again; what would carry anything to anybody has another address or method.
    const further = tab.requests.filter(({ method, url }) => method !== 'GET' || !files.has(url));
    assert.deepEqual(further, [], 'the page requested nothing new after it was there');
    const foreign = [...files].filter((url) => new URL(url).origin !== new URL(site.page).origin);
    assert.deepEqual(foreign, [], 'the page requested nothing from elsewhere');
  });
}

function tcpSockets() {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\n').slice(1),
  );
  return rows.map((row) => row.trim().split(/\s+/).slice(1, 4).join(' '));
}
