// Two tabs with nothing in common but two people who can pass a link and a code.

import assert from 'node:assert/strict';
import { behaviour } from './harness/index.mjs';

const PAIRS = [
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
  ['chromium', 'chromium'],
];

behaviour('two tabs meet by hand, whichever browser invites', async (scene) => {
  const site = await scene.staticSite();
  const [chromium, firefox] = await Promise.all([scene.browser('chromium'), scene.browser('firefox')]);
  const browsers = { chromium, firefox };
  for (const [inviting, invited] of PAIRS) {
    const ines = await scene.tab(browsers[inviting], 'Ines');
    const jan = await scene.tab(browsers[invited], 'Jan');
    await ines.start(site.page);
    await jan.start(site.page);
    await ines.create('Public', 'By hand');
    const code = await jan.joinByHand(await ines.inviteByHand({ withoutAsking: true }));
    await ines.connect(code);
    await jan.isInConversation();
    await ines.escape();
    await ines.say(`From ${inviting}`);
    await jan.sees(`From ${inviting}`);
    await jan.say(`From ${invited}`);
    await ines.sees(`From ${invited}`);
    await Promise.all([ines.page.close(), jan.page.close()]);
  }
  assert.deepEqual(site.misses, []);
});
