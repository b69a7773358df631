"""``torch.utils.dlpack``."""

from flambeau.tensor.factory import from_dlpack


class _Capsule:
    """What ``from_dlpack`` takes: an object that hands out the capsule of a tensor."""

    def __init__(self, tensor):
        self._tensor = tensor

    def __dlpack__(self, **kwargs):
        return self._tensor.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self._tensor.__dlpack_device__()


def to_dlpack(tensor) -> _Capsule:
    """A carrier of the tensor's memory for any library that speaks DLPack."""
    return _Capsule(tensor)


__all__ = ["from_dlpack", "to_dlpack"]
