// SPDX-License-Identifier: GPL-2.0-or-later
//
// agent.js - The HTTP agent that hyco-https' own tests were written for
//
// A setup file of jest.  Until Node 19 a connection was used for one request.  With
// one that is used again, a test's request goes where the listener of the test
// before, which has ended, still holds its rendezvous socket open, as it should:
// that one's answer is another than the test wants.  What differs from running
// the package's tests by themselves is this one line.

'use strict';

require('https').globalAgent.keepAlive = false;
