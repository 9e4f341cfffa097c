// Eight talk for a while: three Chromium tabs, a Firefox tab and four native nodes, one of them on another host. The
// coordinator is killed three times, and the host's network is cut for half a minute. In the end all have the same list
// and the same history, and nothing is lost that was shown as sent.
//
// TERTULIA_E2E_TALK_S says how many seconds they talk; the whole is meant to be run with 300 now and then.

import assert from 'node:assert/strict';
import { behaviour, pause, until } from './harness/index.mjs';

const TALK_MS = Number(process.env.TERTULIA_E2E_TALK_S ?? 50) * 1000;
const CUT_MS = 30_000;
/// A person types; a program is as fast as a quick person.
const PAUSE_MS = 700;
const DOWN_MS = 4_000;
const AGREE_MS = 60_000;
const TABS = [
  ['chromium', 'Carla'],
  ['chromium', 'Cleo'],
  ['chromium', 'Cora'],
  ['firefox', 'Felix'],
];

behaviour('eight talk on while coordinators die and a network is cut', talk, TALK_MS + 150_000);

async function talk(scene) {
  const far = await scene.otherHost();
  const site = await scene.staticSite();
  const nodes = await Promise.all(['Nora', 'Otto', 'Olga'].map((name) => scene.node(name, { http: false })));
  nodes.push(await scene.node('Hal', { http: false, host: far }));
  const browsers = { chromium: await scene.browser('chromium'), firefox: await scene.browser('firefox') };
  const tabs = await Promise.all(
    TABS.map(async ([kind, name]) => {
      const tab = await scene.tab(browsers[kind], name);
      await tab.start(site.page);
      return tab;
    }),
  );
  const conversation = await gather(site.page, nodes, tabs);

  const sent = new Set();
  nodes.forEach((node) => noteSent(node, conversation, sent));
  const end = performance.now() + TALK_MS;
  const speaking = [
    ...nodes.map((node) => chatter(end, (number) => say(node, conversation, number))),
    ...tabs.map((tab) => chatter(end, (number) => tab.say(`[${tab.name} ${number}]`))),
  ];
  const counts = await Promise.all([...speaking, killCoordinators(nodes, conversation, end), cut(far)]);
  const spoken = counts.slice(0, speaking.length);
  assert.ok(spoken.every((count) => count > 5), `everybody talked: ${spoken}`);

  const [nora] = nodes;
  await agree(nodes, tabs, conversation);
  const history = await nora.texts(conversation);
  assert.equal(new Set(history).size, history.length, 'nothing is there twice');
  const lost = [...sent].filter((text) => !history.includes(text));
  assert.deepEqual(lost, [], 'nothing is lost that was shown as sent');
  for (const [at, { name }] of tabs.entries()) {
    for (let number = 1; number <= spoken[nodes.length + at]; number += 1) {
      assert.ok(history.includes(`[${name} ${number}]`), `${name}'s message ${number} is lost`);
    }
  }
  console.log(`${history.length} messages, ${sent.size} of them shown as sent by nodes, said by each: ${spoken}`);
}

/// Nora begins; everybody else comes in with a ticket of hers, one after another as people do.
async function gather(page, nodes, tabs) {
  const [nora, ...others] = nodes;
  const { conversation } = await nora.call('create', { type: 'public', name: 'Tertulia' });
  const { invite } = await nora.call('invite', { conversation, ticket: true });
  for (const node of others) assert.equal((await node.enter(invite)).answer, 'yes');
  for (const tab of tabs) {
    await tab.join(`${page}#${invite}`);
    await tab.isInConversation();
  }
  await until(
    'all eight to be linked',
    async () => {
      const lists = await Promise.all(nodes.map((node) => node.call('participants', { conversation })));
      return lists.every((list) => list.length === 8 && list.every(({ linked }) => linked));
    },
    AGREE_MS,
  );
  return conversation;
}

/// Remembers what a node shows as sent, by its text.
function noteSent(node, conversation, sent) {
  const texts = new Map();
  node.onNotice = ({ method, params }) => {
    if (params?.conversation !== conversation) return;
    if (method === 'message' && params.name === node.name) texts.set(params.id, params.text);
    if (method === 'state' && params.state !== 'queued' && texts.has(params.message)) sent.add(texts.get(params.message));
  };
}

/// Says numbered messages until `end`, and yields how many were taken.
async function chatter(end, speak) {
  let count = 0;
  while (performance.now() < end) {
    await speak(count + 1);
    count += 1;
    await pause(PAUSE_MS);
  }
  return count;
}

/// A node that is dead says it when it lives again.
async function say(node, conversation, number) {
  const text = `[${node.name} ${number}]`;
  await until(
    `${node.name} to say ${text}`,
    async () => {
      // It may have died after it took the words and before it could tell.
      if (!node.gone && (await node.texts(conversation)).includes(text)) return true;
      return node.send(conversation, text);
    },
    AGREE_MS,
  );
}

/// Kills the coordinator three times, and starts it again after a while.
async function killCoordinators(nodes, conversation, end) {
  const between = (end - performance.now()) / 3 - DOWN_MS;
  const killed = [];
  for (let turn = 0; turn < 3; turn += 1) {
    await pause(between / 2);
    const view = nodes.find((node) => !node.gone && node.name !== 'Hal');
    const list = await view.call('participants', { conversation });
    const { name } = list.find(({ coordinator }) => coordinator);
    const node = nodes.find((one) => one.name === name);
    assert.ok(node, `a node is the coordinator, not ${name}`);
    await node.kill();
    killed.push(name);
    await pause(DOWN_MS);
    await node.restart();
    await pause(between / 2);
  }
  return killed;
}

async function cut(far) {
  await pause(2_000);
  far.cut();
  await pause(CUT_MS);
  far.mend();
}

/// Waits until all have the same list and the same history.
async function agree(nodes, tabs, conversation) {
  await until(
    'all eight to agree',
    async () => {
      const lists = await Promise.all(
        nodes.map(async (node) => (await node.call('participants', { conversation })).map(({ name }) => name)),
      );
      const histories = await Promise.all(nodes.map((node) => node.texts(conversation)));
      const [[list], [history]] = [lists, histories];
      if (list.length !== 8) throw new Error(`Nora lists ${list}`);
      lists.forEach((other, at) => same(other, list, `${nodes[at].name}'s list`));
      histories.forEach((other, at) => same(other, history, `${nodes[at].name}'s history`));
      for (const tab of tabs) {
        const rows = (await tab.participants()).map((row) => firstOf(list, row));
        same(rows, list, `${tab.name}'s list`);
        const shown = (await tab.messages()).map((line) => /\[\w+ \d+\]/.exec(line)?.[0]);
        same(shown, history.slice(-Math.max(shown.length, 100)), `${tab.name}'s log`);
      }
      return true;
    },
    AGREE_MS,
  );
}

/// Which of these names a row begins with: further ones say who let somebody in.
function firstOf(names, row) {
  const found = names.filter((name) => row.includes(name));
  return found.sort((one, other) => row.indexOf(one) - row.indexOf(other))[0];
}

/// Whether two lists are the same, and where they part if not.
function same(one, other, what) {
  const at = other.findIndex((entry, place) => entry !== one[place]);
  if (at >= 0 || one.length !== other.length) {
    const part = (list) => list.slice(Math.max(at - 2, 0), at + 4).join(' ');
    throw new Error(`${what} has ${one.length} of ${other.length}, and parts at ${at}: ${part(one)} for ${part(other)}`);
  }
}
