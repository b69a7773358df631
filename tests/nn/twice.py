"""Run one program under both libraries and compare what it says."""

from __future__ import annotations

import contextlib
import difflib
import io
import warnings

from oracle import lib, torch


def said(program, library) -> str:
    """What the program prints, the warnings it gives (kinds and words) and the exception that ends
    it.
    """
    output = io.StringIO()
    library.manual_seed(0)
    with warnings.catch_warnings(record=True) as given, contextlib.redirect_stdout(output):
        warnings.simplefilter("always")
        try:
            program(library)
        except Exception as error:
            print(f"{kind(error)}: {first_words(error)}")
    for warning in given:
        print(f"{warning.category.__name__}: {warning.message}", file=output)
    text = output.getvalue().replace("flambeau.nn.module.", "torch.nn.modules.module.")
    return text.replace("flambeau.", "torch.")


def kind(error: Exception) -> str:
    """The class that PyTorch raises: errors of the library are subclasses of it."""
    for cls in type(error).__mro__:
        if cls.__module__ == "builtins":
            return cls.__name__
    return type(error).__name__


def first_words(error: Exception) -> str:
    """The message without the lines that name the module and the cure."""
    text = str(error.args[0]) if error.args else ""
    text = text.split(" (this one is ")[0]
    lines = text.split("\n")
    at = next((i for i, line in enumerate(lines) if line.startswith("  in ")), len(lines))
    return "\n".join(lines[:at])


def refusal(error: Exception) -> str:
    return f"{kind(error)}: {first_words(error)}"


def same(program) -> None:
    """The program says the same under both libraries."""
    expected = said(program, torch).splitlines()
    result = said(program, lib).splitlines()
    lines = difflib.unified_diff(expected, result, "PyTorch", "ours", lineterm="")
    assert result == expected, "\n" + "\n".join(lines)


def attempt(call, *args, **kwargs) -> None:
    """Call, and print the exception if there is one."""
    try:
        call(*args, **kwargs)
    except Exception as error:
        print(refusal(error))
    else:
        print("accepted")
