"""What processes take, as /proc(5) tells: processor time and memory, of a process and of all below it."""

import os
import signal
import time
from pathlib import Path

from processes import family

TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(roots):
    """Processor time that the processes below these, and these themselves, have taken so far."""
    return sum(_seconds(pid) for root in roots for pid in family(root))


def _seconds(pid):
    """Its threads' to the nanosecond; that of children which ended and were waited for to a clock tick."""
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        own = 0
        for thread in (process / "task").iterdir():
            try:
                own += int((thread / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return own / 1e9 + (int(fields[13]) + int(fields[14])) * TICK


def machine_seconds():
    """Processor time that the whole machine has been busy, its host's share (steal) included."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def pss_kibibytes(root):
    """The proportional set size of each process of the family, by pid."""
    sizes = {}
    for pid in family(root):
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    sizes[pid] = int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return sizes


def thread_names(root):
    names = []
    for pid in family(root):
        for thread in Path(f"/proc/{pid}/task").glob("*/comm"):
            names.append(thread.read_text().strip())
    return names


class Stopped:
    """A family of processes stopped by SIGSTOP while the block runs. Whatever happens, SIGCONT follows."""

    def __init__(self, root):
        self.root = root
        self.pids = []

    def __enter__(self):
        try:
            # The parent first: then nothing new comes, save what was being made.
            for _ in range(3):
                for pid in family(self.root):
                    if pid not in self.pids:
                        self.pids.append(pid)
                        _signal(pid, signal.SIGSTOP)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for pid in reversed(self.pids):
            _signal(pid, signal.SIGCONT)


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
