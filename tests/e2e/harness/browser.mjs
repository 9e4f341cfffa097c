// Chromium and Firefox as people have them: no preference or flag that changes how WebRTC behaves.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { Person } from './person.mjs';
import { within } from './wait.mjs';

const LAUNCH_MS = 30_000;
const CLOSE_MS = 5_000;
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

export class Browser {
  /// Starts `chromium` or `firefox`.
  static async start(kind) {
    const userDataDir = mkdtempSync(join(tmpdir(), `${kind}-`));
    const options = { ...LAUNCHES[kind](), headless: true, timeout: LAUNCH_MS, defaultViewport: DESK, userDataDir };
    return new Browser(kind, await puppeteer.launch(options));
  }

  constructor(kind, driver) {
    Object.assign(this, { kind, driver, profiles: [] });
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
    const child = this.driver.process();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  async end() {
    await within(`closing ${this.kind}`, this.driver.close(), CLOSE_MS).catch(() => {});
    await this.kill();
  }
}
