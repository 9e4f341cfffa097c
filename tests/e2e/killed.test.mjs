// What the page says was sent is kept, also when the browser is killed in the middle of a burst.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINK_MS, behaviour, until } from './harness/index.mjs';

const BURST = 150;
/// So many are said before the browser is killed, the rest is under way.
const ENOUGH = 40;
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
