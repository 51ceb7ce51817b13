// SPDX-License-Identifier: GPL-2.0-or-later
//
// gateway.js - Half a relaytun gateway on hyco-ws, to meet a whole one
//
//	node gateway.js cloud	S05: hyco-ws as sender, edge-1, at our listener;
//				pings its tunnel address and tells of the replies
//	node gateway.js site	S06: hyco-ws as listener, oslo-a, for our sender;
//				answers pings to its tunnel address
//
// Speaks docs/wire-format.md: PREFACE, HELLO, PING, PONG and DATA with one packet.
// Where: SB_HC_NAMESPACE, SB_HC_PATH, SB_HC_KEYRULE, SB_HC_KEY.

'use strict';

const crypto = require('crypto');
const hyco = require('hyco-ws');

const env = process.env;
const [ns, path, rule, key] = [env.SB_HC_NAMESPACE, env.SB_HC_PATH,
  env.SB_HC_KEYRULE, env.SB_HC_KEY];
const cloud = process.argv[2] === 'cloud';
const own = cloud
  ? { name: 'edge-1', role: 1, address: [100, 64, 0, 1] }
  : { name: 'oslo-a', role: 2, address: [100, 64, 0, 11] };
const other = [100, 64, 0, cloud ? 11 : 1];

const PREFACE = 1;
const HELLO = 4;
const DATA = 5;
const PING = 6;
const PONG = 7;
const BYE = 10;
const VNET_HEAD = 12;

const u16 = (value) => { const b = Buffer.alloc(2); b.writeUInt16LE(value); return b; };
const u32 = (value) => { const b = Buffer.alloc(4); b.writeUInt32LE(value); return b; };
const u64 = (value) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); return b; };
const message = (type, ...body) => Buffer.concat([Buffer.from([type, 0, 0, 0]), ...body]);
const tlv = (type, value) => Buffer.concat([u16(type), u16(value.length), value]);

const preface = () => message(PREFACE, Buffer.from('RTUN'),
  Buffer.from([1, 0, own.role, 0]), u32(0), crypto.randomBytes(32));

// hello() - All that is asked for; the digest is of the sender's PREFACE first
function hello(sender, listener) {
  const digest = crypto.createHash('sha256').update(sender).update(listener).digest();
  return message(HELLO, tlv(0x8001, digest), tlv(0x8002, Buffer.from(own.name)),
    tlv(0x8003, Buffer.from([own.role])),
    tlv(0x8004, Buffer.from(cloud ? '' : 'oslo')),
    tlv(0x8005, crypto.randomBytes(16)), tlv(6, u64(Date.now())),
    tlv(0x8007, u32(0)), tlv(8, u32(0)), tlv(0x8009, u32(65536)),
    tlv(0x800a, u32(0)), tlv(11, u16(1500)), tlv(12, Buffer.alloc(32)),
    tlv(13, Buffer.from('hyco-ws 1.0.5')), tlv(14, u32(2000)), tlv(15, u16(0)),
    tlv(16, u64(Date.now())));
}

// checksum() - RFC 1071
function checksum(data) {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) {
    sum += (data[i] << 8) | (i + 1 < data.length ? data[i + 1] : 0);
  }
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return ~sum & 0xffff;
}

// icmp() - An IPv4 packet with an echo request (8) or reply (0)
function icmp(type, rest) {
  const body = Buffer.concat([Buffer.from([type, 0, 0, 0]), rest]);
  body.writeUInt16BE(checksum(body), 2);
  const head = Buffer.from([0x45, 0, 0, 0, 0, 1, 0, 0, 64, 1, 0, 0,
    ...own.address, ...other]);
  head.writeUInt16BE(20 + body.length, 2);
  head.writeUInt16BE(checksum(head), 10);
  return Buffer.concat([head, body]);
}

function data(packet) {
  const pad = Buffer.alloc((4 - (packet.length % 4)) % 4);
  return message(DATA, u32(VNET_HEAD + packet.length), Buffer.alloc(VNET_HEAD), packet, pad);
}

// packets() - Of a DATA message
function* packets(body) {
  for (let at = 0; at + 4 <= body.length;) {
    const len = body.readUInt32LE(at);
    yield body.slice(at + 4 + VNET_HEAD, at + 4 + len);
    at += 4 + len;
    at += (4 - (at % 4)) % 4;
  }
}

// serve() - One channel
function serve(socket) {
  const mine = preface();
  let timer = null;
  let serial = 0;
  const got = { bytes: 0, messages: 0 };
  const send = (bytes) => socket.send(bytes, { binary: true });

  function beat() {
    send(message(PING, u64(process.hrtime.bigint()),
      u64(got.bytes), u64(got.messages)));
    if (cloud) {
      send(data(icmp(8, Buffer.from([1, 2, 0, serial++, 0x61, 0x62]))));
    }
  }

  function packet(bytes) {
    if (bytes[9] !== 1) {
      return;
    }
    if (cloud && bytes[20] === 0) {
      console.log(`reply from ${Array.from(bytes.slice(12, 16)).join('.')}`);
    } else if (!cloud && bytes[20] === 8) {
      send(data(icmp(0, bytes.slice(24))));
    }
  }

  // A listener gets its socket before it is open.
  if (socket.readyState === 1) {
    send(mine);
  } else {
    socket.on('open', () => send(mine));
  }
  socket.on('message', (bytes) => {
    const body = bytes.slice(4);
    got.bytes += bytes.length;
    got.messages += 1;
    switch (bytes[0]) {
      case PREFACE:
        send(cloud ? hello(mine, bytes) : hello(bytes, mine));
        break;
      case HELLO:
        console.log('open');
        timer = setInterval(beat, 300);
        break;
      case PING:
        send(message(PONG, body.slice(0, 8), u64(got.bytes), u64(got.messages)));
        break;
      case DATA:
        for (const one of packets(body)) {
          packet(one);
        }
        break;
      case BYE:
        console.log(`bye ${body.slice(4).toString()}`);
        break;
      default:
        break;
    }
  });
  socket.on('close', (code) => {
    clearInterval(timer);
    console.log(`closed ${code}`);
  });
  socket.on('error', (error) => console.log(`error ${error.message}`));
}

if (cloud) {
  const uri = hyco.createRelaySendUri(ns, path);
  const token = hyco.createRelayToken(uri, rule, key);
  const socket = new hyco(uri, 'relaytun.1', { headers: { ServiceBusAuthorization: token } });
  socket.on('error', (error) => console.log(`error ${error.message}`));
  socket.on('open', () => serve(socket));
} else {
  const uri = hyco.createRelayListenUri(ns, path);
  const server = hyco.createRelayedServer(
    { server: uri, token: hyco.createRelayToken(uri, rule, key) }, serve);
  server.on('listening', () => console.log('listening'));
  server.on('error', (error) => console.log(`error ${error.message}`));
}
