"""Sparse matrices, which are told how to become dense: most of a mixture's numbers are not zero."""

from typing import Any, NoReturn

from gmm_ppl.data.sources.base import Source
from gmm_ppl.errors import InputError


def recognises(data: Any) -> bool:
    """True for SciPy's and JAX's sparse matrices, which are known by how they become dense and count their entries."""
    scipy = hasattr(data, "toarray") and hasattr(data, "nnz")
    return scipy or (hasattr(data, "todense") and hasattr(data, "nse"))


def read(data: Any) -> NoReturn:
    """Refuse."""
    method = "toarray" if hasattr(data, "toarray") else "todense"
    raise InputError(f"A sparse matrix ({type(data).__name__}) cannot be used: pass it as data.{method}().")


SPARSE = Source("sparse matrix", recognises, read)
