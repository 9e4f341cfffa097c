// Tabs that were introduced need their introducer no more, and can introduce others themselves.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, textOf, until } from './harness/index.mjs';

behaviour('two tabs keep talking when their introducer is killed, and a third joins by hand', async (scene) => {
  const { nora, anna, bert, site, annasBrowser } = await introduced(scene);
  await nora.kill();
  await talkBothWays(anna, bert, 'without Nora');

  const second = await scene.browser('chromium');
  const cleo = await scene.tab(second, 'Cleo');
  await cleo.start(site.page);
  const link = await anna.inviteByHand({ withoutAsking: true });
  await anna.connect(await cleo.joinByHand(link));
  await cleo.isInConversation();
  await Promise.all([anna, bert, cleo].map((one) => one.meets('Anna', 'Bert', 'Cleo')));

  // With Anna gone, only a link of their own can carry what Cleo and Bert say.
  await cleo.say('Anna is still here.');
  await bert.sees('Anna is still here.');
  await cleo.sees('delivered to 2 of 2');
  await annasBrowser.kill();
  await talkBothWays(cleo, bert, 'without Anna');
});

behaviour('two tabs keep talking when their introducer is killed as a participant', async (scene) => {
  const { nora, anna, bert, link } = await introduced(scene);
  const { conversation } = await nora.enter(textOf(link));
  await Promise.all([anna, bert].map((one) => one.meets('Anna', 'Bert', 'Nora')));
  await nora.send(conversation, 'I must go now.');
  await Promise.all([anna, bert].map((one) => one.sees('I must go now.')));
  await nora.kill();
  await talkBothWays(anna, bert, 'after Nora');
  await anna.say('Nora cannot hear this.');
  await until(
    'the state to count only who is there',
    async () => (await anna.sees('Nora cannot hear this.')).includes('delivered to 1 of 2'),
    LINK_MS,
  );
});

/// Anna in Chromium and Bert in Firefox, in a conversation of their own, introduced by Nora.
async function introduced(scene) {
  const nora = await scene.node('Nora', { http: false });
  const site = await scene.staticSite();
  const [annasBrowser, bertsBrowser] = await Promise.all([scene.browser('chromium'), scene.browser('firefox')]);
  const anna = await scene.tab(annasBrowser, 'Anna');
  const bert = await scene.tab(bertsBrowser, 'Bert');
  await Promise.all([anna, bert].map((one) => one.start(site.page)));
  const { invite } = await nora.call('invite', {});
  await Promise.all([nora.admit(), anna.join(`${site.page}#${invite}`)]);
  await anna.isInConversation();
  await anna.create('Public', 'Two of us');
  const link = await anna.invite({ withoutAsking: true });
  await bert.join(link);
  await Promise.all([anna, bert].map((one) => one.meets('Anna', 'Bert')));
  await talkBothWays(anna, bert, 'with Nora');
  assert.deepEqual(site.misses, []);
  return { nora, site, anna, bert, link, annasBrowser };
}

async function talkBothWays(one, other, when) {
  await one.say(`${one.name} speaks ${when}.`);
  await other.sees(`${one.name} speaks ${when}.`);
  await other.say(`${other.name} speaks ${when}.`);
  await one.sees(`${other.name} speaks ${when}.`);
}
