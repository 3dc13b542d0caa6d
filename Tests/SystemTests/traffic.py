"""Requests in the background while something happens to the product, and what became of each."""

import threading
import time
from dataclasses import dataclass


@dataclass
class Outcome:
    name: str
    began: float
    seconds: float
    status: int
    answer: object
    text: str


def acts(product, app, tokens=3, verifies=3):
    """For so many clients of either endpoint."""
    token, _ = product.issued(app)

    def issue(client):
        return product.token(app, client=client)

    def verify(client):
        return product.verify(token, client=client)

    return [issue] * tokens + [verify] * verifies


class Traffic:
    """Each act runs in a thread of its own, with a client of its own, again and again while the block lasts.

    An act takes the client and returns its answer. What it raises becomes an outcome of status 0.
    """

    def __init__(self, product, acts, pause=0.0):
        self.product, self.pause = product, pause
        self.outcomes = []
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=(f"{index} {act.__name__}", act), daemon=True)
            for index, act in enumerate(acts)
        ]

    def run(self, name, act):
        with self.product.client() as client:
            while not self.stopping.is_set():
                began = time.monotonic()
                try:
                    answer = act(client)
                    status, text = answer.status_code, answer.text
                except Exception as error:  # every failure counts, whichever it is
                    answer, status, text = None, 0, repr(error)
                self.outcomes.append(Outcome(name, began, time.monotonic() - began, status, answer, text))
                self.stopping.wait(self.pause)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "a request never ended"

    def wait_for(self, count, within=30):
        """Until so many more requests have been answered for every act."""
        goal = {thread.name for thread in self.threads}
        before = len(self.outcomes)
        end = time.monotonic() + within
        while len(self.outcomes) < before + count * len(goal):
            assert time.monotonic() < end, f"fewer than {count} answers for each act within {within} s"
            time.sleep(0.01)

    def failures(self, expected=(200,)):
        return [f"{one.name}: {one.status} {one.text[:200]}" for one in self.outcomes if one.status not in expected]
