"""Figures: what was measured, what is to be reached, and what each part of the measurement hands in."""

from dataclasses import dataclass, field


@dataclass
class Figure:
    """A line of the table. `reached` is None where it could not be told."""

    name: str
    measured: str
    goal: str
    reached: bool | None
    value: float | None = None


def at_least(name, value, goal):
    return Figure(name, f"{value:.2f}", f">= {goal:g}", value >= goal, value)


def at_most(name, value, goal, text=None):
    """`text` where the goal is better read as another expression, such as 1/8."""
    return Figure(name, f"{value:.2f}" if value >= 1 else f"{value:.3f}", f"<= {text or f'{goal:g}'}", value <= goal,
                  value)


@dataclass
class Part:
    """What one part found: figures, the rows that they come from, and sentences for the reader."""

    name: str
    figures: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def faults(self):
        """What makes its figures worthless: answers that were none."""
        return [f"{row.name}: {fault}" for row in self.rows for fault in row.faults]
