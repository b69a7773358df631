"""Which Flambeau this is; `flambeau.vision` tells it too, as torchvision tells its own."""

__version__ = "0.1.0"
