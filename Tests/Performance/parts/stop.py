"""Verify's p99 while others ask for tokens, and PostgreSQL stops for 5 s in the midst of it."""

import time

import usage
from figures import Figure, Part
from subjects import wrk, wrk_result
from rounds import Row

STOPPED_SECONDS = 5
SECONDS = 7


def run(bench):
    bench.verify().measure(1)
    rows = {False: [], True: []}
    for number in range(bench.rounds):
        for stopped in (False, True) if number % 2 == 0 else (True, False):
            rows[stopped].append(_round(bench, stopped))
            bench.product.check_logs()
    without = Row("verify beside tokens", rows[False])
    with_stop = Row("verify beside tokens, PostgreSQL stopped for 5 s", rows[True])
    # Noise is what the same measurement differs by from round to round.
    noise = max(one["p99_us"] for one in without.rounds)
    return Part("stop", [Figure(
        "verify's p99 while 32 clients ask for tokens and PostgreSQL is stopped for 5 s",
        f"{with_stop.p99_us / 1000:.2f} ms", f"<= {noise / 1000:.2f} ms (without)",
        with_stop.p99_us <= noise, with_stop.p99_us)], [without, with_stop],
        [f"p99 of the slowest round without the stop: {noise / 1000:.2f} ms, median {without.p99_us / 1000:.2f} ms",
         f"the longest answers with it {max(one['max_us'] for one in with_stop.rounds) / 1000:.0f} ms, without it "
         f"{max(one['max_us'] for one in without.rounds) / 1000:.0f} ms"])


def _round(bench, stopped):
    tokens = wrk(bench.product.url(path="/api/token"), "token.lua", SECONDS + 1, bench.token_environment(), threads=1)
    try:
        time.sleep(0.5)
        begin = time.monotonic()
        verify = wrk(bench.product.url(), "verify.lua", SECONDS, bench.verify_environment)
        try:
            if stopped:
                time.sleep(1)
                with usage.Stopped(bench.product.postgresql):
                    time.sleep(STOPPED_SECONDS)
            result = wrk_result(verify)
        finally:
            verify.kill()
        # Those for tokens are refused meanwhile, as they must be: only verify's answers count here.
        wrk_result(tokens)
    finally:
        tokens.kill()
    usage.wait_for(lambda: _issues(bench.product), 10, "tokens are issued again")
    return result | {"cpu_us": {}, "seconds": time.monotonic() - begin}


def _issues(product):
    status, _ = product.post(product.url(path="/api/token"), product.credentials)
    return status == 200
