// What keeping costs: `cargo xtask bench history [--json] [--messages N]`.
//
// One native node, alone in a conversation, on the disk that the temporary directory is on. A program says many things
// without waiting for answers, then some one after another; each answer means that the message is durable. Words are looked for in
// all of them. Then the node is killed and started again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MESSAGES = 100_000;
const ONE_BY_ONE = 500;
/// Calls that wait for their answer at once: more than the node takes at once, and no more than fit its memory.
const WAITING_MAX = 2_000;
const TEXT = 'as long as people write to each other in a chat, on a day like any other: number';

const at = process.argv.indexOf('--messages');
const count = at < 0 ? MESSAGES : Number(process.argv[at + 1]);
if (!Number.isInteger(count) || count < 1) throw new Error('--messages needs a number of at least 1; nothing was run');

const data = mkdtempSync(join(tmpdir(), 'history-'));
try {
  const results = await measure();
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ bench: 'history', messages: count, ...results }));
  } else {
    for (const [name, value] of Object.entries(results)) console.log(name.replaceAll('_', ' ').padEnd(44), value);
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function measure() {
  const node = await start();
  const { conversation } = await node.call('create', { type: 'public' });
  const say = (number) => node.call('send', { conversation, text: `${TEXT} ${number}` });
  const burst = await rate(count, async () => {
    for (let first = 0; first < count; first += WAITING_MAX) {
      const batch = Array.from({ length: Math.min(WAITING_MAX, count - first) }, (_, n) => say(first + n));
      await Promise.all(batch);
    }
  });
  const single = await rate(ONE_BY_ONE, async () => {
    for (let number = 0; number < ONE_BY_ONE; number += 1) await say(number);
  });
  const find = {};
  for (const [name, words] of [['of_none', 'nobody ever said this'], ['of_one', `"${Math.floor(count / 7)}"`], ['of_all', 'peo chat']]) {
    const began = performance.now();
    await node.call('find', { words });
    find[`find_words_${name}_ms`] = Math.round(performance.now() - began);
  }
  const memory = node.megabytes();
  await node.kill();
  const again = await start();
  const last = await again.call('messages', { conversation, limit: 1 });
  if (!last[0]?.text.endsWith(` ${ONE_BY_ONE - 1}`)) throw new Error(`the last message is lost: ${JSON.stringify(last)}`);
  const results = {
    in_bursts_per_second: burst,
    one_by_one_per_second: single,
    ...find,
    memory_mb: memory,
    file_mb: Math.round(statSync(join(data, 'records.redb')).size / 1e6),
    restart_after_kill_ms: again.started,
    memory_after_restart_mb: again.megabytes(),
  };
  await again.kill();
  return results;
}

async function rate(messages, act) {
  const began = performance.now();
  await act();
  return Math.round((messages * 1000) / (performance.now() - began));
}

async function start() {
  const began = performance.now();
  const line = ['--json', '--data', data, '--name', 'Node', '--no-http', '--udp', '127.0.0.1:0', '--no-mdns'];
  const child = spawn(process.env.TERTULIA_BIN, line, { stdio: ['pipe', 'pipe', 'inherit'] });
  const calls = new Map();
  const ready = new Promise((settle, fail) => {
    calls.set('ready', settle);
    child.on('exit', (code) => fail(new Error(`the node ended (${code})`)));
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const { id, method, result, error } = JSON.parse(text);
    if (error) throw new Error(text);
    const key = id ?? method;
    calls.get(key)?.(result);
    calls.delete(key);
  });
  let last = 0;
  const call = (method, params) =>
    new Promise((settle) => {
      last += 1;
      calls.set(last, settle);
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: last, method, params })}\n`);
    });
  await ready;
  return {
    call,
    started: Math.round(performance.now() - began),
    megabytes: () => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
