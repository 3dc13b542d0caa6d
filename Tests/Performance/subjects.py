"""What is measured: a load on one subject for some seconds, and the processor time that it took of whom."""

import json
import os
import re
import resource
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import usage
from failure import Failure

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
THREADS = 2


def wrk(url, script, seconds, environment, connections=CONNECTIONS, threads=THREADS):
    """wrk, started. Secrets go by the environment: command lines are for all to read."""
    return subprocess.Popen(
        ["wrk", f"--threads={threads}", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s",
         f"--script={HERE / 'load' / script}", url],
        env={"PATH": os.environ["PATH"], "LOAD_FOLDER": str(HERE / "load")} | environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def output_of(process):
    """What it printed, once it has ended; an interruption ends it too."""
    try:
        return process.communicate()[0]
    except BaseException:
        process.kill()
        process.wait()
        raise


def wrk_result(process):
    output = output_of(process)
    found = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
    if process.returncode != 0 or not found:
        raise Failure("wrk ended without a result: " + output.strip()[-300:])
    result = json.loads(found[1])
    seconds = result["microseconds"] / 1e6
    faults = [f"{count} {name} errors" for name, count in result["errors"].items() if count]
    return {"requests": result["requests"], "rate": result["requests"] / seconds, "p50_us": result["p50"],
            "p99_us": result["p99"], "max_us": result["max"], "faults": faults}


@dataclass
class Subject:
    """A name, and whose processor time counts: pids of the topmost processes by what they are."""

    name: str
    roots: dict = field(default_factory=dict)

    def measure(self, seconds):
        """One round: rate, latencies, microseconds of processor time per request, and how busy others were."""
        before = {who: usage.cpu_seconds(pids) for who, pids in self.roots.items()} | {"load": _children_seconds()}
        machine, begin = usage.machine_seconds(), time.monotonic()
        result = self.load(seconds)
        machine, passed = usage.machine_seconds() - machine, time.monotonic() - begin
        after = {who: usage.cpu_seconds(pids) for who, pids in self.roots.items()} | {"load": _children_seconds()}
        taken = {who: after[who] - before[who] for who in after}
        if not result["requests"]:
            raise Failure(f"{self.name} answered nothing")
        return result | {"cpu_us": {who: 1e6 * value / result["requests"] for who, value in taken.items()},
                         "others": max(0, machine - sum(taken.values())) / (passed * os.cpu_count())}


def _children_seconds():
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


@dataclass
class HTTP(Subject):
    """An endpoint under wrk. Every answer must have been a 2xx."""

    url: str = ""
    script: str = "verify.lua"
    environment: dict = field(default_factory=dict)

    def load(self, seconds):
        return wrk_result(wrk(self.url, self.script, seconds, self.environment))


@dataclass
class Pgbench(Subject):
    """A statement under pgbench, which ends at the first error. It tells no percentiles."""

    command: list = field(default_factory=list)

    def load(self, seconds):
        process = subprocess.Popen(
            [*self.command, f"--time={seconds}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        output = output_of(process)
        done = re.search(r"^number of transactions actually processed: (\d+)", output, re.MULTILINE)
        rate = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
        latency = re.search(r"^latency average = ([0-9.]+) ms", output, re.MULTILINE)
        if process.returncode != 0 or not (done and rate and latency):
            raise Failure("pgbench: " + output.strip()[-300:])
        return {"requests": int(done[1]), "rate": float(rate[1]), "p50_us": None, "p99_us": None, "max_us": None,
                "average_us": float(latency[1]) * 1000, "faults": []}
