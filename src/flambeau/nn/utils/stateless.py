"""Calling a module with other parameters than its own."""

from __future__ import annotations

import contextlib

__all__ = ["functional_call"]


def functional_call(
    module,
    parameters_and_buffers,
    args=None,
    kwargs=None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
):
    """``module(*args, **kwargs)`` with the given tensors in place of its parameters and buffers.

    Args:   parameters_and_buffers: tensors by qualified name. tie_weights: other names of a
            replaced
            tensor get the same one. strict: every parameter and buffer must be given, and nothing
            else.
    Raises: RuntimeError for names that do not fit, if strict; ValueError for several values of a
            tied one.

    >>> import flambeau as torch
    >>> m = torch.nn.Linear(1, 1)
    >>> given = {"weight": torch.tensor([[2.]]), "bias": torch.tensor([1.])}
    >>> torch.nn.utils.stateless.functional_call(m, given, torch.tensor([3.]))
    tensor([7.])
    """
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, dict(parameters_and_buffers), tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextlib.contextmanager
def _replaced(module, given, tie_weights, strict):
    own = dict(module.named_parameters(remove_duplicate=False))
    own.update(module.named_buffers(remove_duplicate=False))
    if strict:
        _check_names(module, own, given)
    if tie_weights:
        given = _tied(own, given)
    places = [_place(module, name) for name in given]
    before = [table[name] for table, name in places]
    try:
        for (table, name), value in zip(places, given.values(), strict=True):
            table[name] = value
        yield
    finally:
        for (table, name), value in zip(places, before, strict=True):
            table[name] = value


def _check_names(module, own, given) -> None:
    problems = []
    for title, names in (
        ("Unexpected", given.keys() - own.keys()),
        ("Missing", own.keys() - given),
    ):
        if names:
            problems.append(f"{title} key(s): {', '.join(map(repr, sorted(names)))}.")
    if problems:
        raise RuntimeError(
            "Error(s) in reparametrizing for {}:\n\t{}".format(
                module._get_name(), "\n\t".join(problems)
            )
        )


def _tied(own, given):
    """``given`` under every name that the same tensor has."""
    names: dict[int, list[str]] = {}
    for name, tensor in own.items():
        names.setdefault(id(tensor), []).append(name)
    spread = dict(given)
    for same in names.values():
        values = [given[name] for name in same if name in given]
        if any(value is not values[0] for value in values):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(same)}, which are tied. "
                "Consider using tie_weights=False"
            )
        if values:
            spread.update(dict.fromkeys(same, values[0]))
    return spread


def _place(module, path: str):
    """The table that holds the tensor of that qualified name, and its name there."""
    owner, _, name = path.rpartition(".")
    owner = module.get_submodule(owner)
    for table in (owner._parameters, owner._buffers):
        if name in table:
            return table, name
    raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
