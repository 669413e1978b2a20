"""Runs one command and writes to a file descriptor what it cost.

A process of its own, and a small one: Linux counts the memory of whoever started a program into the peak of that program.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """`launch.py DESCRIPTOR COMMAND…`: the JSON object {wall, cpu, peak, code}; seconds, seconds, MB, exit code."""
    descriptor, argv = int(sys.argv[1]), sys.argv[2:]
    start = time.perf_counter()
    child = os.posix_spawnp(argv[0], argv, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    told = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status)}
    os.write(descriptor, json.dumps(told).encode())


main()
