// Native nodes on one local network, and no invite: found by mDNS, and found again by memory.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { OTHER_ADDRESS, behaviour, until } from './harness/index.mjs';

/// From the start of the last until they are linked: probing and announcing take two seconds, the rest is a busy machine's.
const FOUND_MS = 10_000;

behaviour('two hosts find each other without an invite, and one that comes back without mDNS by memory', async (scene) => {
  const far = await scene.otherHost();
  const nora = await scene.node('Nora', { http: false, mdns: true, host: far });
  const otto = await scene.node('Otto', { http: false, mdns: true });
  await areLinked(nora, otto);

  const tina = await scene.node('Tina', { http: false, mdns: true });
  await until('Tina to find both', async () => (await peersOf(tina)).length === 2, FOUND_MS);
  await tina.kill();
  await until('Tina to be missed', async () => !(await peersOf(nora)).includes('Tina'), FOUND_MS * 2);
  tina.line.push('--no-mdns');
  await tina.restart();
  await until('Tina to find both again', async () => (await peersOf(tina)).length === 2, FOUND_MS);

  const [{ address }] = (await nora.call('peers')).filter(({ name }) => name === 'Otto');
  assert.match(address, /^10\.77\.0\.2:|^\[fd77::2\]:/, 'over the wire');
});

behaviour('who listens on loopback is found there, and nothing of it is told elsewhere', async (scene) => {
  const far = await scene.otherHost();
  const heard = await listen(far);
  const loopback = { http: false, mdns: true, flags: ['--udp', '127.0.0.1:0'] };
  await areLinked(await scene.node('Otto', loopback), await scene.node('Tina', loopback));
  assert.equal(heard(), 0);
  await scene.node('Nora', { http: false, mdns: true });
  await until('the other host to hear of Nora', () => heard() > 0, FOUND_MS);
});

behaviour('who does not want it is neither found nor finds', async (scene) => {
  const far = await scene.otherHost();
  const nora = await scene.node('Nora', { http: false, mdns: true, host: far });
  const [otto, tina] = [
    await scene.node('Otto', { http: false }),
    await scene.node('Tina', { http: false, mdns: true }),
  ];
  await areLinked(nora, tina);
  assert.deepEqual(await peersOf(otto), []);
  assert.deepEqual(await peersOf(nora), ['Tina']);
});

/// Whom a node is linked to.
async function peersOf(node) {
  return (await node.call('peers')).map(({ name }) => name);
}

/// Waits until two are linked to each other.
function areLinked(one, other) {
  const isLinked = async () => (await peersOf(one)).includes(other.name) && (await peersOf(other)).includes(one.name);
  return until(`${one.name} and ${other.name} to find each other`, isLinked, FOUND_MS);
}

/// How many packets of our service a host has heard so far. What listens ends with the namespace.
async function listen(host) {
  const script = `
    const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('message', (packet) => packet.includes('_tertulia') && console.log('packet'));
    socket.bind(5353, () => socket.addMembership('224.0.0.251', '${OTHER_ADDRESS}') || console.log('ready'));`;
  const [command, ...args] = [...host.prefix, process.execPath, '-e', script];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // Nobody waits for it.
  child.unref();
  child.stdout.unref();
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  await until('the other host to listen', () => said.startsWith('ready'), FOUND_MS);
  return () => said.split('packet').length - 1;
}
