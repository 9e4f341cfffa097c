// People find each other by words: in the network that they are in by the node that served the page.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, pause, until } from './harness/index.mjs';

/// A tab has its place in the ring, and a record has come to where it belongs.
const FILED_MS = 60_000;
/// A search, until it is known who is there.
const LOOK_MS = 3_000;
/// How long the page waits for whoever may type on.
const PAUSE_MS = 250;
const LOOKS = 20;
const FIND_PEOPLE_MS = 240_000;
const NOBODY = 'Nobody else is listed under these words.';
const WORDLESS = 'letters or digits are needed';
const PHONE = { width: 390, height: 800 };

behaviour(
  'tabs of two browsers find each other by a word and by its beginning, talk, and are found no longer',
  async (scene) => {
    const nora = await scene.node('Nora');
    const chromium = await scene.browser('chromium');
    const tina = await scene.tab(chromium, 'Tina');
    const tom = await scene.tab(chromium, 'Tom');
    const fritz = await scene.tab(await scene.browser('firefox'), 'Fritz');
    for (const tab of [tina, tom, fritz]) await tab.start(nora.page);
    await isListed(tina, 'Tina Lightweight', 'tina, lightweight');
    await isListed(tom, 'Tom — chess, GARDENING', 'tom, chess, gardening');
    const long = 'donaudampfschifffahrtsgesellscha';
    await isListed(fritz, `Fritz chess Élan ${long}ft`, `fritz, chess, elan, ${long}`);

    assert.match(await finds(tina, 'chess', 'Fritz', 'Tom'), /chess/);
    await finds(tina, 'gard', 'Tom');
    await finds(tom, 'élan', 'Fritz');
    await finds(tom, 'lihgtweight', 'Tina');
    await finds(fritz, 'tina', 'Tina');
    await finds(fritz, 'che', 'Tom');
    await finds(tom, 'donaudampf', 'Fritz');
    await hasButtonsOnAPhone(tom);
    await seek(tom, '!!!');
    await until('Tom to be told', async () => (await tom.told()).includes(WORDLESS));
    assert.deepEqual(await rows(tom), []);

    assert.deepEqual(await rows(tina), ['Tom'], 'what was found stays where it was looked for');
    await tina.press('Message', { inside: await tina.find('list', 'Found') });
    await tom.accept('Tina');
    await Promise.all([tina.isInConversation(), tom.isInConversation()]);
    await tina.say('Do you play tonight?');
    await tom.sees('Do you play tonight?');
    await tom.say('I do.');
    await tina.sees('I do.');

    await isChosen(fritz, 'lightw', 'Tina');
    await tina.accept('Fritz');
    await fritz.isInConversation();
    await fritz.say('A word with you?');
    await tina.sees('A word with you?');

    await fritz.press('Settings');
    await fritz.press('Take me out');
    await fritz.find('button', 'List me');
    await finds(tom, 'elan');
    await finds(tina, 'chess', 'Tom');
  },
  FIND_PEOPLE_MS,
);

behaviour('whoever searches before there is a link waits for the node that served the page', async (scene) => {
  const nora = await scene.node('Nora');
  await nora.call('publish', { words: 'Nora' });
  const tina = await scene.tab(await scene.browser('chromium'), 'Tina');
  await tina.open(nora.page);
  await tina.find('heading', 'Tertulia');
  nora.child.kill('SIGSTOP');
  await tina.start(`${nora.page}#`);
  assert.equal(await tina.page.evaluate(() => document.activeElement.textContent), 'Welcome, Tina');
  await seek(tina, 'nora');
  await until('Tina to be told', async () => (await tina.told()).includes('Connecting to the network.'));
  nora.child.kill('SIGCONT');
  await until('Tina to find Nora', async () => (await rows(tina)).includes('Nora'), FILED_MS);
});

behaviour('whoever is in no network is told, is found once there is one, and stays listed', async (scene) => {
  const site = await scene.staticSite();
  const browser = await scene.browser('chromium');
  const home = await browser.profile();
  const tina = await scene.tab(browser, 'Tina', home);
  await tina.start(site.page);
  await tina.press('Network');
  await until('Tina to be told', () => says(tina, 'Not in the network'));
  await isListed(tina, 'Tina', 'tina');
  await thinksBetter(tina, 'nora');
  await seek(tina, 'nora');
  await until('Tina to be told', async () => (await tina.told()).includes('Not connected to the network yet'));

  const nora = await scene.node('Nora');
  await nora.call('publish', { words: 'Nora' });
  await Promise.all([nora.admit(), tina.join(`${site.page}#${nora.ready.invite}`)]);
  await tina.isInConversation();
  await tina.say('/search nora');
  await tina.find('region', 'People');
  await until('Tina to find Nora', async () => (await rows(tina)).includes('Nora'), FILED_MS);
  await until('Nora to be there', async () => (await spoken(tina)).includes('online'));
  await tina.press('Network');
  await until('Tina to be told', () => says(tina, 'In the network: 1 neighbour'));
  await until('Nora to find Tina', async () => (await nora.call('search', { words: 'tin' })).length === 1, FILED_MS);

  await tina.page.reload();
  await tina.find('navigation', 'Conversations');
  await tina.press('Settings');
  await tina.find('button', 'Take me out');
});

/// Says what to be found by, and waits until it is listed.
async function isListed(tab, words, listed) {
  await tab.press('Settings');
  const box = await tab.find('textbox', 'Words to be found by');
  assert.equal(await box.evaluate((field) => field.value), tab.name, 'nothing but the name is proposed');
  assert.ok(await says(tab, 'You are not listed.'), 'nobody is listed unasked');
  await tab.write('Words to be found by', '!!!');
  await until('to be told', async () => (await tab.told()).includes(WORDLESS));
  await tab.write('Words to be found by', words);
  await tab.press('List me');
  await tab.find('button', 'Take me out');
  assert.ok((await tab.told()).includes(`You are listed under: ${listed}.`));
  assert.equal(await box.evaluate((field) => field.value), listed.replaceAll(',', ''), 'what is left out is seen');
}

async function seek(tab, words) {
  await tab.press('People');
  const box = await tab.find('searchbox', 'Search people');
  await box.click({ count: 3 });
  await box.type(words);
}

/// Waits until exactly these are found, all of them there, and gives what is said of them.
async function finds(tab, words, ...names) {
  await seek(tab, words);
  const isThere = async () => {
    const [found, told] = [await rows(tab), await tab.told()];
    if (names.length === 0) return told.includes(NOBODY) && found.length === 0;
    const said = await spoken(tab);
    return found.sort().join() === names.join() && said.split('online').length > names.length && said;
  };
  return until(
    `${tab.label} to find ${names.join(', ') || 'nobody'} by “${words}”`,
    async () => {
      // Records take their time to where they belong, and to know who is there takes its own; Enter looks once more.
      for (let looks = 0; looks < LOOKS; looks += 1) {
        const said = await isThere();
        if (said) return said;
        await pause(LOOK_MS / LOOKS);
      }
      await tab.page.keyboard.press('Enter');
      throw new Error(`found: ${await rows(tab)}; told: ${await tab.told()}`);
    },
    FILED_MS,
  );
}

/// Whoever was found has a long word, and buttons all the same: what is pressed most comes first.
async function hasButtonsOnAPhone(tab) {
  const before = tab.page.viewport();
  await tab.page.setViewport(PHONE);
  const buttons = await (await tab.find('list', 'Found')).$$eval('button', (buttons) =>
    buttons.map((button) => [button.textContent, button.getBoundingClientRect().right]),
  );
  await tab.page.setViewport(before);
  assert.deepEqual(buttons.map(([name]) => name), ['Message', 'Block']);
  assert.ok(buttons.every(([, end]) => end <= PHONE.width), `they end at ${buttons}`);
}

/// Begins a conversation with somebody who is found there.
async function isChosen(tab, words, name) {
  await tab.press('New conversation');
  const dialog = await tab.find('dialog', 'New conversation');
  await tab.press('Private', { role: 'radio', inside: dialog });
  const box = await tab.find('searchbox', 'Search people', { inside: dialog });
  await box.type(words);
  const one = await until(
    `${tab.label} to find ${name} there`,
    async () => {
      const list = await tab.find('list', 'People', { inside: dialog });
      for (const row of await list.$$('button')) {
        if ((await row.evaluate((one) => one.textContent)).includes(name)) return row;
      }
      return null;
    },
    LINK_MS,
  );
  await one.click();
  await tab.press('Create', { inside: dialog });
}

/// Closes the dialog before it has begun to look for what is typed there: the page goes on.
async function thinksBetter(tab, words) {
  await tab.press('New conversation');
  const dialog = await tab.find('dialog', 'New conversation');
  await (await tab.find('searchbox', 'Search people', { inside: dialog })).type(words);
  await tab.escape();
  await pause(PAUSE_MS * 2);
  assert.deepEqual(tab.console.filter((line) => line.includes('panicked')), []);
}

/// The names of those who were found.
async function rows(tab) {
  const list = await tab.glance('list', 'Found');
  return list ? list.evaluate((list) => [...list.querySelectorAll('.person-name')].map((name) => name.textContent)) : [];
}

async function spoken(tab) {
  return (await tab.find('list', 'Found')).evaluate((list) => list.textContent);
}

function says(tab, words) {
  return tab.page.evaluate((words) => document.querySelector('main').textContent.includes(words), words);
}
