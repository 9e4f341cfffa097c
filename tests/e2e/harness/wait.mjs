// Every wait of the tests: bounded, and saying what it waited for.

/// A view that follows what the page already knows.
export const VIEW_MS = 10_000;
/// A link between any two, gathering and handshake included, on a busy machine.
export const LINK_MS = 20_000;
/// 600 messages among three.
export const FLOOD_MS = 45_000;

const POLL_MS = 50;
/// One look. A page that is being left may never answer; the next look asks the new one.
const LOOK_MS = 5_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/// The first value of `look` that is something. What `look` throws is taken for "not yet".
export async function until(what, look, timeout = VIEW_MS) {
  const end = performance.now() + timeout;
  let trouble;
  do {
    try {
      const found = await within('a look', Promise.resolve(look()), LOOK_MS);
      if (found) return found;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    await pause(POLL_MS);
  } while (performance.now() < end);
  const cause = trouble ? `; the last try said: ${trouble.message}` : '';
  throw new Error(`waited ${timeout} ms in vain for ${what}${cause}`);
}

/// `work`, or an error after `timeout`: for what cannot be polled.
export function within(what, work, timeout) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what} took more than ${timeout} ms`)), timeout);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
