// SPDX-License-Identifier: GPL-2.0-or-later
//
// sockets.js - hyco-ws and ws at a relay
//
//	node sockets.js CASE
//
// S01 echo of text and binary, 1 B to 16 MiB, close codes, a sub-protocol
// S02 two listeners share senders
// S03 a token that is a function is renewed in time
// S07 a listener that is left alone comes back whatever the relay does
// S08 ws 8, and a client without any library, as plain senders
// listen [SECONDS]	an echo listener, for whoever sends
// send COUNT		a sender that wants each of its messages back
//
// Where: SB_HC_NAMESPACE, SB_HC_PATH, SB_HC_KEYRULE, SB_HC_KEY.  Exit code 0 when
// all is as it should be; one line says so, or what is not.

'use strict';

const assert = require('assert');
const crypto = require('crypto');
const https = require('https');

// The SDK renews a token every hour; the test's hours are short.
const HOUR_MS = 3600 * 1000;
const realInterval = global.setInterval;
let hourMs = HOUR_MS;
global.setInterval = (f, ms, ...more) =>
  realInterval(f, ms === HOUR_MS ? hourMs : ms, ...more);

const hyco = require('hyco-ws');
const plain = require('ws');

const env = process.env;
const [ns, path, rule, key] = [env.SB_HC_NAMESPACE, env.SB_HC_PATH,
  env.SB_HC_KEYRULE, env.SB_HC_KEY];
const listenUri = hyco.createRelayListenUri(ns, path);
const sendUri = hyco.createRelaySendUri(ns, path);

const token = (seconds) => hyco.createRelayToken(listenUri, rule, key, seconds);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const event = (emitter, name) => new Promise((resolve, reject) => {
  emitter.once(name, (...args) => resolve(args));
  if (name !== 'error') {
    emitter.once('error', reject);
  }
});

// echo() - A listener that sends back what it gets; resolves when registered
async function echo(seconds, connected) {
  const server = hyco.createRelayedServer(
    { server: listenUri, token: () => token(seconds) },
    (socket) => {
      if (connected) {
        connected(socket);
      }
      socket.on('message', (data, flags) =>
        socket.send(data, { binary: Boolean(flags && flags.binary) }));
      socket.on('error', () => {});
    });
  server.on('error', () => {});
  await event(server, 'listening');
  return server;
}

async function sender(address = sendUri, protocol = undefined) {
  const socket = new hyco(address, protocol,
    { headers: { ServiceBusAuthorization: token() } });
  await event(socket, 'open');
  return socket;
}

// exchange() - Send, and want the same back
async function exchange(socket, data) {
  const answer = event(socket, 'message');
  socket.send(data);
  const [got] = await answer;
  if (typeof data === 'string') {
    assert.strictEqual(String(got), data);
  } else {
    assert.ok(Buffer.compare(Buffer.from(got), data) === 0,
      `${data.length} bytes differ`);
  }
}

async function S01() {
  const server = await echo(3600);
  const socket = await sender();
  await exchange(socket, 'text, \u00e5 and \u{1f600}');
  for (const size of [1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]) {
    await exchange(socket, crypto.randomBytes(size));
  }
  for (const [code, reason] of [[1000, 'bye'], [4001, 'own']]) {
    // From the sender to the listener, and the other way.
    for (const turn of ['sender', 'listener']) {
      const pair = await pairOf(server);
      const [one, other] = turn === 'sender'
        ? [pair.sender, pair.listener] : [pair.listener, pair.sender];
      const closed = event(other, 'close');
      one.close(code, reason);
      const [gotCode, gotReason] = await closed;
      assert.strictEqual(gotCode, code);
      assert.strictEqual(String(gotReason), reason);
    }
  }
  const chosen = await sender(sendUri, 'first');
  await exchange(chosen, 'with a sub-protocol');
  assert.strictEqual(chosen.protocol, 'first');
  server.close();
}

// pairOf() - A joined sender and the listener's side of it
async function pairOf(server) {
  const connected = event(server, 'connection');
  const mine = await sender();
  const [listener] = await connected;
  mine.on('error', () => {});
  await exchange(mine, 'joined');
  return { sender: mine, listener };
}

async function S02() {
  const counts = [0, 0];
  const servers = [await echo(3600, () => counts[0]++),
    await echo(3600, () => counts[1]++)];
  // Ten senders miss one of two listeners once in 512 times; 30 never do.
  for (let i = 0; i < 30; i++) {
    const socket = await sender();
    await exchange(socket, `sender ${i}`);
    socket.close();
  }
  assert.strictEqual(counts[0] + counts[1], 30);
  assert.ok(counts[0] > 0 && counts[1] > 0, `shared as ${counts}`);
  servers.forEach((server) => server.close());
}

async function S03() {
  hourMs = 1000;
  let made = 0;
  const server = hyco.createRelayedServer({ server: listenUri,
    token: () => { made++; return token(3); } });
  let closed = 0;
  server.on('error', () => {});
  await event(server, 'listening');
  server.controlChannel.on('close', () => closed++);
  await sleep(5000); // past the end of the first token, and of the second
  assert.strictEqual(closed, 0, 'the control channel was closed');
  assert.ok(made >= 4, `${made} tokens`);
  server.close();
  // And one that cannot be renewed ends: the test would notice.
  const mortal = hyco.createRelayedServer({ server: listenUri,
    token: token(2) });
  mortal.on('error', () => {});
  await event(mortal, 'listening');
  mortal.closeRequested = true; // do not come back
  const [code] = await event(mortal.controlChannel, 'close');
  assert.strictEqual(code, 1008);
}

// S07() - The script around restarts the relay three times while this runs, and
// then sends SIGUSR1
async function S07() {
  // hyco-ws connects again at once and for ever, and tells each failure.
  const server = await echo(3600);
  console.log('listening');
  await new Promise((resolve) => process.once('SIGUSR1', resolve));
  for (let tries = 0; ; tries++) {
    try {
      const socket = await sender();
      await exchange(socket, 'after three restarts');
      break;
    } catch (error) {
      if (tries > 50) {
        throw error;
      }
      await sleep(100);
    }
  }
  server.close();
}

// browser() - An upgrade as a browser makes it, without any library
async function browser() {
  const url = new URL(sendUri.replace('wss:', 'https:'));
  url.searchParams.set('sb-hc-token', token());
  const nonce = crypto.randomBytes(16).toString('base64');
  const request = https.request(url, { headers: {
    'Connection': 'Upgrade', 'Upgrade': 'websocket',
    'Origin': 'https://page.example', 'Cache-Control': 'no-cache',
    'User-Agent': 'Mozilla/5.0', 'Accept-Encoding': 'gzip, br',
    'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': nonce,
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
  } });
  request.on('response', (answer) =>
    request.emit('error', new Error(`status ${answer.statusCode}`)));
  request.end();
  const [response, socket] = await event(request, 'upgrade');
  assert.strictEqual(response.statusCode, 101);
  assert.strictEqual(response.headers['sec-websocket-extensions'], undefined);
  const text = Buffer.from('from a page');
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0,
    0]), text]));
  const [answer] = await event(socket, 'data');
  assert.strictEqual(answer.subarray(2).toString(), text.toString());
  socket.destroy();
}

async function S08() {
  const server = await echo(3600);
  const address = hyco.createRelaySendUri(ns, path, token());
  const socket = new plain(address);
  await event(socket, 'open');
  for (const data of ['text', crypto.randomBytes(100000)]) {
    const answer = event(socket, 'message');
    socket.send(data);
    const [got, binary] = await answer;
    assert.strictEqual(binary, typeof data !== 'string');
    assert.ok(Buffer.compare(got, Buffer.from(data)) === 0);
  }
  const pong = event(socket, 'pong');
  socket.ping('alive');
  assert.strictEqual(String((await pong)[0]), 'alive');
  const closed = event(socket, 'close');
  socket.close(1000, 'done');
  assert.strictEqual((await closed)[0], 1000);
  const refused = new plain(hyco.createRelaySendUri(ns, path, 'nonsense'));
  const [error] = await event(refused, 'error');
  assert.match(error.message, /401/);
  await browser();
  server.close();
}

async function listen(seconds) {
  const server = await echo(3600);
  console.log('listening');
  await sleep(1000 * (seconds || 60));
  server.close();
}

async function send(count) {
  const socket = await sender();
  for (let i = 0; i < count; i++) {
    await exchange(socket, `message ${i}`);
    await exchange(socket, crypto.randomBytes(1 + i * 1000));
  }
  socket.close();
}

const cases = { S01, S02, S03, S07, S08, listen, send };
const name = process.argv[2];

if (!cases[name]) {
  console.error(`no case ${name}: ${Object.keys(cases).join(' ')}`);
  process.exit(2);
}
cases[name](...process.argv.slice(3)).then(() => {
  console.log(`ok ${name}`);
  process.exit(0);
}, (error) => {
  console.log(`FAIL ${name}: ${error.stack || error}`);
  process.exit(1);
});
