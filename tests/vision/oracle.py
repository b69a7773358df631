"""torchvision, the oracle of the tests of this folder, where it is installed.

Its wheel is installed beside PyTorch's CPU build without dependencies; the compiled operators that
its import asks for are then missing, and are declared here first.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests: not installed")
torch.set_num_threads(1)

_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
for _name in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _name):
        _OPERATORS.define(f"{_name}(Tensor a, Tensor b, float c) -> Tensor")

torchvision = pytest.importorskip(
    "torchvision", reason="torchvision is the oracle of these tests: not installed"
)
