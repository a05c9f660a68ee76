"""The registry of covariance families: a new family is one file beside this one and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance.base import AbstractCovariance, Part
from gmm_ppl.mixture.covariance.diagonal import DiagonalCovariance
from gmm_ppl.mixture.covariance.diagonal_tied_shape import TiedShapeDiagonalCovariance
from gmm_ppl.mixture.covariance.full import FullCovariance
from gmm_ppl.mixture.covariance.full_tied_volume import TiedVolumeCovariance
from gmm_ppl.mixture.covariance.spherical import SphericalCovariance
from gmm_ppl.mixture.covariance.spherical_tied import TiedSphericalCovariance
from gmm_ppl.mixture.covariance.tied import TiedCovariance

__all__ = ["FAMILIES", "AbstractCovariance", "Part", "find_family"]

FAMILIES: Mapping[str, type[AbstractCovariance]] = MappingProxyType(
    {
        family.name: family
        for family in (
            FullCovariance,
            TiedVolumeCovariance,
            TiedCovariance,
            DiagonalCovariance,
            TiedShapeDiagonalCovariance,
            SphericalCovariance,
            TiedSphericalCovariance,
        )
    }
)


def find_family(name: str) -> type[AbstractCovariance]:
    """The family called `name`; InputError lists the known ones."""
    if name not in FAMILIES:
        raise InputError(f"covariance: no family is called {name!r}; choose one of {', '.join(FAMILIES)}.")
    return FAMILIES[name]
