// Fifty nodes dial one UDP port at once, and each is who it says it is.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, until } from './harness/index.mjs';

const DIALLERS = 50;

behaviour('fifty diallers on one port at once are told apart', async (scene) => {
  const hub = await scene.node('Hub', { http: false });
  const { invite } = await hub.call('invite', {});
  const names = Array.from({ length: DIALLERS }, (_, at) => `Dialler ${at + 1}`);
  const diallers = await Promise.all(names.map((name) => scene.node(name, { http: false })));

  const answers = Promise.all(names.map(() => hub.admit()));
  const entered = await Promise.all(diallers.map((dialler) => dialler.enter(invite, { type: 'private' })));
  const admitted = await answers;
  assert.ok(entered.every(({ answer }) => answer === 'yes'));
  assert.deepEqual(admitted.map(({ from }) => from.name).sort(), [...names].sort());
  for (const dialler of diallers) {
    const known = admitted.find(({ from }) => from.name === dialler.name);
    assert.equal(known.from.node, dialler.ready.node, `${dialler.name} is taken for the node that it is`);
  }

  await Promise.all(diallers.map((dialler, at) => dialler.send(entered[at].conversation, `I am ${dialler.name}.`)));
  await Promise.all(admitted.map(({ conversation, from }) => hub.receives(conversation, `I am ${from.name}.`)));
  for (const { conversation, from } of admitted)
    assert.deepEqual(await hub.texts(conversation), [`I am ${from.name}.`]);
  const peers = await until(
    'the hub to count its links',
    async () => {
      const rows = await hub.call('peers');
      return rows.length === DIALLERS && rows;
    },
    LINK_MS,
  );
  assert.equal(new Set(peers.map(({ node }) => node)).size, DIALLERS);
});
