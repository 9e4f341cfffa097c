// Histories out of a browser as a file, and into another.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { behaviour, until } from './harness/index.mjs';

/// Lets a browser save files in a folder of its own.
async function downloads(person) {
  const folder = await mkdtemp(join(tmpdir(), 'tertulia-'));
  const session = await person.page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', {
    behavior: 'allow',
    browserContextId: person.page.browserContext().id,
    downloadPath: folder,
  });
  return folder;
}

async function settings(person) {
  await person.press('Settings');
  return person.find('region', 'Settings');
}

async function choose(person, path) {
  const inside = await settings(person);
  const [chooser] = await Promise.all([person.page.waitForFileChooser(), person.press('Import', { inside })]);
  await chooser.accept([path]);
}

const tells = (person, words) => until(`${person.label} to be told “${words}”`, async () => (await person.told()).includes(words));

behaviour('what was said goes into a file, and from that into another browser', async (scene) => {
  const nora = await scene.node('Nora');
  const tina = await scene.tab(await scene.browser('chromium'), 'Tina');
  const folder = await downloads(tina);
  try {
    await tina.start(nora.page);
    await tina.create('Public', 'Salon');
    for (const text of ['The first thing.', 'Another: “quoted”, 茶, and\u202e what turns around.']) {
      await tina.say(text);
      await tina.sees(text.slice(0, 9));
    }
    await tina.press('Export', { inside: await settings(tina) });
    await tells(tina, 'Exported. Conversations: 1; entries: 3.');
    const path = join(folder, 'tertulia.jsonl');
    await until('the file to be there', async () => (await readdir(folder)).includes('tertulia.jsonl'));
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.map((line) => line.kind), ['history', 'conversation', 'create', 'message', 'message', 'end']);
    assert.equal(lines[3].text, 'The first thing.');
    assert.deepEqual(await tina.violations(), []);

    await writeFile(join(folder, 'damaged.jsonl'), `${await readFile(path, 'utf8')}{"kind":"message","signed":"AAAA"}\n`);
    const otto = await scene.tab(await scene.browser('chromium'), 'Otto');
    await otto.start(nora.page);
    await choose(otto, join(folder, 'damaged.jsonl'));
    await tells(otto, 'New conversations: 1; entries taken in: 3, here before: 0, not taken: 1.');
    await tells(otto, 'line unreadable (1)');
    await otto.dismissAll();
    await choose(otto, path);
    await tells(otto, 'New conversations: 0; entries taken in: 0, here before: 3, not taken: 0.');
    const list = await otto.find('navigation', 'Conversations');
    await until('the conversation to be listed', async () => (await list.$$('button')).length === 1);
    await (await list.$('button')).click();
    await otto.sees('The first thing.');
    assert.equal(await otto.glance('textbox', 'Message'), undefined, 'it is history');
  } finally {
    await rm(folder, { recursive: true });
  }
});
