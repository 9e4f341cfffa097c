// An invite that cannot work says so, says what to do, and disturbs nothing else.

import assert from 'node:assert/strict';
import { Refused, behaviour, pause, textOf, until } from './harness/index.mjs';

const LIFE_MS = 300;

behaviour('a tab tells what is wrong with an invite and goes on', async (scene) => {
  const nora = await scene.node('Nora');
  const tab = await scene.tab(await scene.browser('chromium'), 'Tina');
  await tab.start(nora.page);
  const { invite } = await nora.call('invite', {});
  const [{ conversation }] = await Promise.all([nora.admit(), tab.join(`${nora.page}#${invite}`)]);
  await tab.isInConversation();

  let spoken = 0;
  for (const { text, says } of await badInvites(nora)) {
    await tab.open(`${nora.page}#${text}`);
    const told = await until(`a word about ${says}`, async () => {
      const words = await tab.told();
      return says.test(words) && words;
    });
    assert.match(told, /invite|link|code/i);
    assert.match(told, /ask|again|check/i, 'it says what to do');
    await tab.dismissAll();
    spoken += 1;
    await tab.goTo('Nora');
    await tab.say(`Still here ${spoken}`);
    await nora.receives(conversation, `Still here ${spoken}`);
  }
  const complaints = tab.console.filter((line) => /panick|unreachable|RuntimeError/.test(line));
  assert.deepEqual(complaints, []);
});

behaviour('a bad invite on the first visit does not stop anybody from starting', async (scene) => {
  const site = await scene.staticSite();
  const tab = await scene.tab(await scene.browser('chromium'), 'Tina');
  await tab.start(`${site.page}#this-is-no-invite`);
  await until('a word about the invite', async () => /not a Tertulia invite/i.test(await tab.told()));
  await tab.dismissAll();
  await tab.create('Public', 'Round table');
});

behaviour('a native node refuses a bad invite by reason and goes on', async (scene) => {
  const ada = await scene.node('Ada', { http: false });
  const ben = await scene.node('Ben', { http: false });
  for (const { text, says } of await badInvites(ada)) {
    const refusal = await ben.call('open', { invite: text }).then(
      () => assert.fail('taken'),
      (error) => error,
    );
    assert.ok(refusal instanceof Refused, String(refusal));
    assert.ok(refusal.code >= -32099 && refusal.code <= -32000, `${refusal.code} is a refusal`);
    assert.ok(refusal.data?.reason, 'a program can tell why');
    assert.match(refusal.message, says);
  }
  const { invite } = await ada.call('invite', {});
  const [{ conversation }, entered] = await Promise.all([ada.admit(), ben.enter(invite, { type: 'private' })]);
  await ben.send(entered.conversation, 'A good one works.');
  await ada.receives(conversation, 'A good one works.');
});

/// One of each kind, with what a person should read about it.
async function badInvites(node) {
  const { invite } = await node.call('invite', {});
  const { invite: brief } = await node.call('invite', { expires_ms: Date.now() + LIFE_MS });
  await pause(LIFE_MS + 100);
  const good = textOf(invite);
  const altered = good.slice(0, 40) + (good[40] === 'A' ? 'B' : 'A') + good.slice(41);
  return [
    { text: 'this-is-no-invite', says: /not an? .*invite/i },
    { text: '%F0%9F%92%A3%00%22%3E%3Cscript%3E', says: /not an? .*invite/i },
    { text: good.slice(0, good.length / 2), says: /incomplete|damaged/i },
    { text: altered, says: /incomplete|damaged/i },
    { text: textOf(brief), says: /expired/i },
  ];
}
