// Native nodes as one network: how they come in by one invite, and what their ring must look like.

import { pause, until } from './wait.mjs';

/// The leaf set's half: crates/proto/src/overlay/ring.rs.
const SIDE = 8;
/// How many come in at once: as many as a machine of two cores makes handshakes for without keeping the others waiting.
const AT_ONCE = 3;
/// A newcomer of a busy machine: a dial, and an introduction to each of sixteen neighbours.
export const ENTRY_MS = 60_000;

/// No one of these is the beginning of another or a typing error away from it.
export const NAMES = [
  'Adela', 'Bruno', 'Carmen', 'Dimitri', 'Eloisa', 'Fabian', 'Gertrud', 'Hassan', 'Ingrid', 'Joaquin',
  'Katarzyna', 'Lorenzo', 'Mireille', 'Nikolai', 'Ottilie', 'Pascual', 'Quirin', 'Rosalind', 'Sebastian', 'Tamara',
  'Ulrich', 'Valentina', 'Wenceslas', 'Xiomara', 'Yevgenia', 'Zacharias', 'Beatriz', 'Cornelius', 'Dorothea', 'Edmund',
]; // prettier-ignore

/// Starts a node for each name with `start` and lets all but the first follow the first one's invite.
export async function network(names, start) {
  const first = await start(names[0]);
  const nodes = [first];
  const { invite } = first.ready;
  for (let at = 1; at < names.length; at += AT_ONCE) {
    const batch = await Promise.all(names.slice(at, at + AT_ONCE).map((name) => start(name)));
    await Promise.all(batch.map((node) => enter(node, invite)));
    nodes.push(...batch);
  }
  return nodes;
}

/// Follows an invite and waits until the node has a place in the ring.
export async function enter(node, invite) {
  await node.call('open', { invite });
  await until(`${node.name} to be in the ring`, async () => (await node.call('network')).in, ENTRY_MS);
}

/// Lists a node under its name, and gives how long it took until the node itself was told.
export function publish(node) {
  return node.call('publish', { words: node.name });
}

/// Waits until each of these nodes has the leaf set that it must have in a ring of `ids`.
export async function closes(nodes, ids, timeout) {
  await until(
    `a ring of ${ids.length}`,
    async () => {
      const wrong = [];
      for (const node of nodes) {
        const { neighbours } = await node.call('network');
        const [lacks, exceeds] = difference(leafSet(node.ready.node, ids), neighbours);
        const named = (some) => some.map((id) => id.slice(0, 8)).join(' ') || 'nobody';
        if (lacks.length + exceeds.length > 0) {
          wrong.push(`${node.name} (${node.ready.node.slice(0, 8)}) lacks ${named(lacks)} and has besides ${named(exceeds)}`);
        }
      }
      if (wrong.length === 0) return true;
      await pause(500);
      throw new Error(`${wrong.length} of ${nodes.length} have other neighbours: ${wrong.slice(0, 6).join('; ')}`);
    },
    timeout,
  );
}

/// Has `seeker` look for `name`, and gives the milliseconds that it took, or throws what was found in its place.
export async function seek(seeker, name, user, presence = 'online') {
  const begun = performance.now();
  const found = await seeker.call('search', { words: name }, ENTRY_MS);
  const time = performance.now() - begun;
  const one = found.find((person) => person.user === user);
  if (!one) throw new Error(`${seeker.name} does not find ${name}, but ${JSON.stringify(found)}`);
  if (one.presence !== presence) throw new Error(`${seeker.name} finds ${name} ${one.presence}`);
  return time;
}

function leafSet(me, ids) {
  const ring = 1n << 128n;
  const place = (id) => BigInt(`0x${id}`);
  const ahead = (id) => (place(id) - place(me) + ring) % ring;
  const others = ids.filter((id) => id !== me).sort((a, b) => (ahead(a) < ahead(b) ? -1 : 1));
  return [...new Set([...others.slice(0, SIDE), ...others.slice(-SIDE)])];
}

function difference(wanted, had) {
  return [wanted.filter((id) => !had.includes(id)), had.filter((id) => !wanted.includes(id))];
}
