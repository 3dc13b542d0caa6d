"""A thousand slow clients, by slowhttptest: slow headers, slow bodies, slow readers. Good ones notice nothing."""

import re
import subprocess
import time

import pytest

import processes
from traffic import Traffic

CONNECTIONS = 1000
SECONDS = 12

ATTACKS = {
    # A header line, a piece of the body, a few bytes of the answer at a time.
    "slow headers": ["-H", "-i", "3", "-x", "24", "-t", "POST"],
    "slow body": ["-B", "-i", "3", "-s", "8192", "-x", "24", "-f", "application/json"],
    "slow read": ["-X", "-w", "1", "-y", "16", "-n", "3", "-z", "1", "-k", "10", "-t", "POST"],
}


def command(product, kind):
    return ["slowhttptest", *ATTACKS[kind], "-c", str(CONNECTIONS), "-r", "500", "-l", str(SECONDS), "-p", "3",
            "-u", product.base_url() + "/api/token"]


def connections(product):
    """How many descriptors nginx has: a client's connection is one."""
    return sum(map(processes.descriptors, processes.family(int((product.state / "run/nginx.pid").read_text()))))


@pytest.mark.parametrize("kind", ATTACKS)
def test_good_clients_are_answered_within_a_second(product, app, kind):
    token, _ = product.issued(app)

    def verify(client):
        return product.verify(token, client=client)

    def issue(client):
        return product.token(app, client=client)

    def verify_anew(_):
        with product.client() as client:
            return product.verify(token, client=client)

    before = most = connections(product)
    with Traffic(product, [verify, issue, verify_anew], pause=0.02) as traffic, subprocess.Popen(
            command(product, kind), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True) as attack:
        try:
            end = time.monotonic() + SECONDS + 15
            while attack.poll() is None and time.monotonic() < end:
                most = max(most, connections(product))
                time.sleep(0.2)
        finally:
            attack.kill()
        said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", attack.stdout.read())
    # It did what it is for, and found the service there.
    assert attack.returncode == 0 and "service available:   YES" in said and "available:   NO" not in said, said
    assert most > before + CONNECTIONS * 0.9, (before, most)
    assert not traffic.failures()
    seconds = sorted(one.seconds for one in traffic.outcomes)
    assert len(seconds) > 200
    assert seconds[len(seconds) * 99 // 100] < 1, seconds[-20:]
