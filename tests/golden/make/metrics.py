"""Writes metrics.tsv: what scikit-learn and scipy measure of random answers: the metric, its value, what was found, what was
wanted.

    python tests/golden/make/metrics.py
"""

import pathlib
import random

from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef


def main():
    drawn, lines = random.Random(1), []

    def line(name, value, found, wanted):
        lines.append("\t".join([name, repr(float(value)), ",".join(map(repr, found)), ",".join(map(repr, wanted))]))

    for labels in (1, 2, 3, 5):
        for count in (1, 2, 7, 40):
            found, wanted = ([drawn.randrange(labels) for _ in range(count)] for _ in range(2))
            wanted = [w if drawn.random() < 0.5 else f for f, w in zip(found, wanted)]
            line("accuracy", accuracy_score(wanted, found), found, wanted)
            line("matthews", matthews_corrcoef(wanted, found), found, wanted)
            if labels <= 2:
                line("f1", f1_score(wanted, found, zero_division=0.0), found, wanted)
    line("f1", 0.0, [0, 0], [0, 0])
    for count in (2, 3, 9, 50):
        for digits in (0, 1, 6):  # few digits: many are equal
            found = [round(drawn.uniform(-3, 8), digits) for _ in range(count)]
            wanted = [round(0.6 * f + drawn.uniform(-2, 2), digits) for f in found]
            if len(set(found)) > 1 and len(set(wanted)) > 1:
                line("pearson", pearsonr(found, wanted)[0], found, wanted)
                line("spearman", spearmanr(found, wanted)[0], found, wanted)
    path = pathlib.Path(__file__).resolve().parent.parent / "metrics.tsv"
    path.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} lines")


if __name__ == "__main__":
    main()
