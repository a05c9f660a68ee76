"""No quiet failure under stress: thousands of unpleasant fits by EM, each checked against arithmetic that shares no code with it.

One case is one seed: data, family, prior, start and acceleration follow from it. `python -m tests.stress --seed N` shows one,
`python -m tests.stress --fits 10000` runs many and writes `reports/benchmarks/stress.md`.
"""
