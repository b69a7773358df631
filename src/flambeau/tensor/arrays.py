"""The array namespace of the CPU: NumPy's functions and every registered operation's kernel."""

from flambeau.backend.numpy.namespace import NumpyNamespace
from flambeau.ops.registry import OPS

xp = NumpyNamespace(OPS)
