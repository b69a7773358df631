"""Everything that computes passes the recorder: forward, derivative, accumulation, updates."""

from __future__ import annotations

import flambeau as torch
from flambeau.plan import record


def names(seen) -> list[str]:
    return [entry.name for entry in seen]


def test_forward_and_backward_leave_one_entry_an_operation():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with record.entries() as seen:
        y = (x * x).sum()
        y.backward()
    assert names(seen) == [
        "mul", "sum", "SumBackward0", "MulBackward0", "AccumulateGrad", "backward",
    ]  # fmt: skip
    assert seen[0].inputs[0] is x and seen[1].inputs[0] is seen[0].outputs


def test_a_recorded_backward_pass_dispatches_its_operations():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with record.entries() as seen:
        torch.autograd.grad((x * x).sum(), x, create_graph=True)
    assert "SumBackward0" not in names(seen)
    assert names(seen).count("mul") == 3  # the product, and its two derivatives


def test_in_place_operations_say_what_they_overwrite():
    x = torch.zeros(3)
    with record.entries() as seen:
        x.add_(1)
        x[0] = 5
    assert all(entry.written is not None for entry in seen if entry.name in ("add", "fill"))
    assert names(seen) == ["add", "select", "fill"]


def test_an_optimiser_step_is_one_entry():
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(1, 3)).sum().backward()
    with record.entries() as seen:
        optimizer.step()
    assert len([entry for entry in seen if entry.written is not None]) == 1


def test_nobody_listens_after_the_context():
    with record.entries() as seen:
        pass
    torch.ones(2)
    assert not seen and not record.listeners
