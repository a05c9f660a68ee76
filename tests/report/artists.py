"""Reading figures back: lines, ellipses and distances off matplotlib's artists."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from gmm_ppl.report.page import FigureBlock


def drawn(block: FigureBlock | None) -> FigureBlock:
    assert block is not None
    return block


def lines(axes: Axes, gid: str) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in axes.lines if str(line.get_gid()).startswith(gid)
    ]


def outline(ellipse: Ellipse) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 17)
    return ellipse.get_patch_transform().transform(np.stack([np.cos(turn), np.sin(turn)], axis=1))


def mahalanobis(points: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ni,ij,nj->n", points - mean, np.linalg.inv(covariance), points - mean))
