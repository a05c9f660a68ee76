"""The errors and warnings that reach a user: one clear sentence on what was given, what was expected and what to do."""


class InputError(ValueError):
    """Data, a config or an argument that cannot be used; raised at the door, before any work is done."""


class FitError(RuntimeError):
    """A fit that ended without usable parameters; the message is that of its status."""


class FitWarning(UserWarning):
    """A fit that can be used with a caution, which the message names."""
