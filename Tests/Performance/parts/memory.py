"""Memory of the responder's processes while both endpoints are under load: PSS, what is shared is shared out."""

import time

import usage
from failure import Failure
from figures import Part, at_most
from subjects import wrk, wrk_result

LOOKS = 5


def run(bench):
    product = bench.product
    verify = wrk(product.url(), "verify.lua", LOOKS + 1, bench.verify_environment)
    tokens = wrk(product.url(path="/api/token"), "token.lua", LOOKS + 1, bench.token_environment())
    looks = []
    try:
        for _ in range(LOOKS):
            time.sleep(1)
            looks.append(usage.pss_kibibytes(product.responder))
        results = wrk_result(verify), wrk_result(tokens)
    finally:
        verify.kill()
        tokens.kill()
    product.check_logs()
    if faults := [fault for result in results for fault in result["faults"]]:
        raise Failure("under this load: " + ", ".join(faults))
    largest = max(looks, key=lambda sizes: sum(sizes.values()))
    each = ", ".join(f"{size / 1024:.1f}" for size in largest.values())
    figure = at_most("memory (PSS) under load, MiB", sum(largest.values()) / 1024, 16)
    return Part("memory", [figure], notes=[
        f"PSS of each process: {each} MiB, at the largest of {LOOKS} looks, 1 s apart, with 32 clients at each "
        f"endpoint ({results[0]['rate']:.0f} verify/s, {results[1]['rate']:.0f} token/s)"])
