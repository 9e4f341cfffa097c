// Puts the test file that imports this into a network, a process tree and a temporary folder of its own.
//
// The browsers need an interface that is not loopback: Firefox gathers no candidate without a default route and
// never dials 127.0.0.1. In a namespace with one they run in their default configuration, their mDNS multicasts
// stay inside, and whatever a test leaves behind ends with it.
//
// The test file executes itself once more inside. Where namespaces are forbidden, `TERTULIA_E2E_NETWORK=host` runs it
// in the machine's own network, if that has a default route; the tests of two hosts and of no TCP connection then fail.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/// This host's address inside, and the one of the other host, which is also the gateway that nobody has to answer at.
export const OWN_ADDRESS = '10.77.0.2';
export const OTHER_ADDRESS = '10.77.0.1';

/// A browser drops what it is loading when an interface changes. So nothing may change after this: addresses that the
/// kernel would add in a second are left out, and the wire is waited for.
const UNTIL_WIRED = `
  for try in $(seq 100); do
    ip link show eth0 | grep -q 'state UP' && break
    sleep 0.02
  done`;
const INTERFACES = `
  ip link set lo up
  ip link add eth0 type veth peer name far
  ip link set eth0 addrgenmode none
  ip link set far addrgenmode none
  ip addr add ${OWN_ADDRESS}/24 dev eth0
  ip -6 addr add fd77::2/64 dev eth0 nodad 2>/dev/null || true
  ip link set far up
  ip link set eth0 up
  ip route add default via ${OTHER_ADDRESS}
  ${UNTIL_WIRED}`;
const NAMESPACES = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const AS_ROOT_INSIDE = ['--user', '--map-root-user'];
/// A runner that was killed tells nobody: this often it is looked after.
const ORPHAN_MS = 500;
const runner = process.ppid;

const isInside = Boolean(process.env.TERTULIA_E2E_INSIDE);
export const hasOwnNetwork = process.env.TERTULIA_E2E_NETWORK !== 'host';

if (!isInside) {
  process.exit(await runInside());
}

/// Another host on the same wire: a namespace that lives as long as the process that holds it.
export async function otherHost() {
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(holder, 'spawn');
  const prefix = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
  const inside = prefix.join(' ');
  try {
    await untilApart(holder.pid);
    sh(`
      ip link set far netns ${holder.pid}
      ${inside} ip link set lo up
      ${inside} ip addr add ${OTHER_ADDRESS}/24 dev far
      ${inside} ip link set far up
      ${inside} ip route add default via ${OWN_ADDRESS}
      ${UNTIL_WIRED}`);
  } catch (error) {
    holder.kill('SIGKILL');
    throw error;
  }
  // The end of the wire comes back before its namespace ends, else our own end would go with it.
  const end = () => {
    sh(`${inside} ip link set far netns ${process.pid}; ip link set far up; ${UNTIL_WIRED}`);
    holder.kill('SIGKILL');
  };
  // Nothing leaves it for this host and nothing from here is let in, without a word to anybody: no interface changes here.
  const route = `${inside} ip route`;
  const cut = () => sh(`${filter(inside, 1)}\n${route} add blackhole ${OWN_ADDRESS}/32`);
  const mend = () => sh(`${route} del blackhole ${OWN_ADDRESS}/32\n${filter(inside, 0)}`);
  return { prefix, end, cut, mend };
}

/// Whether a host takes packets from whom it has no way back to.
function filter(inside, strict) {
  return `${inside} sh -c 'for one in all far; do echo ${strict} > /proc/sys/net/ipv4/conf/$one/rp_filter; done'`;
}

async function runInside() {
  const folder = mkdtempSync(join(tmpdir(), 'tertulia-e2e-'));
  mkdirSync(join(folder, 'home'));
  // A home and a temporary folder of their own: no browser or node touches what belongs to the person who runs this.
  const env = {
    ...process.env,
    TERTULIA_E2E_INSIDE: '1',
    TMPDIR: folder,
    HOME: join(folder, 'home'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const node = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const [command, ...args] = hasOwnNetwork ? wrapped(node) : node;
  const child = spawn(command, args, { stdio: 'inherit', env });
  const exit = once(child, 'exit');
  const stop = () => child.kill('SIGKILL');
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.on(signal, stop));
  const orphaned = setInterval(() => process.ppid === runner || stop(), ORPHAN_MS);
  const [code] = await exit;
  clearInterval(orphaned);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  return code ?? 1;
}

function wrapped(node) {
  const script = `set -e${INTERFACES}\n  exec "$@"`;
  // The chain dies from the top: with this process unshare, with it the first process inside, with that all others.
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces(), 'sh', '-c', script, 'sh', ...node];
}

function namespaces() {
  const choices = [NAMESPACES, [...AS_ROOT_INSIDE, ...NAMESPACES]];
  const choice = choices.find(
    (flags) => spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status === 0,
  );
  if (!choice) {
    throw new Error(
      'The browser tests need a network namespace and this account may not make one. Run them as root, or allow it ' +
        '(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or set ' +
        "TERTULIA_E2E_NETWORK=host to use this machine's own network.",
    );
  }
  return choice;
}

/// `unshare` needs a moment before the process is in its own namespace.
async function untilApart(pid) {
  const link = (id) => spawnSync('readlink', [`/proc/${id}/ns/net`], { encoding: 'utf8' }).stdout.trim();
  for (let tries = 0; tries < 100; tries += 1) {
    if (link(pid) && link(pid) !== link('self')) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error('the second namespace did not come up');
}

function sh(script) {
  const { status, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the second host could not be wired: ${stderr}`);
}
