// Chromium and Firefox as people have them: no preference or flag that changes how WebRTC behaves.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { Person } from './person.mjs';
import { within } from './wait.mjs';

const LAUNCH_MS = 30_000;
const CLOSE_MS = 4_000;
/// One question to a page; one that hangs never answers.
const ANSWER_MS = 30_000;
const DESK = { width: 1280, height: 800 };

const CHROMIUM_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
];
const LAUNCHES = {
  chromium: () => ({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_FLAGS }),
  firefox: () => ({ browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr' }),
};

/// Those that nobody uses at the moment. To start one takes seconds, so the behaviours of a file hand them on; the
/// profiles are new each time.
const idle = { chromium: [], firefox: [] };

export class Browser {
  /// A `chromium` or `firefox` of one's own until it is ended; in `folder` it finds what the last one there left.
  static async start(kind, folder) {
    const kept = folder ? undefined : idle[kind].pop();
    if (kept?.isAlive) return kept;
    const userDataDir = folder ?? mkdtempSync(join(tmpdir(), `${kind}-`));
    const times = { timeout: LAUNCH_MS, protocolTimeout: ANSWER_MS };
    const options = { ...LAUNCHES[kind](), ...times, headless: true, defaultViewport: DESK, userDataDir };
    return Object.assign(new Browser(kind, await puppeteer.launch(options)), { folder });
  }

  /// Ends those that were handed back.
  static async endIdle() {
    const kept = Object.values(idle).flatMap((browsers) => browsers.splice(0));
    await Promise.all(kept.map((browser) => browser.#close()));
  }

  constructor(kind, driver) {
    Object.assign(this, { kind, driver, profiles: [] });
  }

  get isAlive() {
    const { exitCode, signalCode } = this.driver.process();
    return exitCode === null && signalCode === null;
  }

  /// The profile that is kept in the browser's folder.
  get lasting() {
    return this.driver.defaultBrowserContext();
  }

  /// A profile of its own, which shares nothing with others but the process.
  async profile() {
    const profile = await this.driver.createBrowserContext();
    this.profiles.push(profile);
    return profile;
  }

  /// An empty tab for a person, in a profile of their own or in `profile`.
  async tab(name, profile) {
    const owner = profile ?? (await this.profile());
    return Person.at(await owner.newPage(), this.kind, name);
  }

  /// Ends it as a crash does.
  async kill() {
    if (!this.isAlive) return;
    const child = this.driver.process();
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  /// Forgets its profiles and hands it back, if it is well.
  async end() {
    if (!this.isAlive) return;
    if (this.folder) {
      await this.kill();
      return;
    }
    const profiles = this.profiles.splice(0);
    const forgotten = Promise.all(profiles.map((profile) => profile.close()));
    await within(`forgetting the profiles of ${this.kind}`, forgotten, CLOSE_MS).then(
      () => idle[this.kind].push(this),
      () => this.kill(),
    );
  }

  async #close() {
    await within(`closing ${this.kind}`, this.driver.close(), CLOSE_MS).catch(() => {});
    await this.kill();
  }
}
