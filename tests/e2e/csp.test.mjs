// The page runs under a strict policy without a violation, asks nobody else for anything,
// and answers to its own name only.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { behaviour } from './harness/index.mjs';

for (const kind of ['chromium', 'firefox']) {
  behaviour(`the page keeps its content security policy in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const tab = await scene.tab(await scene.browser(kind), 'Tina');
    await tab.start(nora.page);
    const { invite } = await nora.call('invite', {});
    const [{ conversation }] = await Promise.all([nora.admit(), tab.join(`${nora.page}#${invite}`)]);
    await tab.isInConversation();
    // Text that would be a script, a style or a foreign picture if it were taken for markup.
    await nora.send(
      conversation,
      '<img src="http://192.0.2.1/x.png" onerror="alert(1)"><style>*{color:red}</style><script>alert(1)</script>',
    );
    await tab.sees('<img src=');
    await tab.create('Public', 'Round table');
    await tab.invite({ withoutAsking: true });
    await tab.participants();

    assert.deepEqual(await tab.violations(), []);
    const complaints = tab.console.filter((line) => /^error|content security policy/i.test(line));
    assert.deepEqual(complaints, []);
    const foreign = tab.requests.filter(
      ({ url }) => !/^(data|blob):/.test(url) && new URL(url).origin !== new URL(nora.page).origin,
    );
    assert.deepEqual(foreign, []);
  });
}

behaviour('the policy is strict, and a foreign Host header is refused', async (scene) => {
  const nora = await scene.node('Nora');
  const { port } = new URL(nora.page);
  const own = await request(port, `127.0.0.1:${port}`);
  assert.equal(own.status, 200);
  proveStrict(own.headers.get('content-security-policy'));
  assert.equal((await request(port, `localhost:${port}`)).status, 200);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `localhost.evil.example:${port}`,
    '',
  ]) {
    for (const path of ['/', '/api/v1/rpc', '/no-such-file']) {
      assert.equal((await request(port, host, path)).status, 403, `Host “${host}” on ${path}`);
    }
  }
  assert.equal((await request(port, `127.0.0.1:${port}`)).status, 200, 'the right name is still served');
});

function proveStrict(policy) {
  assert.ok(policy, 'the page comes with a policy');
  const rules = new Map(
    policy
      .split(';')
      .map((rule) => rule.trim().split(/\s+/))
      .map(([name, ...sources]) => [name, sources]),
  );
  const scripts = rules.get('script-src') ?? rules.get('default-src');
  assert.ok(scripts, 'scripts are limited');
  for (const loose of ["'unsafe-inline'", "'unsafe-eval'", '*', 'http:', 'https:', 'data:', 'blob:']) {
    assert.ok(!scripts.includes(loose), `script-src allows ${loose}`);
  }
  assert.ok(
    ["'none'", "'self'"].includes(rules.get('default-src')?.[0]),
    'what is not named is not allowed from elsewhere',
  );
  for (const name of ['frame-ancestors', 'base-uri', 'form-action'])
    assert.ok(rules.has(name), `${name} has no default and must be said`);
}

/// One request with whatever Host header; the HTTP clients at hand would correct it.
async function request(port, host, path = '/') {
  const socket = connect(Number(port), '127.0.0.1');
  socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const chunks = [];
  for await (const chunk of socket) chunks.push(chunk);
  const [head] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
  const [line, ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => [field.split(':')[0].toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]),
  );
  return { status: Number(line.split(' ')[1]), headers };
}
