// One behaviour as a test: the cast is ended whatever happens, and a failure tells what each of them saw.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import { Browser } from './browser.mjs';
import { NativeNode } from './native.mjs';
import { StaticSite } from './static_site.mjs';
import { otherHost } from './network.mjs';

/// Where pictures go; ignored by git.
export const SHOTS = resolve(import.meta.dirname, '../shots');

const BEHAVIOUR_MS = 90_000;

/// A test called `name`; `act` is handed the scene to cast from.
export function behaviour(name, act, timeout = BEHAVIOUR_MS) {
  test(name, { timeout }, async (context) => {
    const scene = new Scene();
    // The runner abandons a test that is late; its cast must end and tell all the same.
    const late = new Promise((_, fail) => {
      context.signal.addEventListener('abort', () => fail(new Error('the test took too long')));
    });
    try {
      await Promise.race([act(scene, context), late]);
    } catch (error) {
      console.error(await scene.report(name));
      throw error;
    } finally {
      await scene.end();
    }
  });
}

/// Who takes part in a test.
export class Scene {
  #cast = [];

  async node(name, options) {
    return this.#add(await NativeNode.start(name, options));
  }

  /// A browser: `chromium` or `firefox`.
  async browser(kind) {
    return this.#add(await Browser.start(kind));
  }

  /// A tab in a browser, in a profile of its own unless one is given.
  async tab(browser, name, profile) {
    return this.#add(await browser.tab(name, profile));
  }

  async staticSite() {
    return this.#add(await StaticSite.start());
  }

  async otherHost() {
    return this.#add(await otherHost());
  }

  async report(name) {
    const folder = join(SHOTS, 'failed');
    mkdirSync(folder, { recursive: true });
    const reports = this.#cast.map((member, at) => {
      const picture = join(folder, `${name}-${at}.png`.replaceAll(/[^\w.-]+/g, '-'));
      return Promise.resolve(member.report?.(picture)).catch((error) => error.message);
    });
    return [`what everybody saw in “${name}”:`, ...(await Promise.all(reports)).filter(Boolean)].join('\n  ');
  }

  async end() {
    for (const member of this.#cast.reverse()) await member.end?.();
  }

  #add(member) {
    this.#cast.push(member);
    return member;
  }
}
