// One behaviour as a test: the cast is ended whatever happens, and a failure tells what each of them saw.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { after } from 'node:test';
import { Browser } from './browser.mjs';
import { NativeNode } from './native.mjs';
import { StaticSite } from './static_site.mjs';
import { otherHost } from './network.mjs';
import { within } from './wait.mjs';

/// Where pictures go; ignored by git.
export const SHOTS = resolve(import.meta.dirname, '../shots');

const BEHAVIOUR_MS = 90_000;
/// A page that hangs must not keep the others from telling what they saw.
const REPORT_MS = 5_000;
/// Reports and goodbyes, after a behaviour that took too long.
const AFTERWARDS_MS = 30_000;

after(() => Browser.endIdle());

/// A test called `name`; `act` is handed the scene to cast from.
export function behaviour(name, act, timeout = BEHAVIOUR_MS) {
  // The runner abandons a test that is late; ours is told before, while its cast can still say what happened.
  test(name, { timeout: timeout + AFTERWARDS_MS }, async (context) => {
    const scene = new Scene();
    try {
      await within(`“${name}”`, act(scene, context), timeout);
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
  #isOver = false;

  async node(name, options) {
    return this.#add(await NativeNode.start(name, options));
  }

  /// A browser: `chromium` or `firefox`, with what the last one left in `folder`, if one is given.
  async browser(kind, folder) {
    return this.#add(await Browser.start(kind, folder));
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
      return within('the report', Promise.resolve(member.report?.(picture)), REPORT_MS).catch((error) => error.message);
    });
    return [`what everybody saw in “${name}”:`, ...(await Promise.all(reports)).filter(Boolean)].join('\n  ');
  }

  async end() {
    this.#isOver = true;
    // Together, so that it lasts no longer than its slowest member; what does not end dies with the namespace.
    const ends = this.#cast.map((member) => within('the end', Promise.resolve(member.end?.()), REPORT_MS));
    await Promise.allSettled(ends);
  }

  /// Whoever comes when all is over must not stay alone behind.
  async #add(member) {
    if (this.#isOver) {
      await member.end?.();
      throw new Error('the test is over');
    }
    this.#cast.push(member);
    return member;
  }
}
