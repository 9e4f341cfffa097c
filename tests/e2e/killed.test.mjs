// What the page says was sent is kept, also when the browser is killed in the middle of a burst, or its disk is slow.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINK_MS, behaviour, until } from './harness/index.mjs';

const BURST = 150;
/// So many are said before the browser is killed, the rest is under way.
const ENOUGH = 40;
/// How long a slow disk takes: many times what the page takes to draw.
const HELD_MS = 500;
const TOKEN = /\[Ana \d+\]/;

for (const kind of ['chromium', 'firefox']) {
  behaviour(`a browser killed in a burst has kept all that it said was sent, in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const folder = mkdtempSync(join(tmpdir(), `${kind}-killed-`));
    const browser = await scene.browser(kind, folder);
    const ana = await scene.tab(browser, 'Ana', browser.lasting);
    await ana.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), ana.join(`${nora.page}#${invite}`)]);
    await ana.isInConversation();

    // The page dies under it: that it does not end well is the point.
    const burst = ana.flood(BURST).catch(() => {});
    const sent = await until('enough to be sent', async () => {
      const said = (await ana.messages()).filter((one) => /\bsent\b|delivered to/.test(one));
      return said.length >= ENOUGH && said.map((one) => TOKEN.exec(one)[0]);
    });
    await browser.kill();
    await burst;

    const again = await scene.browser(kind, folder);
    const back = await scene.tab(again, 'Ana', again.lasting);
    await back.open(nora.page);
    await back.goTo('Nora');
    await back.sees(sent.at(-1));
    const kept = (await back.messages()).map((one) => TOKEN.exec(one)?.[0]);
    assert.deepEqual(sent.filter((one) => !kept.includes(one)), []);

    // And it goes on: nothing that Nora has is missing, and what is said now reaches her.
    await back.say('and on');
    await nora.receives(conversation, 'and on', LINK_MS);
    const heard = (await nora.texts(conversation)).map((text) => TOKEN.exec(text)?.[0]).filter(Boolean);
    const shown = (await back.messages()).map((one) => TOKEN.exec(one)?.[0]).filter(Boolean);
    assert.deepEqual(heard.filter((one) => !shown.includes(one)), []);
  });
}

for (const kind of ['chromium', 'firefox']) {
  behaviour(`a message does not say that it was sent before it is kept, in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const ana = await scene.tab(await scene.browser(kind), 'Ana');
    await ana.page.evaluateOnNewDocument(letStoreBeHeld);
    await ana.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), ana.join(`${nora.page}#${invite}`)]);
    await ana.isInConversation();
    await ana.say('kept');
    await nora.receives(conversation, 'kept');
    await ana.sees('delivered to 1 of 1');

    await ana.page.evaluate(() => window.heldStore.hold());
    await ana.say('not kept yet');
    // The page reads the conversation anew whenever it is gone to.
    await ana.goTo('Nora');
    await new Promise((done) => setTimeout(done, HELD_MS));
    const shown = await ana.messages();
    assert.ok(!shown.some((one) => one.includes('not kept yet')), `it shows ${shown.at(-1)}`);
    assert.ok(!(await nora.texts(conversation)).includes('not kept yet'));

    await ana.page.evaluate(() => window.heldStore.letGo());
    await ana.sees('not kept yet');
    await nora.receives(conversation, 'not kept yet');
  });
}

/// Lets a test hold back that what the page writes is kept, as a slow disk does.
function letStoreBeHeld() {
  const { set, ...rest } = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete');
  let held = null;
  window.heldStore = {
    hold() {
      held = [];
    },
    letGo() {
      const all = held;
      held = null;
      all.forEach((tell) => tell());
    },
  };
  Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {
    ...rest,
    set(tell) {
      const isHeld = () => held && this.mode === 'readwrite';
      set.call(this, (event) => (isHeld() ? held.push(() => tell(event)) : tell(event)));
    },
  });
}
