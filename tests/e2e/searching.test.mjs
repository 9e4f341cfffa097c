// Finding what was said: by words, by the keyboard, and however far back it is; and what newcomers are given of it.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, textOf, until } from './harness/index.mjs';

const NOTHING = 'Nothing that was said has all of these words.';
/// More than are shown at first.
const MANY = 230;

/// Types into the searchbox of the dialog that is open.
async function seek(person, words) {
  const box = await person.find('searchbox', 'Search messages');
  await box.click({ count: 3 });
  await box.type(words);
}

/// Waits until the dialog shows so many messages, and gives what each says.
function hits(person, count) {
  return until(`${person.label} to be shown ${count} messages`, async () => {
    const dialog = await person.glance('dialog', 'Search messages');
    const texts = await dialog?.$$eval('.hit', (found) => found.map((one) => one.textContent));
    return texts?.length === count && texts;
  });
}

const focused = (person) => person.page.evaluate(() => document.activeElement.textContent);

behaviour('what was said is found in all conversations or in one, and gone to by the keyboard', async (scene) => {
  const nora = await scene.node('Nora');
  const tina = await scene.tab(await scene.browser('chromium'), 'Tina');
  await tina.start(nora.page);
  const { invite } = await nora.call('invite', {});
  const [{ conversation }] = await Promise.all([nora.admit(), tina.join(`${nora.page}#${invite}`)]);
  await tina.isInConversation();
  await nora.send(conversation, 'A zebra crossed the street before anybody else did.');
  for (let number = 1; number <= MANY; number += 1) await nora.send(conversation, `number ${number}`);
  await tina.sees(`number ${MANY}`);
  await tina.create('Public', 'Salon');
  await tina.say('No ZEBRAS in here, please.');
  await tina.sees('No ZEBRAS');

  await tina.press('Search messages');
  await tina.find('dialog', 'Search messages');
  assert.match(await tina.told(), /Type words that were said/);
  await seek(tina, 'xylophone');
  await until('to be told that there is nothing', async () => (await tina.told()).includes(NOTHING));
  await seek(tina, 'zebra');
  const [newest, oldest] = await hits(tina, 2);
  assert.match(newest, /^Tina .*No ZEBRAS in here/);
  assert.match(oldest, /^Nora .*A zebra crossed/);
  const dialog = await tina.find('dialog', 'Search messages');
  assert.deepEqual(await dialog.$$eval('h3', (names) => names.map((name) => name.textContent)), ['Salon', 'Nora']);
  assert.deepEqual(await dialog.$$eval('mark', (marks) => marks.map((mark) => mark.textContent)), ['ZEBRA', 'zebra']);

  await tina.page.keyboard.press('ArrowDown');
  assert.match(await focused(tina), /No ZEBRAS/);
  await tina.page.keyboard.press('ArrowDown');
  await tina.page.keyboard.press('ArrowDown');
  assert.match(await focused(tina), /A zebra crossed/, 'there is no further one');
  await tina.page.keyboard.press('Enter');
  await tina.find('heading', 'Nora');
  await until('the message to have the focus', async () => (await focused(tina)).includes('A zebra crossed'), LINK_MS);
  const isInView = await tina.page.evaluate(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && document.activeElement.matches('article[data-goal]');
  });
  assert.ok(isInView, 'it is in view, and marked');
  assert.ok(await tina.find('button', 'Jump to latest'), 'what was said last is far below');

  await tina.press('Search this conversation');
  await seek(tina, 'zebra');
  await hits(tina, 1);
  await tina.press('In this conversation only', { role: 'checkbox' });
  await hits(tina, 2);
  await tina.escape();
  await until('the dialog to be closed', async () => !(await tina.glance('dialog', 'Search messages')));
  assert.equal(await tina.page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Search this conversation');
});

behaviour('who accepts into a new conversation chooses what newcomers see', async (scene) => {
  const nora = await scene.node('Nora');
  const hanna = await scene.tab(await scene.browser('chromium'), 'Hanna');
  await hanna.start(nora.page);
  const link = await hanna.invite();
  const otto = await scene.node('Otto', { http: false });
  const entering = otto.enter(textOf(link), { type: 'public' });
  const request = await hanna.find('dialog', 'Request from Otto', { timeout: LINK_MS });
  await hanna.press('From when they join', { role: 'radio', inside: request });
  await hanna.accept('Otto');
  const { conversation } = await entering;
  await otto.send(conversation, 'Between the two of us.');
  await hanna.sees('Between the two of us.');

  const inside = await hanna.invite({ withoutAsking: true });
  const zoe = await scene.node('Zoe', { http: false });
  await zoe.enter(textOf(inside));
  await hanna.meets('Hanna', 'Otto', 'Zoe');
  await otto.send(conversation, 'Welcome, Zoe.');
  await until('Zoe to hear what is said now', async () => {
    const texts = await zoe.texts(conversation);
    return texts.length > 0 && assert.deepEqual(texts, ['Welcome, Zoe.']) === undefined;
  });
});
