"""The checker of annotations in tests: beartype, with an int where a float is asked for."""

from beartype import BeartypeConf, beartype

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
