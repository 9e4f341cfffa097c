// Somebody at a tab: finds things by role and accessible name, as a screen reader does, and does what people do.

import { writeFile } from 'node:fs/promises';
import { FINDERS } from './finders.mjs';
import { textOf } from './native.mjs';
import { LINK_MS, VIEW_MS, until, within } from './wait.mjs';

const LINES_KEPT = 80;
/// A backtrace of the page's is long, and its first lines are about the panic itself.
const LINE_MAX = 3000;
/// A page that hangs is asked in vain.
const REPORT_MS = 3_000;
const BY_HAND = 'Make a link that needs no node in between, but a reply code';
const PRESSABLE = ['button', 'link', 'tab', 'menuitem'];

export class Person {
  /// Takes a fresh page and listens to it from its first moment.
  static async at(page, kind, name) {
    const person = new Person(page, kind, name);
    await page.evaluateOnNewDocument(recordViolations);
    page.on('console', (line) => person.#hear(line.type(), line.text()));
    page.on('pageerror', (error) => person.#hear('error', String(error)));
    page.on('request', (request) => person.#note(request.method(), request.url()));
    return person;
  }

  constructor(page, kind, name) {
    Object.assign(this, { page, name, label: `${name} in ${kind}`, console: [], requests: [] });
    this.finder = FINDERS[kind];
  }

  // Going places

  /// Opens an address; one that differs from the present one only in the fragment does not load the page anew.
  async open(address) {
    const [here, there] = [this.page.url(), address].map((url) => url.split('#')[0]);
    if (here === there && address.includes('#')) {
      await this.page.evaluate((hash) => void (location.hash = hash), `#${textOf(address)}`);
    } else {
      await this.page.goto(address);
    }
  }

  /// First visit: says a name and starts.
  async start(address) {
    await this.#introduceOneself(address);
    await this.find('navigation', 'Conversations');
  }

  /// First visit by an invite: says a name, starts and asks to join.
  async arrive(address) {
    await this.#introduceOneself(address);
    await this.press('Join', { inside: await this.find('dialog', 'Join') });
  }

  // Conversations

  /// Makes a conversation and stands in it.
  async create(kind, name) {
    await this.press('New conversation');
    const dialog = await this.find('dialog', 'New conversation');
    await this.press(kind, { role: 'radio', inside: dialog });
    await this.write('Conversation name', name, { inside: dialog });
    await this.press('Create', { inside: dialog });
    await this.isInConversation();
  }

  isInConversation(timeout = LINK_MS) {
    return this.find('textbox', 'Message', { timeout });
  }

  /// Shows the conversation whose entry in the list has `name` in it.
  async goTo(name) {
    const list = await this.find('navigation', 'Conversations');
    const entry = await until(`${this.label} to see “${name}” in the list`, async () => {
      for (const role of PRESSABLE) {
        for (const one of await this.all(role, undefined, list)) {
          if ((await spoken(one)).includes(name)) return one;
        }
      }
      return null;
    });
    await entry.click();
    await this.isInConversation();
  }

  /// Says something and sends it with the Enter key.
  async say(text) {
    const box = await this.find('textbox', 'Message');
    await box.click();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  /// Sends `count` messages as fast as the page takes them. Each names its author, its number and the last message that
  /// was on the screen: `[NAME 7] after [OTHER 3]`.
  async flood(count) {
    const box = await this.find('textbox', 'Message');
    const button = await this.find('button', 'Send');
    const log = await this.#log();
    await this.page.evaluate(flood, box, button, log, this.name, count);
  }

  /// What the log says, one text a message, in the order of display.
  async messages() {
    return (await this.#log()).evaluate(articleTexts);
  }

  /// Waits until a message with `text` is in the log, and gives all that the log says of it.
  sees(text, timeout = LINK_MS) {
    return until(
      `${this.label} to see “${text}”`,
      async () => (await this.messages()).find((one) => one.includes(text)),
      timeout,
    );
  }

  /// The rows of the list of participants.
  async participants() {
    if (!(await this.glance('list', 'Participants'))) await this.press('Participants');
    const list = await this.find('list', 'Participants');
    const rows = await list.$$('li, [role="listitem"]');
    return Promise.all(rows.map(spoken));
  }

  /// Waits until exactly these are in the conversation.
  async meets(...names) {
    return until(
      `${this.label} to be with ${names.join(', ')}`,
      async () => {
        const rows = await this.participants();
        return rows.length === names.length && names.every((name) => rows.some((row) => row.includes(name))) && rows;
      },
      LINK_MS,
    );
  }

  async leave() {
    if (!(await this.glance('button', 'Leave'))) await this.press('Participants');
    await this.press('Leave');
    await this.press('Leave', { inside: await this.find('dialog', 'Leave conversation?') });
  }

  // Invites

  /// A link that invites to what is on the screen.
  async invite({ withoutAsking = false } = {}) {
    const dialog = await this.#inviteDialog(withoutAsking);
    const link = await this.#link(dialog);
    await this.escape();
    return link;
  }

  /// A link that carries an offer. The dialog stays open for the reply code.
  async inviteByHand({ withoutAsking = false } = {}) {
    const dialog = await this.#inviteDialog(withoutAsking);
    await until(`${this.label} to be offered a link by hand`, async () => {
      const choice = await this.glance('checkbox', BY_HAND, dialog);
      // Nobody to introduce us: there is no choice, and the link is by hand already.
      if (!choice) return true;
      if (!(await choice.evaluate((box) => box.checked))) await choice.click();
      return choice.evaluate((box) => box.checked);
    });
    return this.#link(dialog);
  }

  /// Enters the reply code that the other side showed.
  async connect(code) {
    const dialog = await this.find('dialog', 'Invite');
    await this.paste('Reply code', code, { inside: dialog });
    await this.press('Connect', { inside: dialog });
  }

  /// Follows an invite and asks to join.
  async join(address) {
    await this.open(address);
    await this.press('Join', { inside: await this.find('dialog', 'Join') });
  }

  /// Follows an invite that carries an offer, and gives the reply code.
  async joinByHand(address) {
    await this.join(address);
    return until(`${this.label} to be shown a reply code`, async () => {
      const box = await this.glance('textbox', 'Your reply code');
      return box && box.evaluate((field) => field.value);
    });
  }

  /// Lets somebody in who asks.
  async accept(name) {
    await this.press('Accept', { inside: await this.find('dialog', `Request from ${name}`, { timeout: LINK_MS }) });
    await this.isInConversation();
  }

  async refuse(name) {
    await this.press('Refuse', { inside: await this.find('dialog', `Request from ${name}`, { timeout: LINK_MS }) });
  }

  /// All that alerts, status lines and dialogs say.
  async told() {
    const places = await Promise.all(['alert', 'status', 'dialog', 'alertdialog'].map((role) => this.all(role)));
    return (await Promise.all(places.flat().map(spoken))).join('\n');
  }

  // Finding and pressing

  /// The visible elements with this role and, if given, exactly this name.
  async all(role, name, inside = this.page) {
    const found = await this.finder(role, name, inside);
    const visible = await Promise.all(found.map((one) => one.evaluate((element) => element.checkVisibility())));
    return found.filter((_, at) => visible[at]);
  }

  /// The first such element if there is one now.
  async glance(role, name, inside) {
    return (await this.all(role, name, inside))[0];
  }

  /// The first such element, once there is one.
  find(role, name, { inside, timeout = VIEW_MS } = {}) {
    return until(`${this.label} to find ${role} “${name}”`, () => this.glance(role, name, inside), timeout);
  }

  /// Presses what is called `name`, whatever kind of control it is.
  async press(name, { role, inside, timeout = VIEW_MS } = {}) {
    const roles = role ? [role] : PRESSABLE;
    const look = async () => {
      for (const one of roles) {
        const found = await this.glance(one, name, inside);
        if (found && !(await found.evaluate((element) => element.disabled))) return found;
      }
      return null;
    };
    const found = await until(`${this.label} to be able to press “${name}”`, look, timeout);
    await found.click();
  }

  /// Types into the textbox called `name`.
  async write(name, text, { inside } = {}) {
    const box = await this.find('textbox', name, { inside });
    await box.click({ count: 3 });
    await box.type(text);
  }

  /// Puts a long text into the textbox called `name`, as a paste does.
  async paste(name, text, { inside } = {}) {
    const box = await this.find('textbox', name, { inside });
    await box.evaluate(fill, text);
  }

  /// Takes away what was said, so that what is said next is not mistaken for it.
  async dismissAll() {
    await until(`${this.label} to have dismissed everything`, async () => {
      const button = await this.glance('button', 'Dismiss');
      if (button) await button.click();
      return !button;
    });
  }

  escape() {
    return this.page.keyboard.press('Escape');
  }

  // What failed tests and tests about the page itself want to know

  async violations() {
    return this.page.evaluate(() => globalThis.policyViolations ?? []);
  }

  async report(picture) {
    const text = within(
      'reading the page',
      this.page.evaluate(() => document.body.innerText.slice(-3000)),
      REPORT_MS,
    );
    const shot = within('the picture', this.page.screenshot(), REPORT_MS).then((shot) => writeFile(picture, shot));
    const [read, drawn] = await Promise.allSettled([text, shot]);
    return [
      `${this.label} at ${this.page.url()}, ${drawn.reason?.message ?? `picture ${picture}`}`,
      ...this.console,
      read.value ?? read.reason.message,
    ].join('\n    ');
  }

  async #introduceOneself(address) {
    await this.open(address);
    await this.find('heading', 'Tertulia');
    await this.write('Your name', this.name);
    await this.press('Start');
  }

  /// The log, looked for once: in a long conversation that takes its time.
  async #log() {
    const isThere = await this.log?.evaluate((log) => log.isConnected).catch(() => false);
    if (!isThere) this.log = await this.find('log', 'Messages');
    return this.log;
  }

  async #inviteDialog(withoutAsking) {
    await this.press('Invite');
    const dialog = await this.find('dialog', 'Invite');
    if (withoutAsking) {
      const before = await this.#link(dialog);
      await this.press('Let them in without asking', { role: 'checkbox', inside: dialog });
      await until(`${this.label} to be shown a link with a ticket`, async () => (await this.#link(dialog)) !== before);
    }
    return dialog;
  }

  async #link(dialog) {
    return until(`${this.label} to be shown an invite link`, async () => {
      const box = await this.glance('textbox', 'Invite link', dialog);
      const value = await box?.evaluate((field) => field.value);
      return value?.includes('#') && value;
    });
  }

  /// What is in the page's own address is no request to anybody.
  #note(method, url) {
    if (!/^(data|blob):/.test(url)) this.requests.push({ method, url });
  }

  #hear(kind, text) {
    this.console.push(`${kind}: ${text.slice(0, LINE_MAX)}`);
    if (this.console.length > LINES_KEPT) this.console.shift();
  }
}

/// The words of an element: its label, if it has one, and its text.
async function spoken(handle) {
  return handle.evaluate((element) => `${element.getAttribute('aria-label') ?? ''} ${element.textContent}`);
}

// What follows runs inside the page.

function recordViolations() {
  globalThis.policyViolations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    globalThis.policyViolations.push(
      `${event.violatedDirective}: ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`,
    );
  });
}

function articleTexts(log) {
  const label = (article) => {
    const ids = article.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const named = ids.map((id) => document.getElementById(id)?.textContent ?? '');
    return [article.getAttribute('aria-label') ?? '', ...named].join(' ');
  };
  return [...log.querySelectorAll('article, [role="article"]')].map((one) => `${label(one)} ${one.textContent}`);
}

function fill(box, text) {
  // The setter of the element's own class is what a framework's bookkeeping may have covered.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value').set.call(box, text);
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

async function flood(box, button, log, name, count) {
  const turn = () => new Promise((done) => setTimeout(done));
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value').set;
  for (let number = 1; number <= count; number += 1) {
    const articles = log.querySelectorAll('article, [role="article"]');
    const last = articles[articles.length - 1]?.textContent.match(/\[\w+ \d+\]/)?.[0] ?? 'nothing';
    setter.call(box, `[${name} ${number}] after ${last}`);
    box.dispatchEvent(new Event('input', { bubbles: true }));
    for (let tries = 0; tries < 500 && button.disabled; tries += 1) await turn();
    button.click();
    for (let tries = 0; tries < 500 && box.value !== ''; tries += 1) await turn();
    if (box.value !== '') throw new Error(`the page did not take message ${number}`);
  }
}
