"""Every key of params.yaml is checked, and whatever is wrong is one sentence."""

import copy
import os

import pytest
from pipeline import ROOT, of_all_methods
from ruamel.yaml import YAML

from refield import config
from refield.coding.settings import Coding
from refield.errors import UserError, shown
from refield.fields import FIELDS
from refield.fields.wire import Wire
from refield.params import OF_METHODS
from refield.pipeline.layout import Layout
from refield.segmentation.slic import Slic
from refield.signals import Image, IsotropicImage, Views, Volume
from refield.tasks.gradients import Gradients
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent

GIVEN = YAML(typ="safe").load(ROOT / "params.yaml")
WIRE = {"field": "wire", "train": {"precision": "float32"}}


def nested(levels):
    """A list of a list of a list ..., two of each."""
    value = "x"
    for _ in range(levels):
        value = [value, value]
    return value


def read(changes, tmp_path):
    """params.yaml with some keys set, or removed where the value is `...`."""
    params = copy.deepcopy(GIVEN)
    for key, value in changes.items():
        *path, last = key.split(".")
        entry = params
        for part in path:
            entry = entry.setdefault(part, {})
        if value is ...:
            del entry[last]
        else:
            entry[last] = value
    file = tmp_path / "params.yaml"
    yaml = YAML(typ="safe")  # written by libyaml, in a moment
    yaml.sort_base_mapping_type_on_output = False
    yaml.dump(params, file)
    return config.read(path=file)


def test_the_file_we_ship_is_valid():
    params = config.read(path=ROOT / "params.yaml")
    assert params.runs[0] == "quick"
    assert list(params.methods)[:3] == ["siren", "ftc", "qt"]
    for profile in params.profiles:
        assert params.map(profile, "ours") == "multi_otsu"
        assert params.task(profile) == Represent(iou_regions=4)


WRONG = [
    ("seg.method", "nonsense", ["seg.method", "'nonsense'", "multi_otsu, equal_bin"]),
    ("seg.regions", 1, ["seg.regions = 1", "greater than or equal to 2"]),
    ("seg.regions", "4", ["seg.regions = '4'", "integer"]),
    ("seg.regions", 2.5, ["seg.regions = 2.5", "integer"]),
    ("seg.metod", "multi_otsu", ["seg.metod", "not a known key"]),
    ("seg.method", ..., ["seg.method", "missing"]),
    ("semilla", 3, ["semilla", "not a known key"]),
    ("seed", -1, ["seed = -1"]),
    ("seed", True, ["seed = True"]),
    ("seed", 2**63, ["seed = 9223372036854775808", "less than 9223372036854775808"]),
    ("paper", "Oh & Bae", ["paper = 'Oh & Bae'", "pattern"]),
    ("runs", ["quik"], ["'quik'", "quick, photograph, kodak_crops, paper"]),
    ("runs", [], ["runs"]),
    ("runs", ["quick", "quick"], ["twice"]),
    ("runs", "quick", ["runs = 'quick'", "list"]),
    ("network.field", "sirne", ["'sirne'", "mlp, wire"]),
    ("network.field", ["mlp"], ["['mlp']", "mlp, wire"]),
    ("network.field", ..., ["methods.siren: field = None", "mlp, wire"]),
    ("network.mlp", [1], ["network.mlp = [1]", "keys of"]),
    ("network.wire", [1], ["network.wire = [1]", "keys of"]),
    ("network.mlp.omega_0", 0, ["omega_0 = 0", "greater than 0"]),
    ("network.mlp.bias", "none", ["bias = 'none'", "'shared' or 'per_expert'"]),
    ("profiles.quick.network.field", "wire", ["profiles.quick.network.field", "not a known key"]),
    ("profiles.quick.network.mlp", 3, ["profiles.quick.network.mlp = 3", "keys of"]),
    ("profiles.quick.network.mlp.largest_a", -1.0, ["in profile quick: largest_a = -1.0"]),
    ("profiles.quick.network.width", 0, ["width = 0"]),
    ("profiles.quick.network.width", "64", ["width = '64'", "integer"]),
    ("profiles.quick.network.width", ..., ["methods.siren in profile quick: width is missing"]),
    ("profiles.quick.train.iterations", 0, ["profiles.quick.train.iterations = 0"]),
    ("profiles.quick.train.learning_rate", "1e-3", ["learning_rate = '1e-3'", "number"]),
    ("profiles.quick.train.learning_rate", float("nan"), ["learning_rate = nan", "finite"]),
    ("profiles.quick.train.schedule", "linear", ["schedule = 'linear'", "'constant', 'exponential' or 'cosine'"]),
    ("profiles.quick.train.precision", "half", ["precision = 'half'", "'float32' or 'mixed'"]),
    ("profiles.quick.images.long", 50, ["long (50)", "short (64)"]),
    ("profiles.quick.images.short", ..., ["profiles.quick.images", "needs both long and short"]),
    ("profiles.paper.images.long", 768, ["native", "remove long and short"]),
    ("profiles.quick.images.frame", "top", ["frame = 'top'", "'native', 'crop', 'resize' or 'corner'"]),
    (
        "profiles.paper.images",
        GIVEN["profiles"]["paper"]["images"] | {"frame": "corner"},
        ["profiles.paper.images: frame: corner needs both long and short, in pixels"],
    ),
    (
        "profiles.quick.images.source",
        "web",
        ["source: 'web' is not allowed", "samples, kodak, folder, addresses"],
    ),
    ("profiles.quick.images.names", ["coffee", "coffee"], ["twice"]),
    ("profiles.quick.images.coordinates", "pixels", ["images.coordinates = 'pixels'", "'square' or 'isotropic'"]),
    ("profiles.quick.images.beside", ["coffee"], ["names and beside both list 'coffee'"]),
    ("profiles.quick.images.beside", [7], ["profiles.quick.images.beside.0 = 7 is not allowed", "valid string"]),
    ("profiles.quick.images.names", "coffee", ["names: 'coffee' is not allowed", "all, or a list"]),
    ("profiles.quick.images.names", [], ["names: [] is not allowed", "a list of one name at least"]),
    (
        "profiles.quick.images",
        GIVEN["profiles"]["quick"]["images"] | {"long": 65536, "short": 4096},
        ["profiles.quick.images: long (65536) by short (4096) are more than 89,478,485 pixels"],
    ),
    ("profiles.quick.device", "gpu", ["device = 'gpu'", "'auto', 'cpu' or 'cuda'"]),
    ("profiles.quick.task", {"hidden": 0.5}, ["profiles.quick.task.kind = None", "represent, inpaint, gradients"]),
    ("profiles.quick.task", {"kind": ["inpaint"]}, ["profiles.quick.task.kind = ['inpaint']", "represent, inpaint"]),
    ("profiles.quick.task", {"kind": "inpaint", "hidden": 1}, ["profiles.quick.task.hidden = 1", "less than 1"]),
    (
        "profiles.quick.task",
        {"kind": "represent", "iou_regions": 3},
        ["profiles.quick.task.iou_regions is not a known key", "under scores"],
    ),
    ("scores.iou_regions", 1, ["scores.iou_regions = 1", "greater than or equal to 2"]),
    ("methods.Siren", {"gates": ["dense"]}, ["Siren", "pattern"]),
    ("methods.siren.gates", [], ["methods.siren", "gates = []"]),
    ("methods.siren.gates", ["tile"], ["methods.siren", "'tile'"]),
    ("methods.siren.gates", [-2], ["methods.siren", "-2"]),
    ("methods.siren.gates", [0], ["gates.0 = 0", "it must be 'dense' or 'segment', or greater than 0"]),
    ("methods.siren.gates", [float("nan")], ["gates.0 = nan", "it must be 'dense' or 'segment', or a finite number"]),
    ("methods.siren.width", [8, 8, "8", 8], ["width.2 = '8' is not allowed; it must be a valid integer"]),
    ("methods.siren.width", None, ["width = None", "it must be a valid integer, or a list"]),
    ("methods.ours.task", 3, ["methods.ours.task = 3", "a task as a profile's is"]),
    ("methods.ours.task", {"kind": "paint"}, ["methods.ours.task.kind = 'paint'", "represent, inpaint"]),
    ("methods.ours.task", {"kind": "inpaint", "hidden": 2.0}, ["methods.ours.task.hidden = 2.0", "less than 1"]),
    ("methods.ours.train", {1: 2}, ["methods.ours.train in profile quick: 1 is not a known key"]),
    ("methods.a\nb", {}, ["methods.'a\\nb' is not allowed as a name; it must match pattern"]),
    (f"methods.{'a' * 300}", {}, ["is not allowed as a name; it must have at most 60 characters"]),
    ("methods.siren.map", "multi_otsu", ["methods.siren.map", "needs a segment gate or region_input"]),
    ("methods.ours.map", "otsu", ["methods.ours.map = 'otsu'", "multi_otsu, equal_bin"]),
    ("methods.ours.map", None, ["methods.ours.map = None", "multi_otsu, equal_bin"]),
    ("methods.siren.width_factor", 0, ["methods.siren.width_factor = 0", "a whole number from 1"]),
    ("methods.siren.width_factor", 1.5, ["methods.siren.width_factor = 1.5", "a whole number from 1"]),
    ("methods.siren.region_input", "yes", ["methods.siren", "region_input = 'yes'"]),
    ("methods.ours.width", [64, 64], ["methods.ours", "2 numbers; there are 4 hidden layers"]),
    (
        "network.mlp.activation",
        ["sine", "gabor"],
        ["methods.siren", "activation lists 2 names; there are 4 hidden layers"],
    ),
    ("network.mlp.activation", ["sine", "sines", "sine", "sine"], ["activation", "sines"]),
    ("methods.ours.train", 5, ["methods.ours.train = 5", "keys of a profile's train"]),
    ("methods.ours.train", {"iterations": 0}, ["methods.ours.train in profile quick: iterations = 0"]),
    ("methods.wire", WIRE | {"width": 1}, ["methods.wire", "width = 1", "greater than or equal to 2"]),
    ("methods.wire", WIRE | {"map": "multi_otsu"}, ["methods.wire.map", "follows no map"]),
    ("maps.multi_otsu.segmenter", "otsu", ["maps.multi_otsu.segmenter", "'otsu'", "multi_otsu, equal_bin"]),
    ("maps.multi_otsu.segmenter", ..., ["maps.multi_otsu.segmenter = None", "multi_otsu, equal_bin"]),
    ("maps.multi_otsu.regions", 1, ["maps.multi_otsu.regions = 1"]),
    ("maps.multi_otsu", ..., ["seg.method = 'multi_otsu'", "equal_bin, random"]),
    ("maps.fine", {"segmenter": "slic", "superpixels": 1}, ["maps.fine.superpixels = 1"]),
]
# Where a key is that nobody knows. Regions are a map's; one of another number would not fit it.
UNKNOWN = [
    *("seg", "scores", "network", "network.mlp", "network.wire", "maps.multi_otsu", "methods.ours"),
    *("methods.wire", "methods.ours.train", "profiles.quick", "profiles.quick.images", "profiles.quick.task"),
    *("profiles.quick.network", "profiles.quick.network.mlp", "profiles.quick.network.wire", "profiles.quick.train"),
]
WRONG += [(f"{place}.nonsense", 1, ["nonsense is not a known key"]) for place in UNKNOWN]
WRONG += [(f"{place}.regions", 2, ["regions is not a known key"]) for place in UNKNOWN if "network" in place]
WRONG += [("methods.ours.regions", 2, ["methods.ours.regions is not a known key"])]


@pytest.mark.parametrize(("key", "value", "said"), WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
def test_wrong_values_are_one_sentence_that_names_them(key, value, said, tmp_path):
    kind = {"profiles.quick.task.kind": "inpaint"} if key.startswith("profiles.quick.task.") else {}
    wire = {"methods.wire": WIRE} if key.startswith("methods.wire.") else {}
    with pytest.raises(config.ConfigError) as error:
        read(copy.deepcopy(kind | wire) | {key: value}, tmp_path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path / "params.yaml"))
    for part in said:
        assert part in message


@pytest.mark.parametrize("width", [..., None, True, "64", 6.5, {}, [None], ["64"]])
def test_a_factor_of_no_width_is_refused_like_the_width_alone(width, tmp_path):
    for factor in ({}, {"width_factor": 2}):
        methods = {"methods": {"wide": {"gates": ["dense"], **factor}}}
        with pytest.raises(config.ConfigError, match=r"methods\.wide in profile quick: width"):
            read({"profiles.quick.network.width": width, **methods}, tmp_path)


def test_profiles_override_defaults_and_methods_override_profiles(tmp_path):
    changes = {"network.mlp.activation": "relu", "profiles.quick.network.mlp.bias": "per_expert"}
    params = read({**changes, "methods.ftc.bias": "shared", "methods.ftc.width": 7}, tmp_path)
    siren, ftc = params.field("quick", "siren"), params.field("quick", "ftc")
    assert (siren.activation, siren.bias, siren.width) == ("relu", "per_expert", 32)
    assert (ftc.activation, ftc.bias, ftc.width) == ("relu", "shared", 7)


def test_defaults_are_of_a_kind_or_of_all(tmp_path):
    changes = {"network.wire": {"omega": 15.0}, "profiles.quick.network.wire": {"sigma": 25.0, "omega": 16.0}}
    params = read({**changes, "methods.wire": WIRE, "methods.wire_2": {**WIRE, "omega": 17.0}}, tmp_path)
    assert params.field("quick", "wire") == Wire(width=32, omega=16.0, sigma=25.0)
    assert params.field("quick", "wire_2") == Wire(width=32, omega=17.0, sigma=25.0)
    assert params.field("paper", "wire") == Wire(width=256, omega=15.0)
    assert params.field("quick", "siren").omega_0 == 30.0
    assert (params.kind("wire"), params.kind("siren")) == ("wire", "mlp")


def test_a_method_may_be_of_another_kind_in_all_profiles(tmp_path):
    params = read({"methods.wire": WIRE, "seg.method": "equal_bin"}, tmp_path)
    for profile in params.profiles:
        assert isinstance(params.field(profile, "wire"), Wire)
        assert params.map(profile, "wire") is None
        assert params.map(profile, "ours") == "equal_bin"


def test_the_kind_of_all_may_be_another(tmp_path):
    changes = {"network.field": "wire", "methods": {"one": {}, "two": {"field": "mlp", "gates": ["dense"]}}}
    params = read({**changes, **of_all_methods(), "profiles.paper.train.precision": "float32"}, tmp_path)
    assert [params.kind(method) for method in params.methods] == ["wire", "mlp"]
    assert params.field("quick", "one") == Wire(width=32)


def test_only_methods_that_need_it_know_the_map(tmp_path):
    params = read({"seg.method": "equal_bin", "seg.regions": 6}, tmp_path)
    assert params.map("quick", "siren") is None
    assert params.map("quick", "ours") == params.map("quick", "siren_region") == "equal_bin"
    assert params.field("quick", "ours").regions == params.field("quick", "siren_region").regions == 6
    assert params.field("quick", "ftc").regions is None


def test_a_method_may_name_its_own_map_and_a_map_its_own_regions(tmp_path):
    params = read({"seg.regions": 5}, tmp_path)
    assert params.map("quick", "equal_bin") == "equal_bin"
    methods = ("ours", "equal_bin", "ours_2", "ours_8")
    assert [params.field("quick", method).regions for method in methods] == [5, 5, 2, 8]


def test_a_segmenter_has_keys_of_its_own(tmp_path):
    params = read({"maps.fine": {"segmenter": "slic", "superpixels": 90, "regions": 6}}, tmp_path)
    assert params.segmenter("fine") == Slic(superpixels=90)
    assert (params.regions("fine"), params.regions("multi_otsu")) == (6, 4)


def test_a_method_may_be_trained_in_its_own_way(tmp_path):
    params = read({"methods.ours.train": {"learning_rate": 5.0e-3, "iterations": 7}}, tmp_path)
    own, others = params.train("quick", "ours"), params.train("quick", "siren")
    assert (own.learning_rate, own.iterations) == (5e-3, 7)
    assert own == others.model_copy(update={"learning_rate": 5e-3, "iterations": 7})
    assert others == params.profiles["quick"].train
    assert params.train("paper", "ours").precision == "mixed"


@pytest.mark.parametrize(
    ("entry", "task"),
    [
        ({"kind": "represent"}, Represent(iou_regions=6)),
        ({"kind": "inpaint", "hidden": 0.5, "mask_seed": 3}, Inpaint(hidden=0.5, mask_seed=3)),
        ({"kind": "inpaint", "mask": "text"}, Inpaint(mask="text")),
        ({"kind": "gradients", "operator": "central"}, Gradients(operator="central")),
    ],
)
def test_a_profile_has_a_task(entry, task, tmp_path):
    params = read({"profiles.quick.task": entry, "scores.iou_regions": 6}, tmp_path)
    assert params.task("quick") == task
    assert params.task("kodak_crops") == Represent(iou_regions=6)


def test_a_method_may_be_fitted_to_a_task_of_its_own_and_is_scored_by_the_profiles(tmp_path):
    entry = {"kind": "inpaint", "hidden": 0.5}
    params = read({"methods.ours.task": entry, "scores.iou_regions": 6}, tmp_path)
    assert params.task("quick", "ours") == Inpaint(hidden=0.5)
    assert params.task("quick") == params.task("quick", "siren") == Represent(iou_regions=6)
    assert params.field("quick", "ours") == read({}, tmp_path).field("quick", "ours")


@pytest.mark.parametrize(
    "change",
    [
        {"methods": {"wire": {"field": "wire"}}},
        {"profiles.paper.task": {"kind": "gradients"}},
        {"methods.ours.train": {"batch": 100}},
        {"methods.ours.train": {"engine": "autograd"}},
    ],
    ids=["field", "task", "batch", "engine"],
)
def test_a_profiles_mixed_precision_is_for_those_that_can(change, tmp_path):
    change = {**change, **of_all_methods()}
    params = read(change, tmp_path)
    method = next(iter(change.get("methods", {"ours": None})))
    assert params.train("paper", method).precision == "float32"
    entry = {**params.methods[method], "train": {**params.methods[method].get("train", {}), "precision": "mixed"}}
    with pytest.raises(config.ConfigError, match="float32"):
        read({**change, f"methods.{method}": entry}, tmp_path)


def test_a_profile_may_do_without_some_methods(tmp_path):
    params = read({"profiles.quick.methods": ["ours", "siren"]}, tmp_path)
    assert list(params.methods_of("quick")) == ["siren", "ours"]
    assert list(params.methods_of("paper")) == list(params.methods)
    for listed, said in (
        (["ours", "no_such"], "profiles.quick.methods names 'no_such', which is no method; there are siren"),
        ([], "profiles.quick.methods leaves the profile no method; it must have one at least"),
    ):
        with pytest.raises(config.ConfigError, match=said):
            read({"profiles.quick.methods": listed}, tmp_path)
    coding = {"variants": ["half"], "bits": [8]}
    with pytest.raises(
        config.ConfigError, match=r"quick\.methods leaves methods out, and fits of every method are coded"
    ):
        read({"profiles.quick.methods": ["ours"], "coding": coding}, tmp_path)


def test_a_width_may_be_a_multiple_of_the_profiles(tmp_path):
    factor = {"methods.siren_wide.width_factor": 3}
    assert read(factor, tmp_path).field("quick", "siren_wide").width == 3 * 32
    several = factor | {"profiles.quick.network.width": [1, 2, 3, 4]}
    assert read(several, tmp_path).field("quick", "siren_wide").width == (3, 6, 9, 12)


def test_the_wide_siren_has_as_many_weights_as_levels_of_experts(tmp_path):
    def weights(field):
        layers = field.layers(2, 3)
        return sum(layer.fan_out * (layer.experts * layer.fan_in + layer.biases) for layer in layers)

    params = read({}, tmp_path)
    for profile in params.profiles:
        ratio = weights(params.field(profile, "siren_wide")) / weights(params.field(profile, "ftc"))
        assert ratio == pytest.approx(1, abs=0.01)


def test_scientific_notation_is_a_number(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text().replace("1.0e-4", "1e-4"))
    assert "1e-4" in file.read_text()
    assert config.read(path=file).profiles["paper"].train.learning_rate == 0.0001


TEN_TIMES = "&a0 [x,x,x,x,x,x,x,x,x,x]"
for i in range(1, 10):
    TEN_TIMES = f"&a{i} [{TEN_TIMES}{f',*a{i - 1}' * 9}]"
DEEP = "".join(f"- &a{i} {'[' * 20}{f'*a{i - 1}' if i else ''}{']' * 20}\n" for i in range(100))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "is not valid YAML: while parsing a flow sequence at line 1, column 4"),
        ("a: 2001-13-01", "has a value that YAML cannot read: month must be in 1..12"),
        ("a: 1\na: 2", 'found duplicate key "a" with value "2"'),
        ("", ": there must be keys with their values; it is empty"),
        ("- 1", ": there must be keys with their values; it is [1]"),
        (f"seed: {TEN_TIMES}", "has more than 100,000 values, counting an alias as all that it stands for"),
        ("[x," * 100_000, "is nested more than 50 deep"),
        (DEEP, "is nested more than 50 deep"),
        ("seed: &a [*a]", "has an alias, *a, of what it stands in itself"),
        (f"seed: {'9' * 5000}", "has a whole number of 5,000 digits; at most 19 are allowed"),
        (f"seed: -0x{'f' * 5000}", "has a whole number of 5,003 digits; at most 19 are allowed"),
        ("#" * 2**20 + "\n", "has more than 1048576 bytes"),
    ],
    ids=["cut", "month", "twice", "empty", "list", "bomb", "deep", "deep aliases", "circle", "long", "hex", "large"],
)
def test_a_broken_file_is_named(text, said, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(config.ConfigError) as error:
        config.read(path=file)
    assert str(error.value).startswith(str(file))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_aliases_that_stand_for_little_are_read(tmp_path):
    file = tmp_path / "params.yaml"
    text = (ROOT / "params.yaml").read_text()
    file.write_text(text.replace("gates:\n    - dense", "gates: &dense\n    - dense", 1) + "\n")
    assert "&dense" in file.read_text()
    file.write_text(file.read_text().replace("  qt:  ", "  again:\n    gates: *dense\n  qt:  "))
    params = config.read(path=file)
    assert params.methods["again"] == params.methods["siren"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: None, "is missing"),
        (lambda file: file.mkdir(), "is no file"),
        (lambda file: file.symlink_to(file), "cannot be read: Too many levels of symbolic links"),
        (os.mkfifo, "is no file"),
    ],
    ids=["missing", "folder", "link to itself", "pipe"],
)
def test_what_is_no_file_is_named(make, said, tmp_path):
    file = tmp_path / "params.yaml"
    make(file)
    with pytest.raises(config.ConfigError) as error:
        config.read(path=file)
    assert str(error.value).startswith(f"{file} {said}")


@pytest.mark.parametrize("name", ["checked", "sources"])
def test_a_profile_is_called_as_nothing_else_in_data(name, tmp_path):
    with pytest.raises(config.ConfigError, match=rf"profiles.{name} needs another name; data/{name} is something else"):
        read({f"profiles.{name}": GIVEN["profiles"]["quick"]}, tmp_path)
    layout = Layout()
    assert layout.data / name in (layout.checked, layout.sources(name).parent)


@pytest.mark.parametrize(
    "value",
    [["x" * 90] * 90, {str(i): "y" * 90 for i in range(90)}, "z" * 10**6, "a\nb" * 90, 10**5000, nested(40)],
    ids=["list", "dict", "text", "lines", "number", "nested"],
)
def test_a_value_in_a_message_is_one_short_line(value):
    assert len(shown(value)) <= 120
    assert "\n" not in shown(value)


@pytest.mark.parametrize(("asked", "said"), [({"profile": "fast"}, "no profile"), ({"method": "wire"}, "no method")])
def test_unknown_profiles_and_methods_are_named(asked, said):
    with pytest.raises(config.ConfigError, match=said):
        config.read(path=ROOT / "params.yaml", **asked)


@pytest.mark.parametrize("key", ["seed", "profiles.quick.network.mlp.largest_a", "methods.ours.gates"])
def test_a_change_is_of_a_key_that_is_there(key):
    with pytest.raises(config.ConfigError, match=rf"has no key {key}s$"):
        config.read(path=ROOT / "params.yaml", changes={f"{key}s": 1})


def test_a_change_reaches_any_depth():
    changes = {"profiles.quick.network.mlp.largest_a": 5.0, "methods.ours.gates": ["segment"], "seed": 9}
    params = config.read(path=ROOT / "params.yaml", changes=changes)
    field = params.field("quick", "ours")
    assert (field.largest_a, field.gates, params.seed) == (5.0, ("segment",), 9)


def test_fields_have_no_key_that_is_a_methods_own():
    for kind in FIELDS.values():
        assert not kind.model_fields.keys() & (set(OF_METHODS) | FIELDS.keys())


def test_coordinates_of_one_scale_are_for_tasks_that_fit_values(tmp_path):
    changes = {"profiles.quick.images.coordinates": "isotropic"}
    assert read(changes, tmp_path).profiles["quick"].signal is IsotropicImage
    assert read({}, tmp_path).profiles["quick"].signal is Image
    with pytest.raises(config.ConfigError, match="coordinates = 'isotropic' is not allowed; it must be square, except"):
        read({**changes, "profiles.quick.task": {"kind": "gradients"}}, tmp_path)


def test_ways_of_coding_are_checked_and_a_profile_may_have_its_own(tmp_path):
    given = {"variants": ["half", "steps"], "bits_per_weight": [6.0]}
    changes = {"coding": given, "profiles.quick.coding": {"bits_per_weight": [7.5]}, **of_all_methods()}
    params = read(changes, tmp_path)
    assert params.coded("quick") == Coding(variants=("half", "steps"), bits_per_weight=(7.5,))
    assert params.coded("paper") == Coding(variants=("half", "steps"), bits_per_weight=(6.0,))
    assert read({}, tmp_path).coded("quick") is None
    for key, value, said in [
        (
            "coding",
            {"variants": ["half", "zip"]},
            r"coding\.variants\.1 = 'zip' is not allowed; it must be 'half', 'unif",
        ),
        ("coding", {**given, "bit": [8]}, r"params.yaml: coding\.bit is not a known key"),
        ("coding", {"bits": [8]}, r"params.yaml: coding\.variants is missing"),
        ("coding", {"variants": ["half", "half"]}, r"coding\.variants: .* it must have nothing twice"),
        ("profiles.quick.coding", {"aware_rate": 0}, r"profiles\.quick\.coding\.aware_rate = 0 .* greater than 0"),
    ]:
        with pytest.raises(config.ConfigError, match=said):
            read({**changes, key: value}, tmp_path)
    with pytest.raises(config.ConfigError, match=r"profiles\.quick\.coding needs coding, whose keys it changes"):
        read({"profiles.quick.coding": {"bits": [7]}}, tmp_path)


VOLUMES = {"source": "solids", "names": "all", "side": 32}
OF_VOLUMES = {
    "profiles": {
        "solids": {
            "images": VOLUMES,
            "task": {"kind": "occupancy"},
            "network": {"width": 8},
            "train": {"iterations": 3, "learning_rate": 1e-3, "batch": 100},
        }
    },
    "methods": {"dense": {"gates": ["dense", "dense"]}, "tiles": {"gates": [4.0, 2.0]}},
    "runs": ["solids"],
}


def test_a_profile_may_be_of_volumes(tmp_path):
    profile = read(OF_VOLUMES, tmp_path).profiles["solids"]
    assert (profile.signal, profile.task["kind"]) == (Volume, "occupancy")
    assert profile.originals == profile.volumes
    assert (profile.volumes.side, profile.volumes.source) == (32, "solids")
    with pytest.raises(UserError, match="is done with images, and the profile has volumes"):
        _ = profile.images


def test_a_profile_of_images_is_told_as_before(tmp_path):
    """Digests of settings are made of this."""
    told = read({}, tmp_path).profiles["quick"].model_dump(mode="json", exclude_unset=True)
    assert told == GIVEN["profiles"]["quick"]
    assert next(iter(told)) == "images"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images.side": 7}, "profiles.solids.images.side = 7 is not allowed"),
        ({"images.side": 513}, "profiles.solids.images.side = 513 is not allowed"),
        ({"images.source": "moon"}, "profiles.solids.images.source: 'moon' is not allowed"),
        ({"images.names": ["a", "a"]}, "profiles.solids.images: names lists an image twice"),
        ({"images.frame": "crop"}, "profiles.solids.images.frame is not a known key"),
        ({"images": ...}, "profiles.solids.images is missing"),
        ({"images": []}, "profiles.solids.images = [] is not allowed"),
        ({"images": GIVEN["profiles"]["quick"]["images"]}, "task occupancy is of volumes, and the profile has images"),
        ({"coding": {"bits": [8]}}, "profiles.solids: coding is of images"),
        ({"task.kind": "represent"}, "task represent is of images, and the profile has volumes"),
        ({"train.batch": ...}, "volumes are fitted in batches; set batch"),
    ],
    ids=str,
)
def test_what_volumes_cannot_be_is_refused(changes, said, tmp_path):
    params = copy.deepcopy(OF_VOLUMES)
    with pytest.raises(config.ConfigError) as error:
        read(params | {f"profiles.solids.{key}": value for key, value in changes.items()}, tmp_path)
    assert said in str(error.value)


def test_a_profile_may_have_other_keys_of_a_method_or_lack_it(tmp_path):
    params = copy.deepcopy(OF_VOLUMES)
    params["methods"]["tiles"] = {"gates": [4.0, "segment"], "train": {"learning_rate": 0.1, "beta2": 0.9}}
    own = {"tiles": {"gates": [4.0, 2.0], "train": {"learning_rate": 0.2}}, "dense": None}
    found = read(params | {"profiles.solids.methods": own}, tmp_path)
    assert list(found.methods_of("solids")) == ["tiles"]
    assert found.field("solids", "tiles").gates == (4.0, 2.0)
    assert (found.train("solids", "tiles").learning_rate, found.train("solids", "tiles").beta2) == (0.2, 0.9)
    assert list(found.methods) == ["dense", "tiles"]
    for own, said in (
        ({"tiles": None, "dense": None}, "profiles.solids.methods leaves the profile no method"),
        ({"tile": None}, "profiles.solids.methods names 'tile', which is no method; there are dense, tiles"),
        ({"tiles": {"field": "wire"}}, "profiles.solids.methods.tiles.field is not a known key"),
        ({"tiles": {"map": "nowhere"}}, "profiles.solids.methods.tiles.map = 'nowhere' is not allowed"),
        ({"tiles": {"gate": []}}, "methods.tiles in profile solids: gate is not a known key"),
    ):
        with pytest.raises(config.ConfigError) as error:
            read(copy.deepcopy(params) | {"profiles.solids.methods": own}, tmp_path)
        assert said in str(error.value)


def test_maps_and_images_are_not_of_volumes(tmp_path):
    with pytest.raises(config.ConfigError, match="its field follows a map, and maps are of images"):
        read(copy.deepcopy(OF_VOLUMES) | {"methods.tiles": {"gates": ["segment", "dense"]}}, tmp_path)
    with pytest.raises(config.ConfigError, match="task occupancy is of volumes, and the profile has images"):
        read({"profiles.quick.task": {"kind": "occupancy"}}, tmp_path)


OF_VIEWS = {
    "profiles": {
        "scenes": {
            "images": {"source": "views", "names": "all", "long": 16, "box": 1.0},
            "task": {"kind": "radiance", "samples": 8},
            "network": {"width": 8},
            "train": {"iterations": 3, "learning_rate": 1e-3, "batch": 100},
        }
    },
    "methods": {"dense": {"gates": ["dense", "dense"]}},
    "runs": ["scenes"],
}


def test_a_profile_may_be_of_views(tmp_path):
    profile = read(OF_VIEWS, tmp_path).profiles["scenes"]
    assert (profile.signal, profile.task["kind"], profile.volumes) == (Views, "radiance", None)
    assert (profile.originals.long, profile.originals.box) == (16, 1.0)
    with pytest.raises(UserError, match="is done with images, and the profile has views"):
        _ = profile.images


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images.long": 10}, "profiles.scenes.images.long = 10 is not allowed"),
        ({"images.box": 0.0}, "profiles.scenes.images.box = 0.0 is not allowed"),
        ({"images.side": 32}, "profiles.scenes.images.long is not a known key"),
        ({"task.samples": 1}, "profiles.scenes.task.samples = 1 is not allowed"),
        ({"task.kind": "occupancy", "task.samples": ...}, "task occupancy is of volumes, and the profile has views"),
        ({"images": VOLUMES}, "task radiance is of views, and the profile has volumes"),
        ({"coding": {"bits": [8]}}, "profiles.scenes: coding is of images, and the profile has views"),
        ({"train.batch": ...}, "views are fitted in batches; set batch"),
    ],
    ids=str,
)
def test_what_views_cannot_be_is_refused(changes, said, tmp_path):
    params = copy.deepcopy(OF_VIEWS)
    with pytest.raises(config.ConfigError) as error:
        read(params | {f"profiles.scenes.{key}": value for key, value in changes.items()}, tmp_path)
    assert said in str(error.value)
