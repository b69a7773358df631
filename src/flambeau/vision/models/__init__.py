"""Networks for images; those that torchvision has, under its names and with its parameter names."""

from flambeau.vision.models import book
from flambeau.vision.models.bn_inception import BNInception, bn_inception
from flambeau.vision.models.book import (
    book_baseline,
    book_batch_norm,
    book_depth,
    book_dropout,
    book_res,
    book_res_deep,
    book_width,
)
from flambeau.vision.models.cifar_resnet import (
    CifarResNet,
    resnet20,
    resnet32,
    resnet44,
    resnet56,
    resnet110,
)
from flambeau.vision.models.highway import Highway, HighwayLayer, highway
from flambeau.vision.models.lenet import CourseNet, LeNet5, course_net, lenet5
from flambeau.vision.models.nin import NIN, nin, nin_imagenet
from flambeau.vision.models.registry import (
    get_model,
    get_model_builder,
    input_size_of,
    list_models,
)
from flambeau.vision.models.wide_resnet_cifar import WideResNetCifar, wide_resnet28_10

__all__ = [
    "NIN",
    "BNInception",
    "CifarResNet",
    "CourseNet",
    "Highway",
    "HighwayLayer",
    "LeNet5",
    "WideResNetCifar",
    "bn_inception",
    "book",
    "book_baseline",
    "book_batch_norm",
    "book_depth",
    "book_dropout",
    "book_res",
    "book_res_deep",
    "book_width",
    "course_net",
    "get_model",
    "get_model_builder",
    "highway",
    "input_size_of",
    "lenet5",
    "list_models",
    "nin",
    "nin_imagenet",
    "resnet20",
    "resnet32",
    "resnet44",
    "resnet56",
    "resnet110",
    "wide_resnet28_10",
]
