"""Names for photographs, as the course prints them; averages over crops and scales."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision import averaging, imagenet, models, predict, transforms
from flambeau.vision.errors import ImageFileError
from flambeau.vision.models.presets import ImageClassification


def test_names_are_those_of_the_slide():
    names = imagenet.class_names()
    assert len(names) == 1000
    for name in [
        "Weimaraner",
        "Chesapeake Bay retriever",
        "Staffordshire bullterrier, Staffordshire bull terrier",
        "American Staffordshire terrier, Staffordshire terrier, American pit bull terrier, "
        "pit bull terrier",
        "barrow, garden cart, lawn cart, wheelbarrow",
        "soccer ball",
    ]:
        assert name in names
    assert sorted(name for name in names if names.count(name) > 1) == ["crane", "crane"]
    assert all(name == name.strip() and name.isascii() for name in names)


def test_names_are_in_the_order_of_the_scores(shared_data):
    path = shared_data / "imagenet_samples" / "classes.txt"
    if not path.is_file():
        pytest.skip(f"no list of names at {path}")
    first = [name.split(",")[0].lower() for name in imagenet.class_names()]
    assert first == [line.split(",")[0].lower() for line in path.read_text().splitlines()]


SLIDE = """\
12.26 Weimaraner
10.95 Chesapeake Bay retriever
10.87 Labrador retriever
10.10 Staffordshire bullterrier, Staffordshire bull terrier"""


def test_printed_as_the_slide_prints_it():
    names = imagenet.class_names()
    scores = torch.zeros(1000)
    for line in SLIDE.splitlines():
        score, name = line.split(" ", 1)
        scores[names.index(name)] = float(score) + 0.001
    best = predict.best_of(scores, top=4)
    assert "\n".join(map(str, best)) == SLIDE
    assert best[0] == (pytest.approx(12.261), "Weimaraner")


def test_probabilities():
    scores = torch.tensor([1.0, 3.0, 2.0])
    best = predict.best_of(scores, "abc", top=3, probabilities=True)
    assert [name for _, name in best] == ["b", "c", "a"]
    assert [score for score, _ in best] == pytest.approx(
        sorted(F.softmax(scores, 0).tolist(), reverse=True)
    )


def test_wrong_number_of_names():
    with pytest.raises(ValueError, match=r"1000 class names for scores of size \(10,\)"):
        predict.predict(models.resnet20(), torch.zeros(3, 32, 32))


def test_the_model_stays_in_its_mode():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(12, 2))
    model[0].eval()
    first, second = (
        predict.predict(model, torch.ones(3, 2, 2), class_names="ab", top=2) for _ in range(2)
    )
    assert first == second
    assert [m.training for m in model.modules()] == [True, False, True, True]


@pytest.fixture
def picture(tmp_path):
    """A photograph held sideways: red above green, stored turned by a quarter."""
    image = pytest.importorskip("PIL.Image", reason="Pillow writes the pictures: not installed")
    pixels = np.zeros((8, 6, 3), np.uint8)
    pixels[:4, :, 0] = pixels[4:, :, 1] = 255
    stored = image.fromarray(pixels).rotate(90, expand=True)
    exif = image.Exif()
    exif[0x0112] = 6  # to be seen, turn it clockwise
    stored.save(tmp_path / "photo.png", exif=exif)
    return tmp_path / "photo.png"


def test_a_photograph_is_turned_as_it_was_taken(picture):
    image = predict.photograph(picture)
    assert (image.size, image.mode) == ((6, 8), "RGB")
    assert image.getpixel((3, 0)) == (255, 0, 0) and image.getpixel((3, 7)) == (0, 255, 0)


def test_every_form_of_an_image_gives_the_same_input(picture):
    recipe = ImageClassification(crop_size=4, resize_size=6)
    image = predict.photograph(picture)
    expected = predict.input_of(picture, recipe)
    forms = [str(picture), image, image.convert("RGBA"), transforms.PILToTensor()(image)]
    for form in forms:
        found = predict.input_of(form, recipe)
        torch.testing.assert_close(found, expected, rtol=0, atol=0.02)
    float_image = torch.rand(3, 5, 5)
    assert predict.input_of(float_image) is float_image


def test_files_that_are_no_pictures(tmp_path):
    pytest.importorskip("PIL", reason="Pillow reads the pictures: not installed")
    with pytest.raises(FileNotFoundError):
        predict.photograph(tmp_path / "absent.jpg")
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ImageFileError, match=r"text\.jpg is not a readable picture"):
        predict.photograph(tmp_path / "text.jpg")


@pytest.mark.parametrize(
    "model, weights, crop, names",
    [
        ("alexnet", None, 224, 1000),
        ("squeezenet1_0", "CAFFE", 227, 1000),
        ("squeezenet1_0", models.SqueezeNet1_0_Weights.CAFFE, 227, 1000),
        ("resnet20", None, 32, 10),
        ("inception_v3", "DEFAULT", 299, 1000),
    ],
)
def test_recipes(model, weights, crop, names):
    recipe = predict.recipe_of(model, weights)
    assert recipe.preprocess.crop_size == [crop]
    assert len(recipe.class_names) == names


def test_no_recipe():
    with pytest.raises(ValueError, match="no published weights for lenet5"):
        predict.recipe_of("lenet5")


def test_squeezenet_knows_the_samoyed(shared_data):
    pytest.importorskip("PIL", reason="Pillow reads the photograph: not installed")
    path = shared_data / "checkpoints" / "squeezenet1_0_imagenet.pth"
    photo = shared_data / "imagenet_samples" / "dog.jpg"
    if not (path.is_file() and photo.is_file()):
        pytest.skip(f"no weights of SqueezeNet or no photograph in {shared_data}")
    model = models.squeezenet1_0(weights=path)
    recipe = predict.recipe_of("squeezenet1_0", path)
    best = predict.predict(model, photo, *recipe)
    assert [name for _, name in best[:2]] == ["Samoyed, Samoyede", "collie"]
    assert best[0].score == pytest.approx(22.85, abs=0.05)
    inputs = averaging.at_scales(photo, (256, 280), recipe.preprocess)
    assert [min(x.shape[1:]) for x in inputs] == [256, 280]
    for mean in (
        averaging.ten_crop(model, inputs[0], 227),
        averaging.multi_scale(model, inputs),
    ):
        assert mean.sum().item() == pytest.approx(1, abs=1e-4)
        assert predict.best_of(mean, top=1)[0].name == "Samoyed, Samoyede"


# Averages ---


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )


def test_ten_crop_is_the_mean_of_ten():
    model = small_net()
    images = torch.randn(2, 3, 9, 8)
    found = averaging.ten_crop(model, images, 6)
    model.eval()
    views = [
        view[:, :, top : top + 6, left : left + 6]
        for view in (images, images.flip(3))
        for top, left in [(0, 0), (0, 2), (3, 0), (3, 2), (2, 1)]
    ]
    expected = sum(F.softmax(model(view), 1) for view in views) / 10
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(averaging.ten_crop(model, images[1], 6), expected[1])


def test_ten_crop_of_a_small_image():
    with pytest.raises(ValueError, match="bigger than input size"):
        averaging.ten_crop(small_net(), torch.zeros(3, 5, 9), 6)


def test_multi_scale_is_the_mean_of_the_maps():
    network = small_net()[:2].eval()
    inputs = [torch.randn(3, 6, 8), torch.randn(3, 9, 12)]
    found = averaging.multi_scale(network, inputs)
    views = [view for x in inputs for view in (x, x.flip(2))]
    expected = sum(F.softmax(network(v[None]).mean((2, 3))[0], 0) for v in views) / 4
    torch.testing.assert_close(found, expected)
    alone = averaging.multi_scale(network, inputs[:1], mirrored=False)
    torch.testing.assert_close(alone, F.softmax(network(inputs[0][None]).mean((2, 3))[0], 0))


def test_multi_scale_of_nothing():
    with pytest.raises(ValueError, match="at one scale at least"):
        averaging.multi_scale(small_net(), [])


def test_scales_are_whole_images():
    """The recipe of weights, and the same as a list of steps, at each size without the crop."""
    image = torch.rand(3, 33, 47)
    recipe = ImageClassification(crop_size=10, resize_size=12, mean=(0.5,) * 3, std=(0.2,) * 3)
    steps = transforms.Compose(
        [
            transforms.Resize(12),
            transforms.CenterCrop(10),
            transforms.Normalize((0.5,) * 3, (0.2,) * 3),
        ]
    )
    found = [averaging.at_scales(image, (16, 31), how) for how in (recipe, steps)]
    for scale, one, two in zip((16, 31), *found):
        expected = transforms.functional.resize(image, scale)
        torch.testing.assert_close(one, (expected - 0.5) / 0.2, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(two, one)
    assert recipe.crop_size == [10]
    with pytest.raises(TypeError, match="as a Compose"):
        averaging.at_scales(image, (16,), lambda x: x)


def test_the_course_s_preprocessing():
    """0.5 + 0.5 * (img - img.mean()) / img.std(), on the image as it is."""
    image = torch.randint(0, 256, (3, 7, 9)).to(torch.uint8)
    x = image.float() / 255
    torch.testing.assert_close(predict.standardized(image), 0.5 + 0.5 * (x - x.mean()) / x.std())
