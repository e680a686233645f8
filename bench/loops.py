"""What others do every 100 ms, for comparison: `loops.py psutil|ss SECONDS [PORT]`.

psutil: what a dashboard on psutil does: all connections, the names of their processes, the interfaces' counters.
ss: the same question put to `ss -tuinpe`.
Prints one line of JSON: rounds made, CPU seconds of this process and its children, wall seconds, and how many different
local ports with an owner were seen in connections to PORT.
"""
import json
import os
import re
import subprocess
import sys
import time

PERIOD = 0.1
kind, seconds = sys.argv[1], float(sys.argv[2])
port = int(sys.argv[3]) if len(sys.argv) > 3 else None
seen = set()


def round_of_psutil():
    import psutil

    names = {}
    rows = []
    for one in psutil.net_connections(kind="inet"):
        if one.pid is not None and one.pid not in names:
            try:
                names[one.pid] = psutil.Process(one.pid).name()
            except psutil.Error:
                names[one.pid] = None
        rows.append((one, names.get(one.pid)))
        if port and one.raddr and one.raddr.port == port and one.pid is not None:
            seen.add(one.laddr.port)
    counters = psutil.net_io_counters(pernic=True)
    return rows, counters


SS_LINE = re.compile(rb"\S+:(\d+)\s+\S+:(\d+)\s+users:")


def round_of_ss():
    out = subprocess.run(["ss", "-tuinpe"], stdout=subprocess.PIPE, check=True).stdout
    if port:
        for local, remote in SS_LINE.findall(out):
            if int(remote) == port:
                seen.add(int(local))
    return out


def main():
    work = round_of_psutil if kind == "psutil" else round_of_ss
    work()
    begin, times = time.monotonic(), os.times()
    rounds = 0
    while time.monotonic() - begin < seconds:
        started = time.monotonic()
        work()
        rounds += 1
        time.sleep(max(0.0, PERIOD - (time.monotonic() - started)))
    wall, after = time.monotonic() - begin, os.times()
    cpu = sum(after[:4]) - sum(times[:4])
    print(json.dumps({"rounds": rounds, "cpu_s": cpu, "wall_s": wall, "seen": len(seen)}))


main()
