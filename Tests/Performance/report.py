"""What people read, and the same as JSON."""

import json

COLUMNS = ["subject", "req/s", "slowest", "fastest", "p50 ms", "p99 ms", "nginx", "responder", "PostgreSQL", "load",
           "others"]


# What others may take of the machine before the reader is warned.
QUIET = 0.1


def table(lines, head):
    """Columns as wide as they need to be; the first one to the left, the others to the right."""
    lines = [head, *lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) if not column else text.rjust(width)
                  for column, (text, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)


def rows_table(rows):
    return table([_cells(row) for row in rows], COLUMNS)


def _cells(row):
    slowest, fastest = row.spread
    cpu = [row.cpu_us(who) for who in ("nginx", "responder", "postgresql", "load")]
    others = row.median("others")
    return [row.name, f"{row.rate:,.0f}", f"{slowest:,.0f}", f"{fastest:,.0f}", _milliseconds(row.median("p50_us")),
            _milliseconds(row.p99_us), *("-" if value is None else f"{value:.1f}" for value in cpu),
            "-" if others is None else f"{others:.0%}"]


def _milliseconds(microseconds):
    return "-" if microseconds is None else f"{microseconds / 1000:.2f}"


def figures_table(figures):
    answers = {True: "yes", False: "NO", None: "-"}
    lines = [[one.name, one.measured, one.goal, answers[one.reached]] for one in figures]
    return table(lines, ["figure", "measured", "to reach", "reached"])


def text(conditions, parts, failures):
    blocks = ["\n".join(f"{name + ':':<13} {value}" for name, value in conditions.items())]
    for part in parts:
        lines = [f"== {part.name}"]
        if part.rows:
            lines.append(rows_table(part.rows))
        lines += part.notes
        lines += [f"FAULT {fault}" for fault in part.faults]
        blocks.append("\n".join(lines))
    if any(part.rows for part in parts):
        blocks.append(
            "Medians of the rounds. nginx, responder, PostgreSQL and load: microseconds of processor time per "
            "request;\nothers: what all other processes took of the machine meanwhile.")
        shares = [row.median("others") for part in parts for row in part.rows]
        shares = [share for share in shares if share is not None]
        busy = [share for share in shares if share > QUIET]
        if busy:
            blocks.append(f"THE MACHINE WAS NOT QUIET: others took more than {QUIET:.0%} of it in {len(busy)} of "
                          f"{len(shares)} rows, at most {max(busy):.0%}")
    figures = [figure for part in parts for figure in part.figures]
    if figures:
        blocks.append(figures_table(figures))
    blocks += [f"NOT MEASURED {name}: {why}" for name, why in failures]
    return "\n\n".join(blocks)


def write_json(path, conditions, parts, failures):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "conditions": conditions,
        "figures": [vars(figure) for part in parts for figure in part.figures],
        "parts": [{"name": part.name, "subjects": [row.json() for row in part.rows], "notes": part.notes,
                   "faults": part.faults} for part in parts],
        "not_measured": [{"part": name, "why": why} for name, why in failures],
    }, indent=1) + "\n")
