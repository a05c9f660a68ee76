"""How often the verdict is wrong: problems from many generators, the product's default run on each, and the truth by other means.

One problem is a generator and a seed. `python -m tests.hunt` counts **false passes** (called trustworthy, and off by more than
five Monte Carlo errors) and **false alarms** (not called so, and right), and writes `reports/verdict.md`;
`python -m tests.hunt --generator NAME --seed N` shows one. Truth is the collapsed posterior of partitions (`partitions`), whose
parallel chains share no code with the engines.
"""
