"""The scripts of `configs/examples` as modules."""

from importlib.util import module_from_spec, spec_from_file_location

from tests.project.house import ROOT

FOLDER = ROOT / "configs" / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def load(name):
    """One script, imported and not run."""
    spec = spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
