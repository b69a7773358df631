"""Networks for images, by name: `models.lenet5()`."""

from flambeau.vision.models.lenet import CourseNet, LeNet5, course_net, lenet5

__all__ = ["CourseNet", "LeNet5", "course_net", "lenet5"]
