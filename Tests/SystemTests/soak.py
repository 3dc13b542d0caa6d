"""Holds Latchkey at 70 % of its full load, with hostile streams among it, and looks whether anything grows."""

import argparse
import collections
import contextlib
import itertools
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import fastcgi
import hostile_streams
import processes
import rawhttp

DESCRIPTION = """\
Holds Latchkey near 70 % of its full load, with hostile streams among it, and looks whether anything grows.

It starts the product as deploy/try does, in a folder of its own and on ports of its own, and measures for 5 seconds
each how many verifications and how many tokens a second it can bear. Then it aims at 45 % of the one, 15 % of the
other, and 10 % of refused verifications, and says what was held in the end: the clients and those who check take their
share of a small machine. Beside them are a client that opens a connection for each request, one that compares whole
answers, and a sender of hostile FastCGI streams.

The load comes from wrk with many connections, each of which pauses between two requests by its function delay(): the
pause is longer than an answer takes, so the pace depends little on the answers, and is corrected once a minute. A
Python client could not keep up with nginx, and wrk has no rate of its own.
"""
CONDITIONS = """\
It fails when an answer was wrong or missing; when after the warm-up (the first third, three minutes at most) the
anonymous memory of latchkeyd's processes grew by more than 1 MiB, nginx's by more than 8 or PostgreSQL's by more than
16; when less than half of a pace was held; when the number of processes, threads or database sessions changed; when
latchkeyd had more descriptors than there were clients, or they are not back where they were 75 seconds after the end
(nginx keeps idle connections to it for 60). PSS and RSS are shown, too.

Exit status: 0 all was flat and right, 1 it was not, 64 a wrong argument.
"""

VERIFY_SHARE, TOKEN_SHARE, REFUSED_SHARE = 0.45, 0.15, 0.10
CONNECTIONS = 200
SEGMENT_SECONDS = 60        # then wrk begins anew, with a fresh token and the pace corrected
SAMPLE_SECONDS = 5
KEPT_SECONDS = 65           # nginx keeps a connection that nobody uses for 60
# nginx's grows by a step when more connections are busy at once than ever before.
GROWTH_MIB = {"latchkeyd": 1, "nginx": 8, "postgresql": 16}

# For wrk: the request, a pause of `pause` ms at the mean, and how many answers were not as expected.
SCRIPT = """
wrk.method = "POST"
{headers}
local requests, number, threads = {{}}, 0, {{}}
function setup(thread) table.insert(threads, thread) end
function init(args)
    wrong = 0
    math.randomseed({seed})
    for _, body in ipairs({{ {bodies} }}) do table.insert(requests, wrk.format(nil, "{path}", nil, body)) end
end
function request() number = number + 1; return requests[number % #requests + 1] end
{delay}
function response(status) if status ~= {status} then wrong = wrong + 1 end end
function done(summary, latency)
    local wrong, errors = 0, summary.errors
    for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
    print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, wrong,
        errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
"""


class Wrk:
    """One kind of request by wrk: all of it that the product can bear, or `rate` a second."""

    count = itertools.count()

    def __init__(self, product, name, seconds, path, status, headers, bodies, rate=None):
        self.name = name
        self.connections, delay = 32, ""
        if rate:
            # Many, and none that pauses for longer than a second.
            self.connections = max(1, min(CONNECTIONS, int(rate)))
            pause = 1000 * self.connections / rate
            delay = f"function delay() return math.random({int(pause * 0.5)}, {int(pause * 1.5)}) end"
        text = SCRIPT.format(
            headers="\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()),
            bodies=", ".join(json.dumps(body) for body in bodies), path=path, status=status, delay=delay,
            seed=next(self.count))
        file = product.parent / f"soak-{next(self.count)}.lua"
        # A script holds a token or a secret.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as script:
            script.write(text)
        self.process = subprocess.Popen(
            ["wrk", "-t1", f"-c{self.connections}", f"-d{max(1, int(seconds))}s", "--timeout", "10", "-s", str(file),
             product.base_url()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self):
        """Answers, answers a second, wrong answers, errors of connections, and p99 in milliseconds."""
        output, _ = self.process.communicate()
        found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output)
        assert found, output
        answers, microseconds, wrong, errors, p99 = map(int, found.groups())
        return {"kind": self.name, "answers": answers, "per_second": answers / microseconds * 1e6, "wrong": wrong,
                "errors": errors, "p99_ms": p99 / 1000}


class Beside(threading.Thread):
    """Does something again and again beside the load; what it raises is a mistake of the product."""

    def __init__(self, act, pause):
        super().__init__(daemon=True)
        self.act, self.pause = act, pause
        self.done, self.mistakes = 0, []
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(self.pause):
            try:
                self.act()
                self.done += 1
            except Exception as error:  # every failure counts, whichever it is
                self.mistakes.append(f"{self.act.__name__}: {error!r}")

    def end(self):
        self.stopping.set()
        self.join(30)


def sums(pid):
    """What a process and all below it use, as /proc(5) has it. One that has just ended counts nothing."""
    total = {"processes": 0, "threads": 0, "descriptors": 0, "anonymous_kib": 0, "pss_kib": 0, "rss_kib": 0}
    for one in processes.family(pid):
        try:
            rollup = dict(re.findall(r"^(\w+): +(\d+) kB", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE))
            threads, descriptors = len(os.listdir(f"/proc/{one}/task")), processes.descriptors(one)
        except (FileNotFoundError, ProcessLookupError):
            continue
        for name, number in (("processes", 1), ("threads", threads), ("descriptors", descriptors),
                             ("anonymous_kib", int(rollup["Pss_Anon"])), ("pss_kib", int(rollup["Pss"])),
                             ("rss_kib", int(rollup["Rss"]))):
            total[name] += number
    return total


def slope(samples, service, figure):
    """By least squares, a minute."""
    times = [one["seconds"] / 60 for one in samples]
    return statistics.linear_regression(times, [one[service][figure] for one in samples]).slope


def growth(samples, service, figure):
    """From the first quarter to the last, by their medians: one sample more or less decides nothing."""
    quarter = max(1, len(samples) // 4)
    first, last = ([one[service][figure] for one in part] for part in (samples[:quarter], samples[-quarter:]))
    return statistics.median(last) - statistics.median(first)


class Soak:
    def __init__(self, product, minutes):
        self.product, self.seconds = product, minutes * 60
        self.app = product.create_app("Soak")
        _, self.user = product.issued(self.app)
        self.pids = {"latchkeyd": product.responder_pid, "nginx": int((product.state / "run/nginx.pid").read_text()),
                     "postgresql": product.postgres_pid}
        self.samples, self.results, self.faults = [], [], []
        self.clients = 0

    def start(self, name, seconds, rate=None):
        """Starts wrk with one kind of request."""
        token, _ = self.product.issued(self.app, taiki_user_id=self.user)
        forged = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
        existing, new = (json.dumps(self.app.credentials | more) for more in ({"taiki_user_id": self.user}, {}))
        path, status, headers, bodies = {
            "verify": ("/api/verify-token", 200, {"Authorization": f"Bearer {token}"}, [""]),
            # One of five makes a new user.
            "token": ("/api/token", 200, {}, [existing] * 4 + [new]),
            "refused": ("/api/verify-token", 401, {"Authorization": f"Bearer {forged}"}, [""]),
            "wrong secret": ("/api/token", 401, {}, [json.dumps(self.app.credentials | {"api_secret": "wrong"})]),
            "no JSON": ("/api/token", 400, {}, ["{", "[]", "x" * 16000]),
            "nowhere": ("/nowhere", 404, {}, [""]),
        }[name]
        return Wrk(self.product, name, seconds, path, status, headers, bodies, rate)

    def full_load(self, name):
        result = self.start(name, 5).result()
        self.expect(not result["wrong"] and not result["errors"], f"at full load: {result}")
        return result["per_second"]

    def expect(self, condition, fault):
        if not condition:
            self.faults.append(fault)
            print(f"FAULT {fault}", flush=True)

    def sample(self, began):
        sessions = self.product.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'latchkey_application'")
        self.samples.append({"seconds": round(time.monotonic() - began, 1), "sessions": int(sessions)} | {
            name: sums(pid) for name, pid in self.pids.items()})

    # What runs beside wrk.

    def whole_answers(self):
        token, user = self.product.issued(self.app, taiki_user_id=self.user)
        answer = self.product.verify(token)
        assert user == self.user
        assert answer.json() == {"valid": True, "taiki_user": user, "client": self.app.client_app}, answer.text

    def new_connections(self):
        with self.product.client() as client:
            assert self.product.token(self.app, client=client, taiki_user_id=self.user).status_code == 200
        with rawhttp.connect(self.product) as connection:
            connection.sendall(b"POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")

    def hostile_streams(self, lane):
        good = fastcgi.request(fastcgi.verify_parameters("x", CONTENT_LENGTH="2"), b"{}")
        streams = hostile_streams.streams(lane, good)
        kept = collections.deque()

        def send_hostile_stream():
            connection = fastcgi.connect(self.product[lane])
            kept.append(connection)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(next(streams)[1])
            if len(kept) > 20:
                kept.popleft().close()
        return send_hostile_stream

    def run(self):
        before = sums(self.pids["latchkeyd"])["descriptors"]
        verify, token = self.full_load("verify"), self.full_load("token")
        print(f"full load: {verify:.0f} verifications/s, {token:.0f} tokens/s", flush=True)
        rates = {"verify": VERIFY_SHARE * verify, "token": TOKEN_SHARE * token, "refused": REFUSED_SHARE * verify,
                 "wrong secret": 20, "no JSON": 20, "nowhere": 20}
        aims = dict(rates)
        began = time.monotonic()
        beside = [Beside(self.whole_answers, 0.05), Beside(self.new_connections, 0.1)]
        beside += [Beside(self.hostile_streams(lane), 0.05) for lane in ("VERIFY_SOCKET", "DATABASE_SOCKET")]
        for thread in beside:
            thread.start()
        end = began + self.seconds
        while end - time.monotonic() > 1:
            seconds = min(SEGMENT_SECONDS, end - time.monotonic())
            running = [self.start(name, seconds, rate) for name, rate in aims.items()]
            self.clients = max(self.clients, sum(one.connections for one in running))
            while any(one.process.poll() is None for one in running):
                time.sleep(SAMPLE_SECONDS)
                if all(one.process.poll() is None for one in running):
                    self.sample(began)
            for one in running:
                result = one.result()
                print("  {kind:13} {answers:8} answers, {per_second:7.0f}/s, p99 {p99_ms:.1f} ms".format(**result))
                self.results.append(result)
                self.expect(not result["wrong"] and not result["errors"], f"wrong or missing answers: {result}")
                # What the answers take is missing in the pace: next time the pauses are so much shorter.
                part = result["per_second"] / rates[one.name]
                aims[one.name] = min(2 * rates[one.name], aims[one.name] / part)
                self.expect(part > 0.5, f"the pace was not held: {result}")
        for thread in beside:
            thread.end()
            print(f"  {thread.done} times {thread.act.__name__}")
            self.expect(thread.done > self.seconds and not thread.mistakes, f"beside it: {thread.mistakes[:3]}")
        full = {"verify": verify, "token": token, "refused": verify}
        held = sum(one["per_second"] / full[one["kind"]] for one in self.results if one["kind"] in full)
        print(f"held: {held / math.ceil(self.seconds / SEGMENT_SECONDS):.0%} of the full load, by rate")
        self.judge(before)
        self.back_to(before)

    def judge(self, descriptors):
        warm = min(180, self.seconds / 3)
        samples = [one for one in self.samples if one["seconds"] >= warm]
        self.expect(len(samples) >= 4, "there are too few samples: take more minutes")
        print(f"{'':12}{'figure':15}{'first':>9}{'last':>9}{'growth':>9}{'a minute':>10}")
        for name in self.pids:
            for figure in ("processes", "threads", "descriptors", "anonymous_kib", "pss_kib", "rss_kib"):
                print(f"{name:12}{figure:15}{samples[0][name][figure]:9}{samples[-1][name][figure]:9}"
                      f"{growth(samples, name, figure):9.0f}{slope(samples, name, figure):10.1f}")
            kib = growth(samples, name, "anonymous_kib")
            self.expect(kib <= GROWTH_MIB[name] * 1024, f"the memory of {name} grew by {kib:.0f} KiB")
        for name in ("latchkeyd", "nginx"):
            for figure in ("processes", "threads"):
                seen = {one[name][figure] for one in samples}
                self.expect(len(seen) == 1, f"{name}: the number of {figure} is not always the same: {seen}")
        # nginx keeps a connection to latchkeyd for each request that was ever under way at once: no more than clients.
        most = max(one["latchkeyd"]["descriptors"] for one in self.samples)
        self.expect(most <= descriptors + self.clients + 100, f"{most} descriptors for {self.clients} clients")
        sessions = {one["sessions"] for one in samples}
        self.expect(len(sessions) == 1, f"the number of database sessions is not always the same: {sessions}")

    def back_to(self, descriptors):
        end = time.monotonic() + KEPT_SECONDS + 10
        while (now := sums(self.pids["latchkeyd"])["descriptors"]) > descriptors + 10 and time.monotonic() < end:
            time.sleep(1)
        print(f"descriptors of latchkeyd: {descriptors} before, {now} after it was over")
        self.expect(now <= descriptors + 10, f"{now} descriptors are open after the end, {descriptors} before")


def arguments():
    parser = argparse.ArgumentParser(
        prog="Tests/soak", description=DESCRIPTION, epilog=CONDITIONS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="how long (10)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes samples, results and faults there")
    chosen = parser.parse_args()
    if not 0.5 <= chosen.minutes <= 24 * 60:
        parser.error("--minutes takes a number from 0.5 to 1440")
    return chosen


def main():
    chosen = arguments()
    # Not above, so that --help needs no package of Python's.
    from product import Product

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    product = Product()
    try:
        product.start()
        soak = Soak(product, chosen.minutes)
        soak.run()
        if chosen.json:
            chosen.json.write_text(json.dumps(
                {"minutes": chosen.minutes, "samples": soak.samples, "results": soak.results, "faults": soak.faults},
                indent=1) + "\n")
    finally:
        with contextlib.suppress(AssertionError):
            product.stop("--fresh")
        product.remove()
    print("all was flat and right" if not soak.faults else f"{len(soak.faults)} faults")
    return 1 if soak.faults else 0


if __name__ == "__main__":
    sys.exit(main())
