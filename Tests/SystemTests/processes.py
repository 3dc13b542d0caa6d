"""Processes, as /proc(5) shows them."""

import os
import signal
from pathlib import Path

from waiting import eventually


def is_running(pid):
    """Whether there is such a process; one that only waits for its parent to read its status is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop(pid, number=signal.SIGTERM, within=20):
    """Ends one process and waits until it is gone."""
    os.kill(pid, number)
    eventually(lambda: not is_running(pid), within, f"process {pid} has ended")


def family(pid):
    """The process and all below it."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def using(folder):
    """The processes that have to do with a folder: by their command line, working folder, or environment."""
    found = {}
    text = str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            if not is_running(int(process.name)):
                continue
            words = (process / "cmdline").read_bytes()
            place = os.readlink(process / "cwd").encode()
            environment = (process / "environ").read_bytes()
        except (OSError, ProcessLookupError):
            continue
        if text in words or place.startswith(text) or text in environment:
            found[int(process.name)] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def descriptors(pid):
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kilobytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(f"process {pid} has no VmRSS")
