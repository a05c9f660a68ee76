"""The kinds of objects that can be read. A further kind is one module with a `Source` and its name in `SOURCES`."""

from typing import Any

from gmm_ppl.data.columns import Columns
from gmm_ppl.data.sources.arrays import ARRAY
from gmm_ppl.data.sources.base import Source
from gmm_ppl.data.sources.frames import FRAME
from gmm_ppl.data.sources.labelled import LABELLED
from gmm_ppl.data.sources.mappings import MAPPING
from gmm_ppl.data.sources.sparse import SPARSE

SOURCES: tuple[Source, ...] = (LABELLED, MAPPING, SPARSE, FRAME, ARRAY)
"""Asked in this order; ARRAY comes last, since it takes whatever the others did not recognise."""


def read_object(data: Any) -> Columns:
    """All columns of an object in memory.

    Raises:
        InputError: an object that holds no table, or one that has to be converted first.
    """
    return next(source for source in SOURCES if source.recognises(data)).read(data)
