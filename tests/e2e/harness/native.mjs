// A native node, driven over its standard input and output as AUTOMATION says.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { LINK_MS, VIEW_MS, pause, until, within } from './wait.mjs';

const PROJECT = resolve(import.meta.dirname, '../../..');
const BINARY = process.env.TERTULIA_BIN ?? join(PROJECT, 'target/release/tertulia');
const START_MS = 10_000;
const LINES_KEPT = 60;
/// As many messages as a node gives at once.
const PAGE = 1000;

/// What a call was refused with: `code`, `message` and `data` of the JSON-RPC error.
export class Refused extends Error {
  constructor(method, { code, message, data }) {
    super(`${method}: ${message} (${code}) ${JSON.stringify(data ?? {})}`);
    Object.assign(this, { code, data });
  }
}

export class NativeNode {
  /// Starts a node called `name`. `http: false` serves no page; `mdns: true` lets it find and be found by all the others in this
  /// network; `host` is another host to run on.
  static async start(name, { http = true, mdns = false, flags = [], host } = {}) {
    const data = mkdtempSync(join(tmpdir(), 'node-'));
    const page = http ? ['--http', '127.0.0.1:0'] : ['--no-http'];
    const alone = mdns ? [] : ['--no-mdns'];
    const line = [...(host?.prefix ?? []), BINARY, '--json', '--data', data, '--name', name, ...page, ...alone, ...flags];
    const node = new NativeNode(name, line);
    await node.restart();
    return node;
  }

  constructor(name, line) {
    Object.assign(this, { name, line, notices: [], history: [], errors: [], lastCall: 0 });
  }

  /// Starts it, for the first time or, after its end, again with what it has kept.
  async restart() {
    this.#live(spawn(this.line[0], this.line.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] }));
    const { params } = await this.heard('ready', () => true, START_MS).catch((error) => {
      throw new Error(`${error.message}\n  ${this.report()}`);
    });
    this.ready = params;
  }

  #live(child) {
    Object.assign(this, { child, calls: new Map(), gone: undefined });
    this.ended = once(child, 'exit').catch((error) =>
      this.errors.push(`${error.message}: has \`cargo xtask build\` been run?`),
    );
    child.stdin.on('error', () => {}); // The exit says it better.
    createInterface({ input: child.stdout }).on('line', (text) => this.#take(text));
    createInterface({ input: child.stderr }).on('line', (text) => keep(this.errors, text));
    this.ended.then(() => child === this.child && this.#fail(`${this.name} ended (${child.exitCode ?? child.signalCode})`));
  }

  /// Where its page is, without a fragment.
  get page() {
    const { http } = this.ready;
    return new URL('/', http.includes('://') ? http : `http://${http}`).href;
  }

  /// Calls a method and gives its result; a refusal is thrown as `Refused`.
  call(method, params = {}, timeout = VIEW_MS) {
    const id = (this.lastCall += 1);
    const answer = new Promise((settle, fail) => this.calls.set(id, { method, settle, fail }));
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return within(`${this.name}: ${method}`, answer, timeout).finally(() => this.calls.delete(id));
  }

  /// The next notification of this kind that fits; each is heard once.
  async heard(method, fits = () => true, timeout = LINK_MS) {
    const look = () => {
      const at = this.notices.findIndex((notice) => notice.method === method && fits(notice.params));
      return at >= 0 ? this.notices.splice(at, 1)[0] : this.gone && { gone: this.gone };
    };
    const notice = await until(`${this.name} to notify of ${method}`, look, timeout);
    if (notice.gone) throw new Error(`${notice.gone} before it notified of ${method}`);
    return notice;
  }

  /// Answers the next request, and gives the conversation that comes of it and who asked.
  async admit({ from = () => true, into, answer = 'yes' } = {}) {
    const { params: asked } = await this.heard('request', (params) => from(params.from));
    const { conversation } = await this.call('answer', { request: asked.request, answer, ...(into && { into }) });
    return { conversation, from: asked.from };
  }

  /// Opens an invite and waits for the answer.
  async enter(invite, params = {}) {
    const { request } = await this.call('open', { invite: textOf(invite), ...params });
    const { params: answered } = await this.heard('answered', (params) => params.request === request);
    return answered;
  }

  send(conversation, text) {
    return this.call('send', { conversation, text });
  }

  /// All texts, a page at a time.
  async texts(conversation) {
    const texts = [];
    for (let before; ; ) {
      const page = await this.call('messages', { conversation, limit: PAGE, ...(before && { before }) });
      texts.unshift(...page.map(({ text }) => text));
      if (page.length < PAGE) return texts;
      before = page[0].id;
    }
  }

  /// Waits until `text` is among the messages.
  receives(conversation, text, timeout = LINK_MS) {
    return until(
      `${this.name} to have “${text}”`,
      async () => (await this.texts(conversation)).includes(text),
      timeout,
    );
  }

  /// Ends it as a crash does.
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /// Ends it politely if it listens, else not.
  async end() {
    this.child.kill('SIGTERM');
    await Promise.race([this.ended, pause(2000)]);
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /// What it saw, for a failed test.
  report() {
    return [`node ${this.name}${this.gone ? `: ${this.gone}` : ''}`, ...this.errors, ...this.history].join('\n    ');
  }

  #take(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      keep(this.errors, `not JSON on standard output: ${text}`);
      return;
    }
    keep(this.history, text.slice(0, 300));
    const waiting = this.calls.get(message.id);
    if (message.method) {
      this.notices.push(message);
      this.onNotice?.(message);
    } else if (message.error) {
      waiting?.fail(new Refused(waiting.method, message.error));
    } else {
      waiting?.settle(message.result);
    }
  }

  #fail(why) {
    this.gone = why;
    for (const { fail } of this.calls.values()) fail(new Error(why));
  }
}

/// The invite in a link, or the invite itself.
export function textOf(invite) {
  return invite.split('#').at(-1);
}

function keep(lines, text) {
  lines.push(text);
  if (lines.length > LINES_KEPT) lines.shift();
}
