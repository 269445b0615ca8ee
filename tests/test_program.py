"""The program: the studio answers any client and ends cleanly on Ctrl-C; the lab reports what is missing."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import requests
from programs import running, studio_program

import tonnbook.__main__ as program
from tonnbook import app_program


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_studio_prints_its_address_answers_and_ends_cleanly(ending: signal.Signals) -> None:
    with studio_program("-W", "error") as (studio, address):
        assert address.startswith("http://127.0.0.1:")
        assert f"curl {address}/health" in studio.stdout.readline()
        with urllib.request.urlopen(f"{address}/health", timeout=60) as answer:
            assert answer.status == 200
        studio.send_signal(ending)
        out, err = studio.communicate(timeout=60)
    assert (studio.returncode, err) == (0, "")
    assert "closed" in out


def test_a_strict_studio_names_the_field_that_is_missing() -> None:
    tracks = [{"trackURL": "https://a.example/b.wav", "instrumentGroup": "KICK_GROUP"}]
    body = {"multitrackData": {"trackData": tracks, "musicalStyle": "POP"}}
    with studio_program(arguments=["--strict"]) as (_, address):
        answer = requests.post(f"{address}/mixpreview", json=body, headers={"X-API-Key": "studio"}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["message"] == "webhookURL: is missing; the live service requires it"


@pytest.mark.parametrize("given", ["nothing", "file"])
def test_the_studio_prints_the_key_to_use_but_never_one_that_was_chosen(given: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of-my-own\n")
    command = [sys.executable, "-m", "tonnbook", "studio", "--port", "0"]
    options = ["--key-file", str(tmp_path / "key")] if given == "file" else []
    env = {name: value for name, value in os.environ.items() if name != "TONNBOOK_KEY"}
    with running([*command, *options], env) as studio:
        address, _, said = (studio.stdout.readline() for _ in range(3))
        key = "of-my-own" if given == "file" else said.split()[1]
        statuses = [
            requests.get(f"{address.split()[-1]}/studio/ledger", headers={"X-API-Key": each}, timeout=60).status_code
            for each in (key, "studio")
        ]
    assert statuses == [200, 401]
    assert ("of-my-own" in said, len(key) > 20) == ((False, False) if given == "file" else (False, True))


def test_an_empty_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").touch()
    assert program.main(["studio", "--port", "0", "--key-file", str(tmp_path / "key")]) == 1
    assert "is empty" in capsys.readouterr().err


def test_a_port_in_use_is_reported_in_one_line() -> None:
    from tonnbook.studio.server.server import Studio

    with Studio() as studio:
        port = studio.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "tonnbook", "studio", "--port", port]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"The studio could not start on port {port}")
    assert "Traceback" not in answer.stderr


def test_the_lessons_are_found_and_a_copy_keeps_what_is_there(tmp_path: Path) -> None:
    lessons = program.lessons_folder()
    assert lessons is not None
    (tmp_path / program.FIRST_LESSON).write_text("mine")
    program.copy_lessons(lessons, tmp_path)
    assert (tmp_path / program.FIRST_LESSON).read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in lessons.glob("*.ipynb")}


def test_the_lab_opens_on_the_first_lesson(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token=t"]
    command = [sys.executable, "-m", "tonnbook", "lab", "--folder", str(tmp_path / "lessons"), *options]
    home = {
        name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    }
    with running(command, os.environ | home) as lab:
        ours = re.compile(rf"http://(localhost|127\.0\.0\.1):{port}/lab\S*")  # some machines do not know localhost
        opened = next((found[0] for line in lab.stderr if (found := ours.search(line))), "")
        os.killpg(lab.pid, signal.SIGTERM)
        lab.communicate(timeout=30)
    assert f"/lab/tree/{program.FIRST_LESSON}?token=" in opened
    assert (tmp_path / "lessons" / program.FIRST_LESSON).exists()


def test_without_jupyterlab_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "find_spec", lambda name: None)
    assert program.main(["lab"]) == 1
    assert "pip install 'tonnbook[lab]'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["studio", "--port", "many"], ["studio", "--no-browser"], ["mix"], []])
def test_bad_arguments_end_with_the_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 2


def test_the_app_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app_program, "find_spec", lambda name: None)
    assert program.main(["app", "--no-browser"]) == 1
    assert "pip install 'tonnbook[app]'" in capsys.readouterr().err
