"""Processes, as /proc(5) shows them."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from waiting import eventually


def state(pid):
    """One letter: R, S and D run, T is stopped, Z only waits for its parent to read its status; None for no process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_running(pid):
    return state(pid) not in (None, "Z")


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


def children(pid):
    """Those right below a process that run, by age."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split() if is_running(int(child))]


def using(folder):
    """The processes that have to do with a folder: by their command line, working folder, or environment."""
    found = {}
    text = str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        if not is_running(int(process.name)):
            continue
        words, place, environment = b"", b"", b""
        # Of latchkeyd only the first can be read, unless by root.
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes()
            place = os.readlink(process / "cwd").encode()
            environment = (process / "environ").read_bytes()
        if text in words or place.startswith(text) or text in environment:
            found[int(process.name)] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def as_root(*command):
    """What a command prints that looks into latchkeyd, which lets nobody but root do that."""
    if os.geteuid() == 0:
        return subprocess.run(command, capture_output=True).stdout
    result = subprocess.run(["sudo", "-n", *command], capture_output=True)
    if result.returncode != 0 and b"sudo" in result.stderr:
        pytest.skip("only root may look into latchkeyd, and sudo asks for a password")
    return result.stdout


def environment(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return as_root("cat", f"/proc/{pid}/environ")


def open_files(pid):
    """What each open file of a process is."""
    return as_root("find", f"/proc/{pid}/fd", "-mindepth", "1", "-printf", r"%l\n").decode().splitlines()


def descriptors(*pids):
    """How many files the processes have open."""
    try:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
    except PermissionError:
        return sum(len(open_files(pid)) for pid in pids)


def resident_kilobytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(f"process {pid} has no VmRSS")
