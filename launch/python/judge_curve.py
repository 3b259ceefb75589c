"""The curve of a training: what is printed as it goes, and kept in curve.jsonl."""

import json
from pathlib import Path
from typing import Any


class Curve:
    """Prints JSON lines, and keeps those with a step number. In a training on several devices only one prints."""

    def __init__(self, path: Path, *, speaks: bool) -> None:
        """`path` is curve.jsonl."""
        self.path = path
        self.speaks = speaks

    def say(self, line: dict[str, Any]) -> None:
        """Print a line."""
        if self.speaks:
            print(json.dumps(line), flush=True)

    def add(self, line: dict[str, Any]) -> None:
        """Print a line and keep it."""
        self.say(line)
        if self.speaks:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")

    def cut_after(self, step: int) -> None:
        """Remove the lines after a step: a resumed training computes them again. A last line that was cut off goes too."""
        if not self.speaks or not self.path.exists():
            return
        kept = [line for line in self.path.read_text(encoding="utf-8").splitlines() if is_within(line, step)]
        partial = self.path.with_name(f"{self.path.name}.partial")
        partial.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        partial.replace(self.path)


def is_within(line: str, step: int) -> bool:
    """Tell whether a line is whole and its step is not after `step`."""
    try:
        entry: dict[str, dict[str, Any]] = json.loads(line)
    except json.JSONDecodeError:
        return False
    return all(each["step"] <= step for each in entry.values())


def read_curve(path: Path) -> list[dict[str, Any]]:
    """Read the lines that were kept."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
