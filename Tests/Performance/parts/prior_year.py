"""What PostgreSQL reads for a page of prior-year documents, counted against look-ups by primary key."""

import json
import math
import shutil
import statistics
import time

from failure import Failure
from figures import Figure, Part

# Documents of the users that are looked at.
HISTORIES = [5, 200, 10_000]
# Rows of each kind that the endpoint asks for.
PAGE = 200
# The aim: a page costs no more than so many look-ups of users for so many rows.
LOOKUPS, ROWS = 3, 20
# Enough calls for plpgsql to settle on the plan that it keeps.
CALLS = 10
# Users with their index and log, and the documents of a few.
BYTES_A_USER = 600


def run(bench):
    product = bench.product
    size = max(bench.sizes)
    if shutil.disk_usage(product.parent).free < size * BYTES_A_USER + 2_000_000_000:
        raise Failure(f"{size:,} users want {size * BYTES_A_USER / 1e9:.0f} GB of disk and 2 to spare")
    begin = time.monotonic()
    product.sql("TRUNCATE latchkey.documents, latchkey.platform_links")
    histories = [option for count in HISTORIES for option in ("--history", str(count))]
    users = product.seed(size, "--documents", *histories).split()
    seeded = time.monotonic() - begin
    [[documents, links]] = product.sql("SELECT (SELECT count(*) FROM latchkey.documents),"
                                       " (SELECT count(*) FROM latchkey.platform_links)")
    part = Part("prior_year", notes=[
        f"{size:,} users, {int(documents):,} documents, {int(links):,} platform links, made in {seeded:.0f} s"])
    bench.say(f"   {part.notes[-1]}")

    lookup = _lookup(product)
    part.notes.append(f"a look-up of a user by primary key reads {lookup:.1f} buffers (mean of {PAGE})")
    for count, user in zip(HISTORIES, users):
        for name, position in _pages(product, user, count):
            rows, buffers, scans = _page(product, user, position)
            goal = LOOKUPS * lookup * math.ceil(rows / ROWS)
            part.figures.append(Figure(
                f"buffers of a page: user with {count:,} documents, {name}", f"{buffers} for {rows} rows",
                f"<= {goal:.0f}", buffers <= goal and scans == {"Index Only Scan"}, buffers))
            if scans != {"Index Only Scan"}:
                part.notes.append(f"{count:,} documents, {name}: read by {', '.join(sorted(scans))}")

    # Until vacuum has been there, the scan asks the table whether it may see what was written.
    product.sql(f"UPDATE latchkey.documents SET retrieved_at = now() WHERE user_id = '{users[1]}'")
    rows, buffers, _ = _page(product, users[1], None)
    part.notes.append(f"the page of the user with {HISTORIES[1]:,} documents right after all of them were retrieved "
                      f"again, before vacuum: {buffers} buffers for {rows} rows")
    return part


def _pages(product, user, count):
    """Names and positions of the first page, one in the middle and the last: the rows before them."""
    pages = math.ceil(count / PAGE)
    if pages == 1:
        return [("its only page", None)]
    return [("first page", None), ("middle page", _position(product, user, pages // 2 * PAGE)),
            ("last page", _position(product, user, (pages - 1) * PAGE))]


def _position(product, user, rows):
    """Behind so many documents, or the last: and behind as many platforms."""
    found = []
    for table, name in (("platform_links", "platform_name"), ("documents", "file_name")):
        found += product.sql(
            f"SELECT tax_year, {name}, platform FROM (SELECT * FROM latchkey.{table} WHERE user_id = '{user}'"
            f" ORDER BY year_order, {name}, platform LIMIT {rows}) AS page"
            f" ORDER BY year_order DESC, {name} DESC, platform DESC LIMIT 1")
    return found


def _page(product, user, position):
    """Rows, buffers and kinds of scan of the two statements inside latchkey_api.prior_year."""
    places = ["NULL, NULL, NULL" if place is None else f"{place[0]}, '{place[1]}', '{place[2]}'"
              for place in position or (None, None)]
    plans = _plans(product, f"SELECT count(*) FROM latchkey_api.prior_year('{product.client_app}', '{user}', NULL, "
                            f"{PAGE}, {places[0]}, {PAGE}, {places[1]});\n" * CALLS)
    inner = [plan["Plan"] for plan in plans if "latchkey.platform_links" in plan["Query Text"]
             or "latchkey.documents" in plan["Query Text"]]
    if len(inner) != 2 * CALLS:
        raise Failure(f"{len(inner)} statements were explained, not {2 * CALLS}")
    calls = [inner[number:number + 2] for number in range(0, len(inner), 2)]
    # Of the plan for this very page, and of the one that is kept, the dearer.
    dearest = max(calls, key=lambda call: sum(map(_buffers, call)))
    return (sum(plan["Actual Rows"] for plan in dearest), sum(map(_buffers, dearest)),
            {scan for plan in dearest for scan in _scans(plan)})


def _lookup(product):
    ids = [row[0] for row in product.sql(
        f"SELECT id FROM latchkey.users WHERE client_app_id = '{product.client_app}' AND random() <"
        f" {2 * PAGE} / (SELECT count(*) FROM latchkey.users)::float8 LIMIT {PAGE}")]
    plans = _plans(product, "".join(
        f"SELECT * FROM latchkey.users WHERE client_app_id = '{product.client_app}' AND id = '{id_}';\n"
        for id_ in ids))
    return statistics.mean(_buffers(plan["Plan"]) for plan in plans)


def _plans(product, statements):
    """Runs the statements as latchkeyd's role would plan them; what auto_explain says of each, and of those inside."""
    text = product.messages(
        "LOAD 'auto_explain'; SET enable_seqscan = off; SET jit = off;"
        " SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off;"
        " SET auto_explain.log_format = json; SET auto_explain.log_nested_statements = on;"
        " SET client_min_messages = log; SET auto_explain.log_min_duration = 0;\n" + statements)
    decoder = json.JSONDecoder()
    return [decoder.raw_decode(message[message.index("{"):])[0] for message in text.split("LOG:  duration:")[1:]]


def _buffers(plan):
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def _scans(plan):
    inner = plan.get("Plans", [])
    return [scan for part in inner for scan in _scans(part)] if inner else [plan["Node Type"]]
