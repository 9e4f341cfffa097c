// First visits, identities, requests and goodbyes.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, textOf, until } from './harness/index.mjs';

behaviour(
  'a person is the same after a reload, another in another profile, and nobody after a temporary visit',
  async (scene) => {
    const nora = await scene.node('Nora');
    const browser = await scene.browser('chromium');
    const home = await browser.profile();
    const call = async (tab, page) => {
      const { invite } = await nora.call('invite', {});
      const [{ from }] = await Promise.all([nora.admit(), tab.join(`${page}#${invite}`)]);
      await tab.isInConversation();
      return from;
    };

    const [pageA, pageB] = ['a', 'b'].map((profile) => `${nora.page}?profile=${profile}`);
    const ana = await scene.tab(browser, 'Ana', home);
    await ana.start(pageA);
    const before = await call(ana, pageA);
    assert.equal(before.name, 'Ana');
    const bea = await scene.tab(browser, 'Bea', home);
    await bea.start(pageB);
    const other = await call(bea, pageB);
    assert.equal(other.name, 'Bea');
    assert.notEqual(other.user, before.user);
    assert.notEqual(other.node, before.node);

    await ana.page.bringToFront();
    await ana.page.reload();
    await ana.find('navigation', 'Conversations');
    assert.equal(await ana.glance('textbox', 'Your name'), undefined, 'a known person is not asked again');
    const after = await call(ana, pageA);
    assert.deepEqual([after.user, after.node, after.name], [before.user, before.node, before.name]);

    const guest = await scene.tab(browser, 'Guest', home);
    await guest.start(`${nora.page}?temporary`);
    const passing = await call(guest, `${nora.page}?temporary`);
    assert.ok(![before.user, other.user].includes(passing.user));
    await guest.page.close();
    const again = await scene.tab(browser, 'Guest', home);
    await again.open(`${nora.page}?temporary`);
    await again.find('textbox', 'Your name');
  },
);

behaviour('a request is refused or accepted, the coordinator is shown, and leaving is noticed', async (scene) => {
  const nora = await scene.node('Nora');
  const host = await scene.tab(await scene.browser('chromium'), 'Hanna');
  await host.start(nora.page);
  const { invite } = await nora.call('invite', {});
  await Promise.all([nora.admit(), host.join(`${nora.page}#${invite}`)]);
  await host.create('Public', 'Salon');
  assert.ok(await host.find('heading', 'Salon'));
  const link = await host.invite();

  const otto = await scene.node('Otto', { http: false });
  const [refused] = await Promise.all([otto.enter(textOf(link)), host.refuse('Otto')]);
  assert.equal(refused.answer, 'no');
  const [entered] = await Promise.all([otto.enter(textOf(link)), host.accept('Otto')]);
  assert.equal(entered.answer, 'yes');

  const { conversation } = entered;
  const rows = await host.meets('Hanna', 'Otto');
  const coordinators = rows.filter((row) => row.includes('coordinator'));
  assert.equal(coordinators.length, 1, 'one coordinates');
  assert.match(coordinators[0], /Hanna/, 'who was first coordinates');
  await otto.send(conversation, 'Thank you.');
  await host.sees('Thank you.');
  await host.say('You are welcome.');
  const mine = await host.sees('You are welcome.');
  assert.match(mine, /Hanna/);
  await until(
    'the message to be delivered',
    async () => (await host.sees('You are welcome.')).includes('delivered to 1 of 1'),
    LINK_MS,
  );

  await host.leave();
  await until(
    'Otto to notice',
    async () => {
      const salon = (await otto.call('conversations')).find(({ id }) => id === conversation);
      return !salon || !(await otto.call('participants', { conversation })).some(({ name }) => name === 'Hanna');
    },
    LINK_MS,
  );
});
