"""Waiting for a condition, never for a time."""

import time


def eventually(condition, within, what="the condition"):
    """Waits until `condition()` is true and returns what it returned; fails after `within` seconds."""
    end = time.monotonic() + within
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(0.02)


def seconds_until(condition, within, what="the condition"):
    """How long it took until `condition()` was true."""
    begin = time.monotonic()
    eventually(condition, within, what)
    return time.monotonic() - begin
