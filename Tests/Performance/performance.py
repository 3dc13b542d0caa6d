"""Measures Latchkey beside its references. Started by Tests/Performance/run, which installs what is needed."""

import argparse
import contextlib
import importlib
import os
import re
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
# FastCGI by hand, tokens by hand, families of processes: as the system tests have them.
sys.path.insert(1, str(HERE.parent / "SystemTests"))

import machine  # noqa: E402
import report  # noqa: E402
from bench import Bench  # noqa: E402
from failure import Failure  # noqa: E402
from figures import Part  # noqa: E402
from latchkey import Latchkey  # noqa: E402
from reference_servers import References  # noqa: E402
from rounds import interleaved  # noqa: E402
from subjects import HTTP  # noqa: E402

PARTS = ["verify", "token", "stop", "idle", "memory", "start", "users", "prior_year"]


def arguments():
    parser = argparse.ArgumentParser(
        prog="Tests/Performance/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Latchkey on this machine, beside nginx alone, a C responder, PHP-FPM and pgbench.",
        epilog="""\
The parts: verify, token (rates and processor time beside the references), stop (verify's p99 while PostgreSQL is
stopped), idle (5,000 idle connections), memory, start, users (tokens against 10 thousand to 10 million users),
prior_year (what a page of a returning user's documents reads of the largest of these databases).

It builds and starts the product by deploy/try in a new folder and deletes that at the end, also when interrupted.
README.md, beside this program, says what the references are and how to read the tables.

Exit status: 0 measured, whatever was reached; 1 something could not be measured; 2 a wrong argument; 130 or 143
interrupted.""")
    parser.add_argument("--only", metavar="PART[,PART...]", help="these parts alone")
    parser.add_argument("--rounds", type=positive, help="rounds for each subject (5)")
    parser.add_argument("--seconds", type=positive, help="length of a round (4)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s, and no more than 10 thousand users")
    parser.add_argument("--users", type=sizes, metavar="N[,N...]",
                        help="sizes for the part users (10k,1m,10m); prior_year takes the largest")
    parser.add_argument("--json", type=Path, default=CHECKOUT / ".build/performance.json", metavar="FILE",
                        help="where the figures go as JSON (.build/performance.json)")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"),
                        help="in which the product's folder is made (/var/tmp); 10 million users want 8 GB there")
    parser.add_argument("--url", help="measure this endpoint of another server, by the same load, and nothing else")
    parser.add_argument("--token", help="with --url: the bearer token to send")
    parser.add_argument("--header", help="with --url: a whole header to send, in place of --token")
    parser.add_argument("--method", default="POST", help="with --url (POST)")
    parser.add_argument("--pid", type=positive, help="with --url: the server's topmost process, for processor time")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 4)
    options.users = options.users or ([10_000] if options.quick else [10_000, 1_000_000, 10_000_000])
    options.parts = options.only.split(",") if options.only else PARTS
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}: {', '.join(PARTS)}")
    if not options.url and (options.token or options.header or options.pid):
        parser.error("--token, --header and --pid go with --url")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def sizes(text):
    found = []
    for word in text.split(","):
        match = re.fullmatch(r"([1-9]\d*)([km]?)", word)
        if not match:
            raise argparse.ArgumentTypeError(f"{word} is no number such as 10k or 1m")
        found.append(int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2]])
    return found


def say(text):
    print(text, flush=True)


def measure_product(options, logs):
    """Everything in its folder, and nothing left of it at the end."""
    parts, failures = [], []
    with contextlib.ExitStack() as stack:
        product = stack.enter_context(contextlib.closing(Latchkey(options.folder, logs)))
        say(f"Latchkey is built and started; the first build takes minutes ({product.try_log.relative_to(CHECKOUT)})")
        product.start()
        references = stack.enter_context(contextlib.closing(References(product, logs)))
        references.start()
        product.empty_logs()
        stack.callback(quiet)
        conditions = machine.conditions(CHECKOUT, options, product, references)
        bench = Bench(product, references, options.rounds, options.seconds, options.users, say)
        for name in options.parts:
            say(f"== {name}")
            begin = time.monotonic()
            try:
                part = importlib.import_module(f"parts.{name}").run(bench)
            except (Failure, OSError) as error:
                failures.append((name, str(error)))
                say(f"   not measured: {error}")
                continue
            if part.faults:
                failures += [(name, fault) for fault in part.faults]
                for figure in part.figures:
                    figure.reached = None
            parts.append(part)
            say(f"   {time.monotonic() - begin:.0f} s")
    return conditions, parts, failures


def measure_url(options):
    header = options.header or (f"Authorization: Bearer {options.token}" if options.token else "")
    environment = {"LOAD_METHOD": options.method} | ({"LOAD_HEADER": header} if header else {})
    subject = HTTP(options.url, {"responder": [options.pid]} if options.pid else {}, options.url, "verify.lua",
                   environment)
    part = Part("url", rows=interleaved([subject], options.rounds, options.seconds))
    return machine.conditions(CHECKOUT, options), [part], [("url", fault) for fault in part.faults]


def quiet():
    """From now on nothing cuts this program short: it puts things away."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def interrupted(number, _):
    quiet()
    raise SystemExit(128 + number)


def main():
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    logs = CHECKOUT / ".build/performance"
    logs.mkdir(parents=True, exist_ok=True)
    # Files for the account of the services are readable to it unless a mode is given.
    os.umask(0o022)
    try:
        conditions, parts, failures = measure_url(options) if options.url else measure_product(options, logs)
    except Failure as error:
        say(f"Tests/Performance/run: {error}")
        return 1
    say("\n" + report.text(conditions, parts, failures))
    report.write_json(options.json, conditions, parts, failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
