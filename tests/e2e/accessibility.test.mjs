// The main views hold no serious barrier, in light and in dark; pictures of them are left for people to look at.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SHOTS, behaviour, textOf } from './harness/index.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SERIOUS = ['serious', 'critical'];
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SCHEMES = ['light', 'dark'];

behaviour('the main views have no serious barrier in light and dark, on a desk and on a phone', async (scene) => {
  const nora = await scene.node('Nora');
  const browser = await scene.browser('chromium');
  const tina = await scene.tab(browser, 'Tina');
  const found = [];
  const look = async (view) => found.push(...(await inspect(tina, view)));

  await tina.open(nora.page);
  await tina.find('textbox', 'Your name');
  await look('first-visit');
  await tina.start(nora.page);
  await look('empty');

  const { invite } = await nora.call('invite', {});
  await tina.open(`${nora.page}#${invite}`);
  const join = await tina.find('dialog', 'Join');
  await look('join');
  const [{ conversation }] = await Promise.all([nora.admit(), tina.press('Join', { inside: join })]);
  await tina.isInConversation();
  await nora.send(conversation, 'Good evening! Did you find the place?');
  await nora.send(conversation, 'We are by the window.');
  await tina.sees('by the window');
  await tina.say('On my way, ten minutes.');
  await tina.sees('delivered to 1 of 1');
  await tina.participants();
  await look('participants');
  await tina.press('Close participants');
  await look('conversation');
  for (const place of ['People', 'Network', 'Settings']) {
    await tina.press(place);
    await tina.find('region', place);
    await look(place.toLowerCase());
  }
  await tina.goTo('Nora');

  await tina.press('New conversation');
  await tina.find('dialog', 'New conversation');
  await look('new-conversation');
  await tina.escape();
  await tina.create('Public', 'Salon');
  await tina.press('Invite');
  await tina.find('img', 'QR code', { inside: await tina.find('dialog', 'Invite') });
  await look('invite');
  await tina.escape();

  const otto = await scene.node('Otto', { http: false });
  const link = await tina.invite();
  const { request } = await otto.call('open', { invite: textOf(link) });
  assert.ok(request);
  await tina.find('dialog', 'Request from Otto');
  await look('request');

  assert.deepEqual(found, []);
});

/// What axe finds serious in the view as it stands, for each scheme and size; leaves a picture of each.
async function inspect({ page }, view) {
  mkdirSync(SHOTS, { recursive: true });
  const found = [];
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewport(viewport);
      await page.screenshot({ path: join(SHOTS, `${view}-${scheme}-${size}.png`) });
      found.push(...(await violations(page)).map((one) => `${view}, ${scheme}, ${size}: ${one}`));
    }
  }
  await page.setViewport(SIZES.desk);
  return found;
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => SERIOUS.includes(impact))
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help} (${nodes
          .map(({ target }) => target.join(' '))
          .slice(0, 3)
          .join(', ')})`,
    );
}
