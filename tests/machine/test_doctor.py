import http.server
import socket
import subprocess
import sys
import threading

import pytest
from pipeline import ROOT

from refield import config
from refield.machine import doctor
from refield.signals.sources.kodak import KODAK_DIRECTORY


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv(KODAK_DIRECTORY, raising=False)


@pytest.fixture
def address():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_needs_no_torch_is_told_before_it_is_loaded(tmp_path):
    code = (
        "import itertools, sys; from refield.machine import doctor\n"
        "for topic, _ in itertools.islice(doctor.machine(), 7): print('torch' in sys.modules, topic)"
    )
    environment = {"PATH": "", "REFIELD_UNITS": str(tmp_path), KODAK_DIRECTORY: str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, text=True, capture_output=True, check=True
    )
    topics = ["Python", "memory", "executor", "DVC", "DVC's cache", "unit store", "Kodak"]
    assert done.stdout.splitlines() == [f"False {topic}" for topic in topics]


def test_an_address_that_answers_can_be_reached(address):
    assert doctor.kodak(doctor.Reaching(address)) == f"{address} can be reached"


def test_one_that_refuses_cannot(address):
    said = doctor.kodak(doctor.Reaching(f"{address}/nothing.png"))
    assert "cannot be reached (HTTPError)" in said
    assert "REFIELD_KODAK=FOLDER" in said


def test_one_that_never_answers_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(doctor, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = doctor.kodak(doctor.Reaching(f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert "cannot be reached (" in said


def test_a_folder_is_counted_as_far_as_there_is_time(tmp_path, monkeypatch):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/file").write_bytes(bytes(3 * 2**20))
    assert doctor._size(tmp_path) == "3 MiB"
    assert doctor._size(tmp_path / "nothing") == "0 MiB"
    monkeypatch.setattr(doctor, "COUNTING", -1.0)
    assert doctor._size(tmp_path) == "more than 0 MiB"


@pytest.mark.parametrize(
    ("images", "number"),
    [
        ({"names": ["astronaut"]}, 1),
        ({"source": "kodak", "names": "all"}, 24),
        ({"source": "folder", "names": "all"}, None),
    ],
)
def test_only_a_folder_does_not_say_how_many_images_it_has(images, number):
    changes = {f"profiles.quick.images.{key}": value for key, value in images.items()}
    assert doctor.images(config.read(path=ROOT / "params.yaml", changes=changes).profiles["quick"]) == number


def test_times_end_with_what_they_rest_on():
    params = config.read(
        path=ROOT / "params.yaml",
        changes={
            "runs": ["quick"],
            "profiles.quick.images.source": "folder",
            "profiles.quick.images.names": "all",
            "profiles.quick.images.long": 24,
            "profiles.quick.images.short": 16,
            "profiles.quick.network.width": 8,
        },
    )
    only = params.model_copy(update={"profiles": {"quick": params.profiles["quick"]}})
    found = dict(doctor.times(only))
    assert list(found) == ["quick", "timed", "meanwhile"]
    assert found["quick"].startswith("15 fits for each image, ")
    assert "steps of" in found["timed"]
    assert "load average" in found["meanwhile"]
