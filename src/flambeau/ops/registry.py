"""What a primitive operation is, and the table of them all. ``docs/design.md`` explains the
contract.
"""

from __future__ import annotations

from collections.abc import Callable

from flambeau.backend import native

POINTWISE, REDUCE, VIEW, OTHER = "pointwise", "reduce", "view", "other"

OPS: dict[str, Op] = {}


class ZERO:
    """The derivative with respect to this input is zero everywhere: ``ZERO("why")``."""

    def __init__(self, why: str):
        self.why = why


class STOPS:
    """This input has no derivative (an integer, a mask, a seed): ``STOPS("why")``."""

    def __init__(self, why: str):
        self.why = why


def DATA_DEPENDENT(*_shapes, **_params):
    """Shape rule of an operation whose output size depends on the values."""
    return None


class Rule:
    """The derivative with respect to one input, and the names of what it reads."""

    __slots__ = ("function", "names")

    def __init__(self, function: Callable, name: str):
        self.function = native.over_rule(name, function)
        self.names = parameter_names(function)[1:]


class SavePlan:
    """What a node keeps when the inputs flagged in ``needs`` want a gradient, and how to run its
    rules.

    ``fetch`` lists (name, kind, index): where the dispatcher finds each value that the rules name.
    ``holds`` says whether tensors are among them.
    """

    __slots__ = ("active", "fetch", "holds", "joint", "needs", "rules", "zeros")

    def __init__(self, op: Op, needs: tuple[bool, ...]):
        self.needs = needs
        self.joint = op.joint
        self.rules: list[tuple[int, Rule]] = []
        self.zeros: list[int] = []
        names: list[str] = []
        for i, wanted in enumerate(needs):
            rule = op.rule_of(i) if wanted else None
            if isinstance(rule, Rule):
                if op.joint is None:
                    self.rules.append((i, rule))
                names += [n for n in rule.names if n not in names]
            elif isinstance(rule, ZERO):
                self.zeros.append(i)
        self.active = bool(names or self.zeros)
        self.fetch = [(n, *op.locate(n)) for n in names if n not in ("g", "needs")]
        self.holds = any(kind in ("input", "inputs", "output") for _, kind, _ in self.fetch)


class Op:
    """A primitive operation: kernel text, derivative rules, shape rule, and how it is exposed.

    Made by the decorator ``op``. ``inputs`` and ``params`` are the names of its array inputs and
    static parameters.
    """

    def __init__(
        self, kernel, *, kind, dtype, promote_from, tensors, where, aliases, node, variant
    ):
        code = kernel.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.name: str = kernel.__name__.rstrip("_")
        self.kernel = kernel
        # The text, or NumPy's override of it, below that of the C++ runtime where it has one.
        self.plain: Callable = kernel
        self.run: Callable = native.over(self.name, kernel)
        self.least = native.least_size(self.name)  # elements below which ``plain`` will do
        self.hides = native.makes_last(self.name)  # may return arrays that lie channels last
        self.kernels: dict[str, Callable] = {}
        self.into: Callable | None = None  # writes the result into the first input's own array
        self.variadic = bool(code.co_flags & 0x04)
        self.inputs: tuple[str, ...] = names[1 : code.co_argcount]
        self.params: tuple[str, ...] = names[code.co_argcount :]
        if self.variadic:
            self.inputs += (code.co_varnames[len(names)],)
        self.defaults: dict = dict(kernel.__kwdefaults__ or {})
        self.optional: int = len(kernel.__defaults__ or ())
        self.rules: dict[str, Rule | ZERO | STOPS] = {}
        self.joint: Rule | None = None
        self.kind = kind
        self.dtype = dtype
        self.promote_from = promote_from
        self.tensors = tensors
        self.check: Callable | None = None
        self.where: tuple[str, ...] = tuple(where.split())
        self.aliases = tuple(aliases)
        self.node = node or "".join(p[:1].upper() + p[1:] for p in self.name.split("_"))
        # A function where the name depends on the parameters; then it is asked for every time.
        self.variant = variant or ((lambda _params: 0) if callable(node) else None)
        self.normalise: Callable | None = None
        self.shape_rule: Callable | None = _DEFAULT_SHAPES.get(kind)
        self.output_dtypes: tuple[str, ...] = ("same",)
        self.__doc__ = kernel.__doc__
        self._plans: dict[tuple[bool, ...], SavePlan] = {}

    def vjp(self, **rules) -> Op:
        """Declare the derivative of each named input: a rule, ``ZERO(why)`` or ``STOPS(why)``."""
        for name, rule in rules.items():
            if name not in self.inputs:
                raise TypeError(f"{self.name} has no input {name!r}, only {self.inputs}")
            self.rules[name] = (
                rule if isinstance(rule, ZERO | STOPS) else Rule(rule, f"{self.name}.{name}")
            )
        return self

    def vjp_joint(self, function: Callable) -> Callable:
        """Declare one rule that returns a cotangent for every input (``None`` where not needed).

        Inputs that ``vjp`` declares as ZERO or STOPS keep that."""
        self.joint = Rule(function, f"{self.name}.all")
        return function

    def on(self, backend: str) -> Callable:
        """Register a faster kernel for one backend; it must agree with the text."""

        def register(kernel):
            self.kernels[backend] = kernel
            if backend == "numpy":
                self.plain, self.run = kernel, native.over(self.name, kernel)
            return kernel

        return register

    def writes(self, kernel: Callable) -> Callable:
        """Register the in-place kernel of an operation that changes a part of its first input.

        ``kernel(xp, out, *others, **params)`` writes into ``out``; it raises before it writes.
        Without it an in-place twin computes the whole result and copies it.
        """
        self.into = kernel
        return kernel

    def args(self, function: Callable) -> Callable:
        """Register the public signature: a function that returns ``(inputs, params)``."""
        function.__name__ = self.name
        self.normalise = function
        return function

    def checks(self, function: Callable) -> Callable:
        """Register a check of the inputs as they come, before their dtypes are promoted."""
        self.check = function
        return function

    def shape(self, function: Callable) -> Callable:
        """Register the shape rule: shapes in place of arrays in, output shape out."""
        self.shape_rule = function
        return function

    def dtypes(self, *names: str) -> None:
        """Say the dtype of each output: "same" as the first input's, its "real" or "complex"
        counterpart, or a name such as "int64".

        Only meta tensors ask. Needed where not all outputs have the dtype of the first input, or of
        the parameter ``dtype``; pointwise operations and reductions are found out.
        """
        self.output_dtypes = names

    def rule_of(self, index: int) -> Rule | ZERO | STOPS:
        """How the gradient flows to input ``index``; raises RuntimeError if nobody has declared
        it.
        """
        name = self.inputs[min(index, len(self.inputs) - 1)]
        rule = self.rules.get(name, self.joint)
        if rule is None:
            raise RuntimeError(f"derivative for {self.name} is not implemented (input {name!r})")
        return rule

    def plan(self, needs: tuple[bool, ...]) -> SavePlan:
        plan = self._plans.get(needs)
        if plan is None:
            plan = self._plans[needs] = SavePlan(self, needs)
        return plan

    def locate(self, name: str) -> tuple[str, object]:
        """Where a rule's parameter comes from: (kind, index or name)."""
        if name == "y":
            return "output", None
        if name[0] == "y" and name[1:].isdigit():
            return "output", int(name[1:])
        if name in self.params:
            return "param", name
        for suffix in ("", "_shape", "_dtype"):
            stem = name.removesuffix(suffix) if suffix else name
            if (not suffix or name.endswith(suffix)) and stem in self.inputs:
                index = self.inputs.index(stem)
                variadic = self.variadic and index == len(self.inputs) - 1
                return ("inputs" if variadic else "input") + suffix, index
        raise TypeError(f"a rule of {self.name} asks for {name!r}, which it does not have")

    def node_name(self, params: dict) -> str:
        """PyTorch's name of the graph node, such as ``SumBackward0``."""
        node = self.node(params) if callable(self.node) else self.node
        return f"{node}Backward{self.variant(params) if self.variant else 0}"

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def op(
    *,
    kind=OTHER,
    dtype=None,
    promote_from=0,
    tensors=1,
    where="",
    aliases=(),
    node=None,
    variant=None,
) -> Callable:
    """Register the decorated kernel text as a primitive operation; see ``docs/design.md``.

    ``promote_from``: inputs before this one keep their dtype. ``tensors``: how many leading inputs
    the public function wants as tensors, not as Python numbers; 0 means any one of them.
    """

    def register(kernel) -> Op:
        made = Op(
            kernel,
            kind=kind,
            dtype=dtype,
            promote_from=promote_from,
            tensors=tensors,
            where=where,
            aliases=aliases,
            node=node,
            variant=variant,
        )
        if made.name in OPS:
            raise ValueError(f"operation {made.name} is registered twice")
        OPS[made.name] = made
        return made

    return register


def parameter_names(function: Callable) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of operands; raises ValueError when they do not fit."""
    rank = max(map(len, shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if size != 1:
                if result[axis] not in (1, size):
                    raise ValueError(f"shapes {shapes} do not broadcast")
                result[axis] = size
    return tuple(result)


def _pointwise_shape(*shapes, **_params):
    return broadcast_shape(*(s for s in shapes if s is not None))


def _reduce_shape(input, *_others, dim=None, keepdim=False, **_params):
    if dim is None:
        return (1,) * len(input) if keepdim else ()
    axes = (dim,) if isinstance(dim, int) else dim
    if keepdim:
        return tuple(1 if i in axes else n for i, n in enumerate(input))
    return tuple(n for i, n in enumerate(input) if i not in axes)


_DEFAULT_SHAPES = {POINTWISE: _pointwise_shape, REDUCE: _reduce_shape}


def canonical_dim(dim: int, rank: int) -> int:
    """``dim`` counted from the front; raises IndexError when out of range (0-d counts as 1-d)."""
    limit = max(rank, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], "
            f"but got {dim})"
        )
    return dim + limit if dim < 0 else dim


def canonical_dims(dim, rank: int) -> tuple[int, ...] | None:
    """A tuple of distinct non-negative dimensions, or ``None`` for all (``None`` and ``()``)."""
    if dim is None:
        return None
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if not dims:
        return None
    found = tuple(canonical_dim(d, rank) for d in dims)
    if len(set(found)) != len(found):
        repeated = next(d for d in found if found.count(d) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return found
