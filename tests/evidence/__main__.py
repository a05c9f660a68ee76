"""Writes `reports/evidence.md`: exact answers beside every engine's, and how three ways to deviations agree."""

from pathlib import Path

from tests.evidence import agreement, exact_answers
from tests.markdown import table

TARGET = Path(__file__).resolve().parents[2] / "reports" / "evidence.md"

TEXT = """# Evidence that the draws are right

Made by `uv run --group dev python -m tests.evidence`. The tests hold the same comparisons to four Monte-Carlo errors each;
ranks of simulated truths are on the page of [the calibration sample](samples/calibration/calibration.md).

## Exact answers

Eight rows of one feature, two components, conjugate priors: the posterior is the sum over all 2⁸ assignments, and each of its
terms has a closed form. In brackets the distance from the exact value in Monte-Carlo errors. With a Pareto k̂ above 0.7 the
normal law is no stand-in for a posterior this skewed, and its importance weights, errors included, are not to be relied on: what
the library says of it, seen from outside.

{exact}

## Agreement where rows are many

Three components of two features, 1000 draws of four chains. Standard deviations of every weight, mean and covariance: the
normal law at the posterior's mode (Laplace) and the inverse of the observed information at EM's point, each against NUTS, the
largest relative difference; and the largest distance of EM's point from NUTS' mean, in posterior deviations. Draws alone leave
about 4 %.

{agreement}
"""


def main() -> None:
    """Write the page."""
    of_exact = table(("quantity", "exact", "NUTS", "Laplace, by importance", "tempered"), exact_answers.rows())
    header = (
        "rows",
        "Laplace's deviations against NUTS",
        "EM's information against NUTS",
        "EM from NUTS' mean",
        "Pareto k̂ of Laplace",
    )
    page = TEXT.format(exact="\n".join(of_exact), agreement="\n".join(table(header, agreement.rows())))
    TARGET.write_text(page, encoding="utf-8")
    print(TARGET.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
