"""Verify on 32 connections, beside 5,000 that were used once and are kept idle."""

import contextlib
import subprocess
import sys

from failure import Failure
from figures import Part, at_least
from rounds import Row
from subjects import HERE

CONNECTIONS = 5000


def run(bench):
    subject = bench.verify()
    subject.measure(1)
    samples = {False: [], True: []}
    for number in range(bench.rounds):
        for idle in (False, True) if number % 2 == 0 else (True, False):
            with _held(bench) if idle else contextlib.nullcontext():
                samples[idle].append(subject.measure(bench.seconds))
            bench.product.check_logs()
    alone = Row("latchkeyd, 32 connections", samples[False])
    beside = Row(f"latchkeyd, 32 beside {CONNECTIONS} idle ones", samples[True])
    return Part("idle", [at_least(
        "5,000 idle kept connections beside 32 busy ones: verify requests/s", beside.rate / alone.rate, 0.9)],
        [alone, beside])


@contextlib.contextmanager
def _held(bench):
    """The idle connections, which must all still be open at the end."""
    product = bench.product
    holder = subprocess.Popen(
        [sys.executable, HERE / "load/idle.py", "localhost", str(product.port), product["CA_FILE"], str(CONNECTIONS)],
        env={"LOAD_AUTHORIZATION": bench.authorization}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        if holder.stdout.readline() != f"held {CONNECTIONS}\n":
            raise Failure(f"{CONNECTIONS} idle connections cannot be held: {holder.communicate()[1].strip()[-300:]}")
        yield
        output, _ = holder.communicate("end\n")
        if output != f"alive {CONNECTIONS}\n":
            raise Failure(f"of {CONNECTIONS} idle connections {output.strip() or 'none'} at the end")
    finally:
        holder.kill()
        holder.wait()
