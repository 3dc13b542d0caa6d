"""Verify beside nginx alone, the C responder and PHP-FPM."""

from figures import Part, at_least, at_most


def run(bench):
    rows = ours, c, php, _ = bench.interleaved(bench.verify(), bench.c(), bench.php_verify(), bench.constant())
    return Part("verify", [
        at_least("verify: requests/s against the C responder", ours.rate / c.rate, 0.95),
        at_most("verify: responder CPU per request against the C responder", ours.cpu_us() / c.cpu_us(), 1.25),
        at_least("verify: requests/s against PHP-FPM", ours.rate / php.rate, 3),
        at_most("verify: responder CPU per request against PHP-FPM", ours.cpu_us() / php.cpu_us(), 1 / 8, "1/8"),
    ], rows)
