"""`python -m tests.benchmarks.sample_child NAME DRAWS`: seconds an effective sample of a process's first call, printed."""

import sys
from collections.abc import Mapping

import numpy as np

from tests.benchmarks import ours
from tests.benchmarks.harness import seconds
from tests.benchmarks.peers import numpyro
from tests.benchmarks.problems import bundled
from tests.benchmarks.sample import fewest, scalars


def main(name: str, draws: int) -> None:
    """Print the cost; everything but the call itself, imports of all libraries too, is over before the clock starts."""
    made = bundled("faithful", 2)
    point = ours.mode(made, "kmeans")
    found: list[Mapping[str, np.ndarray]] = []
    if name == "ours":
        spent = seconds(lambda: found.append(ours.sample(made, point, seed=1, draws=draws)))
    else:
        sampler = numpyro.Sampler(made, point, draws=draws, stock=True)
        spent = seconds(lambda: found.append(sampler.run(1)))
    print(spent / fewest(scalars(found[0])))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
