// SPDX-License-Identifier: GPL-2.0-or-later
//
// jest.js - As much of jest as hyco-https' own tests need
//
//	node jest.js FILE...
//
// Tests run one after another; one that is over its time, or in which an
// expectation or anything else throws, failed.  One line for each, at last
// "N passed, N failed".

'use strict';

const assert = require('assert');
const path = require('path');

// The tests are older than Node's habit of using a connection again: a request
// on the connection of the test before would go where that one's listener still
// holds its rendezvous socket open, as it should.
require('https').globalAgent.keepAlive = false;

let limit = 5000;
const tests = [];

global.jest = {
  setTimeout: (ms) => { limit = ms; },
  clearAllTimers: () => {},
};
global.describe = (name, body) => body();
global.test = (name, body) => tests.push({ name, body });
global.expect = (got) => ({
  toBe: (want) => assert.ok(Object.is(got, want),
    `got ${String(got).slice(0, 80)}, want ${String(want).slice(0, 80)}`),
  toBeDefined: () => assert.notStrictEqual(got, undefined),
  toBeUndefined: () => assert.strictEqual(got, undefined),
});

// run() - One test, to its done(); rejects with what went wrong
function run(test) {
  return new Promise((resolve, reject) => {
    const fail = (error) => { finish(); reject(error); };
    let timer = null;
    const finish = () => {
      clearTimeout(timer);
      process.removeListener('uncaughtException', fail);
    };
    process.on('uncaughtException', fail);
    // A test may set its own limit while it starts.
    setImmediate(() => {
      try {
        test.body(() => { finish(); resolve(); });
      } catch (error) {
        fail(error);
        return;
      }
      timer = setTimeout(() => fail(new Error(`over ${limit} ms`)), limit);
    });
  });
}

async function main() {
  let failed = 0;
  for (const file of process.argv.slice(2)) {
    require(path.resolve(file));
  }
  for (const test of tests) {
    try {
      await run(test);
      console.log(`ok ${test.name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${test.name}: ${error.stack}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed || !tests.length ? 1 : 0);
}

main();
