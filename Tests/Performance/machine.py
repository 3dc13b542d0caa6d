"""The conditions of a measurement: the machine and the versions on it."""

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def conditions(checkout, options, product=None, references=None):
    found = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": said("git", "-C", checkout, "describe", "--always", "--dirty"),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _os_release(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "load before": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "rounds": f"{options.rounds} of {options.seconds} s each",
        "load": f"wrk {said('wrk', '-v', pattern=r'wrk (?:debian/)?([^ ]+)')}, 2 threads, 32 connections kept alive, "
                "HTTP/1.1, on the same machine",
    }
    if product:
        found |= {
            "nginx": said("nginx", "-v", pattern=r"nginx/(\S+)") + ", TLS 1.3",
            "OpenSSL": said("openssl", "version", pattern=r"OpenSSL (\S+)"),
            "PostgreSQL": product.value("SHOW server_version"),
            "PHP": said(references.php_program, "-v", pattern=r"PHP (\S+)") + " FPM, opcache",
            "C compiler": said("gcc", "-dumpfullversion") + ", -O2",
            "Swift": said("swift", "--version", pattern=r"Swift version (\S+)") + ", release",
            "latchkeyd": f"{os.path.getsize(product.state / 'bin/latchkeyd') / 1e6:.1f} MB, "
                         f"{product.database_workers} database workers in all",
        }
    return found


def said(*command, pattern=None):
    """What a program says of itself, on either output."""
    try:
        result = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return "unknown"
    text = (result.stdout + result.stderr).strip()
    if pattern:
        found = re.search(pattern, text)
        return found[1] if found else "unknown"
    return text if result.returncode == 0 else "unknown"


def _os_release():
    text = Path("/etc/os-release").read_text()
    return re.search(r'^PRETTY_NAME="?([^"\n]*)', text, re.MULTILINE)[1]


def _processor():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory():
    kilobytes = int(re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)[1])
    return f"{kilobytes / 1024 / 1024:.0f} GiB"
