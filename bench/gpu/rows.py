"""Makes a CSV of comparisons of a chosen length, from words that a tokenizer splits like real text.

Run as: python rows.py ROWS WORDS SEED [SPREAD] > rows.csv
The lengths are lognormal with mean WORDS; SPREAD is the standard deviation of their logarithm (0: all are equally long).
"""

import csv
import json
import math
import random
import sys

WORDS = """time people way water day part sound work place year back thing name sentence line boy farm end men land home hand
picture air animal house page letter answer study light story head earth country city tree road river mountain question
because different another through between against important example together children without example measure remember
probably surface several products happened whole machine government interest language temperature instrument""".split()


def main() -> None:
    rows, words, seed = (int(value) for value in sys.argv[1:4])
    spread = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0
    source = random.Random(seed)
    writer = csv.writer(sys.stdout)
    writer.writerow(["id", "prompt", "response_a", "response_b"])

    def text(count: int) -> str:
        return json.dumps([" ".join(source.choice(WORDS) for _ in range(count))])

    for row in range(rows):
        own = round(words * math.exp(source.gauss(0, spread) - spread**2 / 2)) if spread > 0 else words
        writer.writerow([row, text(own // 5), text(2 * own // 5), text(2 * own // 5)])


if __name__ == "__main__":
    main()
