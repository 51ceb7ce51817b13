// SPDX-License-Identifier: GPL-2.0-or-later
//
// tokens.js - Tokens of hyco-ws for random inputs and one clock, a JSON array
//
//	node tokens.js COUNT SEED CLOCK
//
// Key names are of unreserved characters: hyco-ws puts them into the token as they
// are, the protocol has them URL-encoded.

'use strict';

const [count, seed, clock] = process.argv.slice(2).map(Number);
Date.now = () => clock * 1000;
const hyco = require('hyco-ws');

let state = BigInt(seed);
// draw() - A number below @limit
function draw(limit) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return Number(state >> 33n) % limit;
}

// Not an apostrophe: Node's url.parse() turns it into %27 before it is signed.
const PATH = 'abcXYZ019-._~!()*$&+,;=:@';
const NAME = 'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-._~';
const KEY = [...`${NAME}+/= !"#%&*?<>|\u00e5\u65e5\u{1f511}`];
const word = (set, least, most) => Array.from(
  { length: least + draw(most - least + 1) }, () => set[draw(set.length)]).join('');

// path() - With slashes and escapes here and there
function path() {
  let text = word('abcXYZ019', 1, 3);
  for (let i = draw(4); i > 0; i--) {
    text += `${draw(2) ? '/' : ''}${draw(3) ? word(PATH, 1, 20) : '%C3%b8'}`;
  }
  return text;
}

const all = [];
for (let i = 0; i < count; i++) {
  const scheme = ['wss', 'https', 'http', 'ws'][draw(4)];
  const port = draw(3) ? '' : `:${1 + draw(65535)}`;
  const host = `${word('abcXYZ', 1, 12)}.Servicebus.windows.net`;
  const uri = `${scheme}://${host}${port}/${draw(2) ? '$hc/' : ''}${path()}${
    draw(4) ? '' : '/'}${draw(2) ? '' : '?sb-hc-action=listen&a=b'}`;
  const name = word(NAME, 1, 60);
  const key = word(KEY, 1, 64);
  const life = 1 + draw(1000000);
  all.push({ uri, name, key, expiry: clock + life,
    token: hyco.createRelayToken(uri, name, key, life) });
}
console.log(JSON.stringify(all));
