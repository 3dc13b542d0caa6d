"""A latchkeyd that a shell starts, with whatever that can do to a program."""

import contextlib
import os
import subprocess

from waiting import eventually


@contextlib.contextmanager
def latchkeyd(product, before="", behind="", **channels):
    """With the product's configuration, in the place that in_place_of_latchkeyd made for it. It ends well, too.

    `before` stands before the command, in the account that it runs as, and `behind` behind it: redirections.
    """
    command = product.as_account(
        "sh", "-c", f'exec {before} "$0" --config "$1" {behind}', str(product.state / "bin/latchkeyd"),
        str(product.state / "latchkeyd.conf"))
    process = subprocess.Popen(
        command, env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **channels)
    try:
        eventually(lambda: product.token(product.demo).status_code == 200, 10, "it issues tokens")
        yield process
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
