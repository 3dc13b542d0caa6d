"""Tokens for existing users, against more and more users."""

import shutil
import time

from failure import Failure
from figures import Figure, Part

# Of which ids are drawn: more of them would not be met within a measurement.
DRAWN = 200_000
# Table, index and log: somewhat more than what was seen.
BYTES_A_USER = 500
# What the control may change by before the figure tells nothing.
DRIFT = 0.1


def run(bench):
    product = bench.product
    rows, notes, controls = [], [], []
    product.sql("TRUNCATE latchkey.users, latchkey.idempotency_keys")
    for size in sorted(bench.sizes):
        free = shutil.disk_usage(product.parent).free
        if free < size * BYTES_A_USER + 2_000_000_000:
            raise Failure(f"{size:,} users want {size * BYTES_A_USER / 1e9:.0f} GB of disk and 2 to spare; "
                          f"{free / 1e9:.0f} are free")
        begin = time.monotonic()
        product.seed(size)
        seeded = time.monotonic() - begin
        users = bench.users_file(DRAWN)
        bytes_ = int(product.value("SELECT pg_total_relation_size('latchkey.users')"))
        notes.append(f"{size:,} users: {bytes_ / 1e6:,.0f} MB of table and index, made in {seeded:.0f} s")
        bench.say(f"   {notes[-1]}")
        # Sizes cannot take turns; the control shows whether the machine changed meanwhile.
        row, control = bench.interleaved(
            bench.token(f"latchkeyd, one of {size:,} users", users), bench.constant())
        control.name = f"{control.name}, beside {size:,} users"
        rows.append(row)
        controls.append(control)
        users.unlink()
    part = Part("users", rows=[row for pair in zip(rows, controls) for row in pair], notes=notes)
    if len(rows) > 1:
        slower = 1 - rows[-1].rate / rows[0].rate
        drift = controls[-1].rate / controls[0].rate - 1
        first, last = (f"{size:,}" for size in (min(bench.sizes), max(bench.sizes)))
        part.figures.append(Figure(
            f"token against {first} to {last} users: slower from first to last", f"{slower:.0%}", "<= 30%",
            slower <= 0.3 if abs(drift) <= DRIFT else None, slower))
        part.notes += [
            f"the control, nginx alone, changed by {drift:+.0%} from first to last"
            + (": the machine is not what it was, and the figure tells nothing" if abs(drift) > DRIFT else ""),
            f"PostgreSQL's processor time per request: {rows[0].cpu_us('postgresql'):.0f} us at first, "
            f"{rows[-1].cpu_us('postgresql'):.0f} us at last"]
        part.notes.append("shared_buffers is deploy/try's " + product.value("SHOW shared_buffers")
                          + "; the rest is the kernel's cache")
    return part
