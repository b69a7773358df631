"""Running the course's interactive sessions and programs, and comparing what they print."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import textwrap

import pytest

torch = importlib.import_module(os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau"))
nn = torch.nn
F = torch.nn.functional
optim = torch.optim


def names(**more) -> dict:
    """What the slides have imported."""
    return {"torch": torch, "nn": nn, "F": F, "optim": optim, "Parameter": nn.Parameter, **more}


def session(text: str, **more) -> dict:
    """Run a `>>>` session; every printed line must be as in the text (`...` stands for anything).

    Returns the names that the session has defined.
    """
    globs = names(**more)
    test = doctest.DocTestParser().get_doctest(textwrap.dedent(text), globs, "session", None, 0)
    assert test.examples
    wrong: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    runner.run(test, out=wrong.append, clear_globs=False)
    if runner.summarize(verbose=False).failed:
        pytest.fail("".join(wrong), pytrace=False)
    return test.globs


def program(text: str, **more) -> str:
    """Run a program; returns what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(textwrap.dedent(text), "program", "exec"), names(**more))
    return printed.getvalue()


def prints(text: str, expected: str, **more) -> None:
    """Run a program that prints exactly this."""
    assert program(text, **more) == textwrap.dedent(expected).lstrip("\n")
