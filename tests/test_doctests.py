"""The examples in the docstrings of the package run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import sys
import warnings

import pytest

import flambeau

OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def module_names() -> list[str]:
    found = pkgutil.walk_packages(flambeau.__path__, "flambeau.", onerror=lambda name: None)
    return sorted(["flambeau", *(m.name for m in found if not m.name.endswith("__main__"))])


def examples(module) -> list[doctest.DocTest]:
    """Docstrings of the module, its functions and classes, and of the operations it registers."""
    names = {"torch": flambeau, "flambeau": flambeau}
    for name in ("nn", "optim", "tensor", "Tensor"):
        names[name] = getattr(flambeau, name, None)
    names["F"] = getattr(names["nn"], "functional", None)
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = finder.find(module, globs=names)
    # A primitive operation is an object, not a function: doctest does not look into it.
    for name, value in vars(module).items():
        kernel = getattr(value, "kernel", None)
        if getattr(kernel, "__module__", None) == module.__name__ and kernel.__doc__:
            line = kernel.__code__.co_firstlineno
            parser = doctest.DocTestParser()
            test = parser.get_doctest(
                kernel.__doc__, dict(names), f"{module.__name__}.{name}", module.__file__, line
            )
            if test.examples:
                found.append(test)
    return found


@pytest.mark.parametrize("name", module_names())
def test_docstrings(name, capsys):
    """Every example of one module."""
    optional = {"PIL", "matplotlib", "click", "rich", "safetensors", "ml_dtypes"}
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name in optional:
            pytest.skip(f"{missing.name} is not installed")
        raise
    state = flambeau.get_rng_state()
    failures: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some examples show what warns
        for test in examples(module):
            flambeau.manual_seed(0)
            runner.run(test, out=failures.append)
    flambeau.set_rng_state(state)
    if runner.summarize(verbose=False).failed:
        sys.stdout.flush()
        pytest.fail("".join(failures), pytrace=False)
