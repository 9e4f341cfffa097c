// A Chromium tab, a Firefox tab and a native node talk in one public conversation, all at once.

import assert from 'node:assert/strict';
import { FLOOD_MS, behaviour, textOf, until } from './harness/index.mjs';

const EACH = 200;
const NAMES = ['Carla', 'Felix', 'Nora'];
const TOKEN = /\[(\w+) (\d+)\](?: after \[(\w+) (\d+)\])?/;

behaviour('three in one conversation, tabs served by the node', async (scene) => {
  const nora = await scene.node('Nora');
  await talk(scene, nora, nora.page);
});

behaviour('three in one conversation, tabs served by a static site', async (scene) => {
  const nora = await scene.node('Nora', { http: false });
  const site = await scene.staticSite();
  await talk(scene, nora, site.page);
  assert.deepEqual(site.misses, []);
});

async function talk(scene, nora, page) {
  const [carla, felix] = await Promise.all(
    [
      ['chromium', 'Carla'],
      ['firefox', 'Felix'],
    ].map(async ([kind, name]) => {
      const person = await scene.tab(await scene.browser(kind), name);
      await person.start(page);
      return person;
    }),
  );
  const conversation = await gather(page, nora, carla, felix);

  await Promise.all([carla.flood(EACH), felix.flood(EACH), flood(nora, conversation)]);

  const views = { Carla: () => carla.messages(), Felix: () => felix.messages(), Nora: () => lines(nora, conversation) };
  const shown = await Promise.all(Object.entries(views).map(([who, view]) => settled(who, view)));
  const [first, ...others] = shown.map((lines) => lines.map((line) => TOKEN.exec(line)?.[0]));
  for (const other of others) assert.deepEqual(other, first, 'all three show the same messages in the same order');
  shown.forEach((lines) => proveOrder(lines));
  for (const lines of shown)
    assert.ok(
      lines.every((line) => line.includes(TOKEN.exec(line)[1])),
      'each names its author',
    );
}

/// Carla meets Nora by Nora's invite, makes a public conversation and lets the other two in with a ticket.
async function gather(page, nora, carla, felix) {
  const { invite } = await nora.call('invite', {});
  const [acquainted] = await Promise.all([nora.admit(), carla.join(`${page}#${invite}`)]);
  assert.equal(acquainted.from.name, 'Carla');
  await carla.isInConversation();
  await carla.create('Public', 'Round table');
  const link = await carla.invite({ withoutAsking: true });
  assert.ok(link.startsWith(page), `the link leads to the page that Carla has: ${link}`);
  const [entered] = await Promise.all([nora.enter(textOf(link)), felix.join(link)]);
  assert.equal(entered.answer, 'yes');
  await Promise.all([carla.meets(...NAMES), felix.meets(...NAMES)]);
  await until(
    'Nora to be with both',
    async () => (await nora.call('participants', { conversation: entered.conversation })).length === 3,
  );
  return entered.conversation;
}

/// Nora's share: each message names the last one that she had received.
async function flood(nora, conversation) {
  let last = 'nothing';
  nora.onNotice = ({ method, params }) => {
    if (method === 'message' && params.conversation === conversation)
      last = TOKEN.exec(params.text)[0].split(' after')[0];
  };
  for (let number = 1; number <= EACH; number += 1) {
    const after = last;
    await nora.send(conversation, `[Nora ${number}] after ${after}`);
  }
}

async function lines(nora, conversation) {
  const messages = await nora.call('messages', { conversation, limit: 5000 });
  return messages.map(({ name, text }) => `${name} ${text}`);
}

/// What a view shows once it shows as many as were sent; a moment later it must still be as many.
async function settled(who, view) {
  let seen = 0;
  await until(
    `${who} to have all ${EACH * NAMES.length} messages`,
    async () => {
      const before = seen;
      seen = (await view()).length;
      return seen >= EACH * NAMES.length && seen === before;
    },
    FLOOD_MS,
  ).catch((error) => assert.fail(`${error.message}; ${who} has ${seen}`));
  return view();
}

/// None lost, none doubled, each author's own in order, each after the one that its author had seen.
function proveOrder(lines) {
  const place = new Map();
  lines.forEach((line, at) => {
    const [, author, number] = TOKEN.exec(line);
    const token = `${author} ${number}`;
    assert.ok(!place.has(token), `${token} is shown twice`);
    place.set(token, at);
  });
  assert.equal(place.size, EACH * NAMES.length);
  for (const author of NAMES) {
    for (let number = 2; number <= EACH; number += 1) {
      assert.ok(
        place.get(`${author} ${number - 1}`) < place.get(`${author} ${number}`),
        `${author} ${number} comes too early`,
      );
    }
  }
  let replies = 0;
  for (const line of lines) {
    const [, author, number, cause, causeNumber] = TOKEN.exec(line);
    if (!cause) continue;
    replies += 1;
    assert.ok(
      place.get(`${cause} ${causeNumber}`) < place.get(`${author} ${number}`),
      `${author} ${number} comes before its cause`,
    );
  }
  assert.ok(replies > EACH, `only ${replies} messages name another: they were not sent while others arrived`);
}
