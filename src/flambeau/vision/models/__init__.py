"""Networks for images; those that torchvision has, under its names and with its parameter names."""

from flambeau.vision.models.lenet import CourseNet, LeNet5, course_net, lenet5
from flambeau.vision.models.registry import (
    get_model,
    get_model_builder,
    input_size_of,
    list_models,
)

__all__ = [
    "CourseNet",
    "LeNet5",
    "course_net",
    "get_model",
    "get_model_builder",
    "input_size_of",
    "lenet5",
    "list_models",
]
