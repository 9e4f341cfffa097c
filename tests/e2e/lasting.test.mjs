// What was said in a tab is there after a reload, and the person is still in the conversation.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour } from './harness/index.mjs';

for (const kind of ['chromium', 'firefox']) {
  behaviour(`a conversation outlasts a reload and a closed tab in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const browser = await scene.browser(kind);
    const home = await browser.profile();
    const ana = await scene.tab(browser, 'Ana', home);
    await ana.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), ana.join(`${nora.page}#${invite}`)]);
    await ana.isInConversation();
    await ana.say('before the reload');
    await nora.receives(conversation, 'before the reload');

    await ana.page.goto('about:blank');
    await nora.send(conversation, 'while you were away');
    await ana.page.goto(nora.page);
    await ana.goTo('Nora');
    await ana.sees('before the reload');
    await ana.sees('while you were away');
    await ana.say('after the reload');
    await nora.receives(conversation, 'after the reload');

    await ana.page.close();
    const again = await scene.tab(browser, 'Ana', home);
    await again.open(nora.page);
    await again.goTo('Nora');
    await again.sees('after the reload');
    await again.say('still here');
    await nora.receives(conversation, 'still here');

    assert.deepEqual(await nora.texts(conversation), [
      'before the reload',
      'while you were away',
      'after the reload',
      'still here',
    ]);
    const [view] = await nora.call('conversations', {});
    assert.equal(view.participants.length, 2);
  });
}

for (const kind of ['chromium', 'firefox']) {
  // More than are taken back at once, and ten times as much as stays in memory.
  const MANY = 2_300;
  behaviour(`a history of thousands of messages outlasts a reload in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const ana = await scene.tab(await scene.browser(kind), 'Ana');
    await ana.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), ana.join(`${nora.page}#${invite}`)]);
    await ana.isInConversation();
    for (let number = 1; number <= MANY; number += 1) await nora.send(conversation, `[Nora ${number}]`);
    await ana.sees(`[Nora ${MANY}]`, LINK_MS);
    await ana.page.reload();
    await ana.goTo('Nora');
    await ana.sees(`[Nora ${MANY}]`, LINK_MS);
    await ana.press('Show earlier');
    await ana.sees(`[Nora ${MANY - 399}]`);
    await ana.say('It is all there.');
    await nora.receives(conversation, 'It is all there.');
    const [view] = await nora.call('conversations', {});
    assert.equal(view.participants.length, 2, 'it goes on with its own chain, and is not taken for another');
  });
}
