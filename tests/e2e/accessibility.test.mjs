// The main views hold no serious barrier, in light and in dark; pictures of them are left for people to look at.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SHOTS, behaviour, textOf, until } from './harness/index.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SERIOUS = ['serious', 'critical'];
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
/// Each view is looked at four times.
const ALL_VIEWS_MS = 240_000;
const SCHEMES = ['light', 'dark'];

behaviour('the main views have no serious barrier in light and dark, on a desk and on a phone', async (scene) => {
  const nora = await scene.node('Nora');
  const browser = await scene.browser('chromium');
  const tina = await scene.tab(browser, 'Tina');
  const found = [];
  const look = async (view) => found.push(...(await inspect(tina, view)));

  await tina.open(nora.page);
  await tina.find('textbox', 'Your name');
  await look('first-visit');
  await tina.start(nora.page);
  await look('empty');

  const { invite } = await nora.call('invite', {});
  await tina.open(`${nora.page}#${invite}`);
  const join = await tina.find('dialog', 'Join');
  await look('join');
  const [{ conversation }] = await Promise.all([nora.admit(), tina.press('Join', { inside: join })]);
  await tina.isInConversation();
  await nora.send(conversation, 'Good evening! Did you find the place?');
  await nora.send(conversation, 'We are by the window.');
  await tina.sees('by the window');
  await tina.say('On my way, ten minutes.');
  await tina.sees('delivered to 1 of 1');
  await tina.participants();
  await look('participants');
  await tina.press('Close participants');
  await look('conversation');
  for (const place of ['People', 'Network', 'Settings']) {
    await tina.press(place);
    await tina.find('region', place);
    await look(place.toLowerCase());
  }
  await tina.goTo('Nora');

  await tina.press('New conversation');
  await tina.find('dialog', 'New conversation');
  await look('new-conversation');
  await tina.escape();
  await tina.create('Public', 'Salon');
  await tina.press('Invite');
  await tina.find('img', 'QR code', { inside: await tina.find('dialog', 'Invite') });
  await look('invite');
  await tina.escape();

  const otto = await scene.node('Otto', { http: false });
  const link = await tina.invite();
  const { request } = await otto.call('open', { invite: textOf(link) });
  assert.ok(request);
  await tina.find('dialog', 'Request from Otto');
  await look('request');

  assert.deepEqual(found, []);
});

behaviour(
  'what one does with messages and people has no serious barrier either',
  async (scene) => {
    const nora = await scene.node('Nora');
    const tina = await scene.tab(await scene.browser('chromium'), 'Tina');
    const found = [];
    const look = async (view) => found.push(...(await inspect(tina, view)));
    await tina.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), tina.join(`${nora.page}#${invite}`)]);
    await tina.isInConversation();
    await converse(nora, tina, conversation);
    await tina.press('Close participants');
    await look('messages');
    await turned(tina, () => look('messages-rtl'));
    await tina.press('Search this conversation');
    await (await tina.find('searchbox', 'Search messages')).type('the');
    await until('something to be found', async () => /the newest first|One message/.test(await tina.told()));
    await look('search');
    await turned(tina, () => look('search-rtl'));
    await tina.escape();
    const last = async () => (await (await tina.find('log', 'Messages')).$$('article')).at(-1);
    await tina.press('Actions', { inside: await last() });
    await tina.press('React');
    await tina.find('textbox', 'Another reaction');
    await look('message-actions');
    await tina.escape();
    await tina.press('Actions', { inside: await last() });
    await tina.press('Reply');
    await look('replying');
    await tina.escape();
    await tina.page.keyboard.type('/');
    await tina.find('listbox', 'Commands');
    await look('commands');
    await tina.page.keyboard.press('Backspace');

    await tina.participants();
    await tina.press('Forget');
    await tina.find('dialog', 'Forget conversation?');
    await look('forget');
    await tina.escape();
    await tina.press('Close participants');

    await nora.call('away', { on: true });
    await tina.join(`${nora.page}#${invite}`);
    await tina.press('Leave a message');
    await tina.find('dialog', 'Leave a message');
    await look('leave-a-message');
    await tina.escape();
    await tina.press('Dismiss');

    await tina.create('Public', 'Salon');
    const otto = await scene.node('Otto', { http: false });
    const { request } = await otto.call('open', { invite: textOf(await tina.invite()) });
    await tina.press('Answering machine', { inside: await tina.find('dialog', 'Request from Otto') });
    await otto.heard('answered', (params) => params.request === request);
    await otto.call('leave_message', { request, text: 'I only wanted to say hello.' });
    await tina.press('People');
    await tina.find('list', 'Inbox');
    await tina.press('Block');
    await look('inbox');
    await tina.press('Settings');
    await tina.find('list', 'Blocked people');
    await look('blocked');

    await tina.press('List me');
    await tina.find('button', 'Take me out');
    await tina.write('Words to be found by', 'Tina chess');
    await tina.find('button', 'Change words');
    await look('listed');
    await turned(tina, () => look('listed-rtl'));
    await nora.call('publish', { words: 'Nora chess' });
    await tina.press('People');
    await tina.find('region', 'People');
    await (await tina.find('searchbox', 'Search people')).type('ches');
    await until('Nora to be there', async () => {
      const list = await tina.find('list', 'Found');
      return (await list.evaluate((found) => found.textContent)).includes('online');
    });
    await look('found');
    await turned(tina, async () => {
      await look('found-rtl');
      assert.deepEqual(await displaced(tina), []);
    });
    await tina.press('New conversation');
    await (await tina.find('searchbox', 'Search people', { inside: await tina.find('dialog', 'New conversation') })).type('nora');
    await until('the search to be over', async () => !(await tina.told()).includes('Searching'));
    await look('new-conversation-found');

    assert.deepEqual(found, []);
  },
  ALL_VIEWS_MS,
);

/// Something of everything that messages can be.
async function converse(nora, tina, conversation) {
  await nora.send(conversation, '/me waves from the window');
  await nora.send(conversation, 'هل وجدت المكان؟ نحن بجانب النافذة.');
  await tina.sees('هل وجدت');
  await tina.say('Twelve minutes');
  const { id } = await until('the last one', async () =>
    (await nora.call('messages', { conversation })).find(({ text }) => text === 'Twelve minutes'),
  );
  await nora.call('react', { conversation, message: id, emoji: '👍' });
  await tina.press('👍 1, Nora');
  const { message: taken } = await nora.send(conversation, 'Never mind');
  await nora.call('edit', { conversation, message: taken, text: 'Take your time' });
  await nora.call('send', { conversation, text: 'See you then', reply_to: id });
  const { message } = await nora.send(conversation, 'oops');
  await nora.call('delete', { conversation, message });
  await nora.send(conversation, 'We ordered already.');
  await tina.sees('We ordered already.');
  await tina.say('Good.');
  await tina.page.keyboard.press('ArrowUp');
  await tina.page.keyboard.type(' Thank you!');
  await tina.page.keyboard.press('Enter');
  await tina.sees('Good. Thank you! edited');
}

/// The page as it is where one reads from right to left.
async function turned({ page }, act) {
  await page.evaluate(() => void (document.documentElement.dir = 'rtl'));
  await act();
  await page.evaluate(() => document.documentElement.removeAttribute('dir'));
}

/// The names that do not stand where their rows begin, right to left: whatever script they are in.
async function displaced({ page }) {
  return page.$$eval('.titles h1, .person-name, .entry-name, .me-name', (names) => {
    const gap = (name) => {
      const text = document.createRange();
      text.selectNodeContents(name);
      return name.getBoundingClientRect().right - text.getBoundingClientRect().right;
    };
    return names.filter((name) => name.textContent !== '' && gap(name) > 2).map((name) => `${name.className} ${name.textContent}`);
  });
}

/// What axe finds serious in the view as it stands, for each scheme and size; leaves a picture of each.
async function inspect({ page }, view) {
  mkdirSync(SHOTS, { recursive: true });
  const found = [];
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewport(viewport);
      await page.screenshot({ path: join(SHOTS, `${view}-${scheme}-${size}.png`) });
      found.push(...(await violations(page)).map((one) => `${view}, ${scheme}, ${size}: ${one}`));
    }
  }
  await page.setViewport(SIZES.desk);
  return found;
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => SERIOUS.includes(impact))
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help} (${nodes
          .map(({ target }) => target.join(' '))
          .slice(0, 3)
          .join(', ')})`,
    );
}
