"""Make rows whose best possible log loss is known: a rule decides the winner, and a tenth of the labels is wrong.

Run as: python rule_rows.py RULE OUT.csv [--rows 3000] [--seed 1] [--noise 0.1] [--short]    (any Python from 3.11; nothing else)

RULE  word    the prompt asks for a word; the answer that holds it wins, and both or none is a tie
      length  the answer that is longer by more than 3 words wins, else a tie
      sum     the prompt asks for the sum of two numbers below 50; the right answer wins, both or none is a tie
The columns are those of the LMSYS competition (id, prompt, response_a, response_b, winner_model_a, winner_model_b, winner_tie),
and by_rule, the class before a tenth of them was changed: with it the best log loss of a part of the rows can be computed.
Each class of the rule is as frequent as the others. Then the label of a tenth of the rows, chosen at random, becomes one of the
other two. --short makes answers of few words, for a training on a CPU.

Prints one JSON object: {"rule", "rows", "best_log_loss"}. The best log loss is that of a judge that knows the rule and the noise:
-(1 - noise) ln(1 - noise) - noise ln(noise / 2), which is 0.394 for a tenth. The share of wrong labels is the same in each of
five folds by the position of the row (`abtie prepare --folds-by position`), so that it is the best of the held-out rows too.
"""

import argparse
import csv
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CLASSES = ("a", "b", "tie")
LARGEST_DIFFERENCE_OF_A_TIE = 3
FOLDS = 5
# Common words of one or two tokens. They have no meaning for the rules, except the one that is asked for.
TEXT_OF_WORDS = (
    "apple river stone cloud green paper music chair bread light table horse garden window silver winter summer bridge "
    "candle forest island kitchen letter market mirror morning ocean orange pencil pocket rabbit school shadow sister "
    "spring street ticket travel valley village yellow basket button carpet circle coffee corner cotton desert dinner "
    "doctor dragon engine"
)
WORDS = TEXT_OF_WORDS.split()

Texts = tuple[str, str, str]


@dataclass(frozen=True)
class Row:
    """Three texts, the class by the rule, and the class that the file states."""

    texts: Texts
    by_rule: str
    stated: str


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rule", choices=sorted(RULES))
    parser.add_argument("out", type=Path, help="CSV to write")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=float, default=0.1, help="share of wrong labels")
    parser.add_argument("--short", action="store_true", help="answers of few words")
    options = parser.parse_args()
    rows = make_rows(options.rule, options.rows, seed=options.seed, noise=options.noise, short=options.short)
    write_rows(options.out, rows)
    print(json.dumps({"rule": options.rule, "rows": len(rows), "best_log_loss": best_log_loss(options.noise)}))


def best_log_loss(noise: float) -> float:
    """Compute the log loss (nats) of a judge that knows the rule and the share of wrong labels."""
    return sum(-share * math.log(share) * count for share, count in ((1 - noise, 1), (noise / 2, 2)) if 0 < share < 1)


def make_rows(rule: str, count: int, *, seed: int, noise: float, short: bool) -> list[Row]:
    """Make rows, and give a share of them a wrong class."""
    source = random.Random(f"{rule} {seed}")
    classes = [CLASSES[number % len(CLASSES)] for number in range(count)]
    source.shuffle(classes)
    wrong: set[int] = set()
    for fold in range(FOLDS):
        part = range(fold, count, FOLDS)
        wrong.update(source.sample(part, round(noise * len(part))))
    made: list[Row] = []
    for at, winner in enumerate(classes):
        stated = source.choice([each for each in CLASSES if each != winner]) if at in wrong else winner
        made.append(Row(RULES[rule](source, winner, short), winner, stated))
    return made


def word_row(source: random.Random, winner: str, short: bool) -> Texts:
    """Ask for a word; the winner holds it."""
    asked = source.choice(WORDS)
    others = [word for word in WORDS if word != asked]
    holds = {"a": (True, False), "b": (False, True), "tie": source.choice([(True, True), (False, False)])}[winner]
    low, high = (2, 4) if short else (6, 12)
    answers = [answer(source, others, asked if each else None, source.randint(low, high)) for each in holds]
    return f"Say the word {asked}." if short else f"Write a line with the word {asked} in it.", answers[0], answers[1]


def answer(source: random.Random, words: list[str], asked: str | None, length: int) -> str:
    """Choose words, and put the one that is asked for at any place among them."""
    chosen = source.sample(words, length)
    if asked is not None:
        chosen[source.randrange(length)] = asked
    return " ".join(chosen)


def length_row(source: random.Random, winner: str, short: bool) -> Texts:
    """Make answers of lengths that differ by more than 3 words, or by no more."""
    low, high = (2, 12) if short else (4, 24)
    while True:
        counts = source.randint(low, high), source.randint(low, high)
        difference = counts[0] - counts[1]
        tie = abs(difference) <= LARGEST_DIFFERENCE_OF_A_TIE
        if winner == ("tie" if tie else "a" if difference > 0 else "b"):
            break
    answers = [" ".join(source.sample(WORDS, count)) for count in counts]
    return "Write some words." if short else "Write a line of words, as many as you like.", answers[0], answers[1]


def sum_row(source: random.Random, winner: str, short: bool) -> Texts:
    """Ask for a sum; wrong answers are near the right one."""
    first, second = source.randint(0, 49), source.randint(0, 49)
    right = first + second
    holds = {"a": (True, False), "b": (False, True), "tie": source.choice([(True, True), (False, False)])}[winner]
    shown = [right if each else right + source.choice([d for d in range(-10, 11) if d != 0 and right + d >= 0]) for each in holds]
    if short:
        return f"{first} + {second}?", str(shown[0]), str(shown[1])
    return f"What is {first} + {second}?", f"The sum is {shown[0]}.", f"The sum is {shown[1]}."


RULES: dict[str, Callable[[random.Random, str, bool], Texts]] = {
    "word": word_row,
    "length": length_row,
    "sum": sum_row,
}


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write the rows in the columns of the competition."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie", "by_rule"])
        for number, row in enumerate(rows):
            cells = [json.dumps([text]) for text in row.texts]
            writer.writerow([number, *cells, *(int(row.stated == each) for each in CLASSES), row.by_rule])


if __name__ == "__main__":
    main()
