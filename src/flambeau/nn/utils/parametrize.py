"""Parameters that are computed from others each time they are read.

``register_parametrization(layer, "weight", module)`` moves the parameter to
``layer.parametrizations.weight.original`` and makes ``layer.weight`` the property
``module(original)``,
on a class of the layer's own.
"""

from __future__ import annotations

import contextlib
import copyreg
from collections.abc import Sequence
from copy import deepcopy

from flambeau.autograd.modes import no_grad
from flambeau.nn.modules.container import ModuleDict, ModuleList
from flambeau.nn.parameter import Parameter
from flambeau.tensor.tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache_depth = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextlib.contextmanager
def cached():
    """Within this context every parametrized tensor is computed once.

    >>> import flambeau as torch
    >>> from flambeau.nn.utils import parametrize
    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2))
    >>> with parametrize.cached():
    ...     m.weight is m.weight
    True
    """
    global _cache_depth
    _cache_depth += 1
    try:
        yield
    finally:
        _cache_depth -= 1
        if not _cache_depth:
            _cache.clear()


def _register(module, name, value) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


def _set(target, value) -> None:
    """Give ``target``, which stays the object it is, the values of ``value``."""
    target.data = value.detach()


def _same(what: str, before, after, attribute: str, names) -> None:
    """Refuse a parametrization under which ``attribute`` of the tensor changes."""
    first, second = getattr(before, attribute), getattr(after, attribute)
    if first != second:
        raise ValueError(f"{what}\n{names[0]}: {first}\n{names[1]}: {second}")


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in order, and the tensor (or tensors) they start from.

    Attributes: ``original``, or ``original0``, ``original1``, ... if the first right inverse gives
            several.
    """

    def __init__(self, modules, original, unsafe: bool = False):
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        before = original.detach()
        new = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._keep_one(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            self._check(before)

    def _keep_one(self, original, new) -> None:
        for attribute in ("dtype", "device"):
            what = f"When `right_inverse` outputs one tensor, it may not change the {attribute}."
            names = (f"original.{attribute}", f"right_inverse(original).{attribute}")
            _same(what, original, new, attribute, names)
        _set(original, new)
        _register(self, "original", original)

    def _keep_several(self, original, new) -> None:
        for i, value in enumerate(new):
            if not isinstance(value, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                    f"tuple...). Got element {i} of the sequence with type {type(value).__name__}."
                )
            if isinstance(original, Parameter):
                value = Parameter(value, original.requires_grad)
            value.requires_grad_(original.requires_grad)
            _register(self, f"original{i}", value)

    def _check(self, before) -> None:
        after = self()
        if not isinstance(after, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
        for attribute in ("dtype", "shape"):
            what = (
                f"Registering a parametrization may not change the {attribute} of the tensor, "
                "unless `unsafe` flag is enabled."
            )
            names = (f"unparametrized {attribute}", f"parametrized {attribute}")
            _same(what, before, after, attribute, names)

    @property
    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value) -> None:
        """Set the originals so that the parametrized tensor becomes ``value``, as an assignment
        does.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = module.right_inverse(value)
            if self.is_tensor:
                self._set_one(value)
            else:
                self._set_several(value)

    def _set_one(self, value) -> None:
        if not isinstance(value, Tensor):
            raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
        if value.dtype != self.original.dtype:
            raise ValueError(
                f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` "
                f"has dtype {self.original.dtype}"
            )
        _set(self.original, value)

    def _set_several(self, values) -> None:
        if not isinstance(values, Sequence):
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors. Got {type(values).__name__}."
            )
        if len(values) != self.ntensors:
            raise ValueError(
                "'right_inverse' must return a sequence of tensors of length "
                f"{self.ntensors}. Got a sequence of length {len(values)}."
            )
        pairs = list(zip(self._originals, values, strict=True))
        for i, (original, value) in enumerate(pairs):
            if not isinstance(value, Tensor):
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors. Got element "
                    f"{i} of type {type(value).__name__}."
                )
            if original.dtype != value.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {value.dtype} while "
                    f"`original{i}` has dtype {original.dtype}"
                )
        for original, value in pairs:
            _set(original, value)

    def forward(self):
        first, *rest = self
        x = first(*self._originals)
        for module in rest:
            x = module(x)
        return x


# --------------------------------------------------------------------------- the layer's own class


def _give_own_class(module) -> None:
    """Make ``module`` the only instance of a subclass of its class, to hold the properties."""
    cls = type(module)

    def copy(self, memo):
        twin = self.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__ = deepcopy(self.__dict__, memo)
        for slot in copyreg._slotnames(type(self)):
            if hasattr(self, slot):
                setattr(twin, slot, deepcopy(getattr(self, slot), memo))
        return twin

    def getstate(self):
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(). See:\n"
            "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
            "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
        )

    members = {"__getstate__": getstate}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = copy
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _give_property(module, name: str) -> None:
    """Make ``name`` a property that computes the tensor when read and inverts when assigned."""

    def get(self):
        parametrization = self.parametrizations[name]
        if not _cache_depth:
            return parametrization()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def set(self, value):
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set))


def register_parametrization(module, tensor_name: str, parametrization, *, unsafe: bool = False):
    """Make ``module``'s parameter or buffer ``tensor_name`` the output of the module
    ``parametrization``.

    A second parametrization of one tensor gets the output of the first. If it has
    ``right_inverse``, the
    tensor keeps its value, and can be assigned.
    Args:   unsafe: skip the checks that shape and dtype stay the same.
    Raises: ValueError for a name that is no parameter, buffer or parametrized tensor.

    >>> import flambeau as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> m = torch.nn.Linear(3, 3)
    >>> _ = torch.nn.utils.parametrize.register_parametrization(m, "weight", Symmetric())
    >>> torch.equal(m.weight, m.weight.T)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        module.parametrizations[tensor_name].append(parametrization)
        module.parametrizations[tensor_name].unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        # First make the list: if the parametrization is refused the module has not changed.
        values = original.detach().clone()
        try:
            parametrizations = ParametrizationList([parametrization], original, unsafe=unsafe)
        except Exception:
            _set(original, values)
            raise
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _check_next(module, name: str, parametrization) -> None:
    """Refuse a further parametrization that changes the tensor's shape or dtype, either way."""
    before = getattr(module, name)
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    for attribute in ("dtype", "shape"):
        what = (
            f"Registering a parametrization may not change the {attribute} of the tensor, unless "
            "the `unsafe` flag is enabled."
        )
        names = (f"module.{name}.{attribute}", f"parametrization(module.{name}).{attribute}")
        _same(what, before, after, attribute, names)
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(
            f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}"
        )
    for attribute in ("dtype", "shape"):
        what = (
            f"The tensor returned by parametrization.right_inverse must have the same {attribute} "
            f"as module.{name}, unless the `unsafe` flag is enabled."
        )
        names = (f"module.{name}.{attribute}", f"returned {attribute}")
        _same(what, before, back, attribute, names)


def is_parametrized(module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name, or any, is parametrized."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module, tensor_name: str, leave_parametrized: bool = True):
    """Make the tensor an ordinary parameter or buffer again.

    Args:   leave_parametrized: with the value that was computed (default) instead of the original.
    Raises: ValueError if it is not parametrized, or has no single original to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        original = parametrizations.original
        if leave_parametrized:
            with no_grad():
                _set(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module) -> type:
    """The class that the module had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module, to_module, tensor_name: str | None = None):
    """Parametrize ``to_module`` as ``from_module`` is, with the same originals; returns
    ``to_module``.
    """
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        source = from_module.parametrizations[name]
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target = to_module.parametrizations[name]
        if source.is_tensor:
            target.original = source.original
        else:
            for i in range(source.ntensors):
                setattr(target, f"original{i}", getattr(source, f"original{i}"))
    return to_module
