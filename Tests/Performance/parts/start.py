"""From the start of latchkeyd to its first answer."""

import os
import pwd
import statistics
import subprocess
import time

import fastcgi
from failure import Failure
from figures import Figure, Part

STARTS = 11
LIMIT_SECONDS = 5


def run(bench):
    folder = bench.product.folder_for_account("start")
    token = bench.product.token()[0]
    # The first one reads the program from disk.
    times = [_start(bench.product, folder, token) for _ in range(STARTS + 1)][1:]
    median = statistics.median(times)
    return Part(
        "start", [Figure("start to first answer", f"{median:.1f} ms", "<= 50 ms", median <= 50, median)],
        notes=[f"{STARTS} starts: {min(times):.1f} to {max(times):.1f} ms, from fork(2) to a verify answered by "
               "200 on its socket, the snapshot from PostgreSQL loaded"])


def _start(product, folder, token):
    """Milliseconds. The configuration is the product's, with sockets of its own."""
    lanes = ("VERIFY", "DATABASE", "UPLOAD")
    sockets = {f"LATCHKEY_{lane}_SOCKET": str(folder / f"{lane.lower()}.sock") for lane in lanes}
    become = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(product.account)
        become = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    request = fastcgi.request(fastcgi.verify_parameters(token))
    begin = time.monotonic()
    process = subprocess.Popen(
        [product.state / "bin/latchkeyd", "--config", product.state / "latchkeyd.conf"],
        env={"PATH": os.environ["PATH"]} | sockets, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, **become)
    try:
        while not _answers(sockets["LATCHKEY_VERIFY_SOCKET"], request):
            if process.poll() is not None or time.monotonic() - begin > LIMIT_SECONDS:
                raise Failure(f"a latchkeyd of its own does not answer; exit status {process.returncode}")
            time.sleep(0.0002)
        return 1000 * (time.monotonic() - begin)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(path, request):
    try:
        connection = fastcgi.connect(path, timeout=2)
    except OSError:
        return False
    with connection:
        try:
            connection.sendall(request)
            return fastcgi.answer(connection)[0] == 200
        except OSError:
            return False
