#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# hold.py TID - Stop one thread, and none of its siblings, until its process ends
#
# As a debugger does: SIGSTOP would stop them all.

import ctypes
import os
import sys

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
WALL = 0x40000000  # threads, too

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                        ctypes.c_void_p]
tid = int(sys.argv[1])
for request in PTRACE_SEIZE, PTRACE_INTERRUPT:
    if libc.ptrace(request, tid, None, None) < 0:
        sys.exit(f"thread {tid}: {os.strerror(ctypes.get_errno())}")
os.waitpid(tid, WALL)
print("held", flush=True)
while True:
    _, status = os.waitpid(tid, WALL)
    if os.WIFEXITED(status) or os.WIFSIGNALED(status):
        break
