"""What a task would do, in a few lines, without doing it."""

from gmm_ppl.experiment.build import Task
from gmm_ppl.experiment.samplers import NutsConfig
from gmm_ppl.experiment.sweep.names import RUNS
from gmm_ppl.experiment.sweep.plan import SweepPlan
from gmm_ppl.experiment.words import listed


def describe(task: Task) -> list[str]:
    """One line each for the data, the model, EM, the sampler and the report, and one for each remark on the data."""
    config, table = task.experiment.config, task.table
    model = config.model
    parameters = task.mixture.shape(len(table.features)).n_parameters
    return [
        f"data: {table.source}, {len(table)} rows, features {listed(map(str, table.features))}",
        *(f"data: {remark}" for remark in table.remarks),
        f"model: {model.components} components, {model.covariance} covariance, {model.prior.kind} prior, "
        f"{parameters} free parameters",
        f"em: {config.em.starts} starts ({config.em.start}), at most {config.em.max_steps} steps each, "
        f"tolerance {config.em.tolerance:g}",
        _sampler(task),
        f"report: {listed(config.report.formats)}",
    ]


def describe_sweep(plan: SweepPlan) -> list[str]:
    """How many runs there would be, and each one's directory."""
    return [f"sweep: {len(plan.runs)} runs", *(f"{RUNS}/{run.address}" for run in plan.runs)]


def _sampler(task: Task) -> str:
    mcmc = task.experiment.config.mcmc
    if mcmc is None:
        return "mcmc: left out"
    draws = f"mcmc: {mcmc.sampler}, {mcmc.chains} chains of {mcmc.draws} draws"
    if not isinstance(mcmc, NutsConfig):
        return draws
    return f"{draws} after {'as many warm-up steps as they need' if mcmc.warmup is None else f'{mcmc.warmup} warm-up steps'}"
