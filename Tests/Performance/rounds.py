"""Interleaved rounds and their medians: what changes on the machine meanwhile meets all subjects alike."""

import statistics
from dataclasses import dataclass


@dataclass
class Row:
    """A subject's rounds, and the medians of them."""

    name: str
    rounds: list

    def median(self, *path):
        values = [self._value(one, path) for one in self.rounds]
        return None if None in values else statistics.median(values)

    @staticmethod
    def _value(one, path):
        for name in path:
            one = one.get(name)
            if one is None:
                return None
        return one

    @property
    def rate(self):
        return self.median("rate")

    @property
    def p99_us(self):
        return self.median("p99_us")

    def cpu_us(self, who="responder"):
        return self.median("cpu_us", who)

    @property
    def spread(self):
        """The slowest and the fastest round."""
        rates = [one["rate"] for one in self.rounds]
        return min(rates), max(rates)

    @property
    def faults(self):
        return [fault for one in self.rounds for fault in one["faults"]]

    def json(self):
        return {"name": self.name, "rate": self.rate, "p50_us": self.median("p50_us"), "p99_us": self.p99_us,
                "cpu_us": {who: self.cpu_us(who) for who in self.rounds[0]["cpu_us"]}, "others": self.median("others"),
                "rounds": self.rounds}


def interleaved(subjects, rounds, seconds, after=lambda: None):
    """Warms each subject up, then measures A B C B C A C A B ... - Returns: a row for each, in their order."""
    for subject in subjects:
        subject.measure(1)
        after()
    samples = {subject.name: [] for subject in subjects}
    for number in range(rounds):
        turn = number % len(subjects)
        for subject in subjects[turn:] + subjects[:turn]:
            samples[subject.name].append(subject.measure(seconds))
            after()
    return [Row(subject.name, samples[subject.name]) for subject in subjects]
