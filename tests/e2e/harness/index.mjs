// What tests import. The network comes first: it executes the test file once more, inside.

import './network.mjs';

export { OTHER_ADDRESS, OWN_ADDRESS } from './network.mjs';
export { NativeNode, Refused, textOf } from './native.mjs';
export { SHOTS, behaviour } from './scene.mjs';
export { FLOOD_MS, LINK_MS, VIEW_MS, pause, until } from './wait.mjs';
