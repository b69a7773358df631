"""The array namespace ``xp`` that operations read when they run on the CPU through NumPy.

``xp.NAME`` is NumPy's function of that name, or, where NumPy has none, the registered operation's
kernel on arrays.
"""

from __future__ import annotations

import numpy as np

from . import kernels


class NumpyNamespace:
    """NumPy's functions, our array helpers (``kernels``), and every registered operation, under
    one roof.
    """

    name = "numpy"

    def __init__(self, operations: dict):
        self.operations = operations

    def __getattr__(self, name: str):
        if hasattr(kernels, name):
            found = getattr(kernels, name)
        elif name in self.operations and not hasattr(np, name):
            found = self.op(name)
        else:
            found = getattr(np, name)
        setattr(self, name, found)  # next time a plain attribute
        return found

    def op(self, name: str):
        """The kernel of a registered operation, as a function of arrays."""
        kernel = self.operations[name].run

        def call(*arrays, **params):
            return kernel(self, *arrays, **params)

        return call
