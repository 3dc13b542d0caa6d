"""What ends a measurement without a figure."""


class Failure(Exception):
    """A sentence: what could not be measured, and why."""
