from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local_cloud.cli import main
from local_cloud.errors import UsageError
from local_cloud.uploads import files_to_upload


def keys(*paths: Path, prefix: str = "") -> list[str]:
    return [file.key for file in files_to_upload(paths, prefix=prefix)]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_a_file_goes_under_its_name_and_a_folder_under_relative_paths(tmp_path: Path) -> None:
    touch(tmp_path, "one.csv", "many/b.csv", "many/a/_x.csv", "many/.hidden.csv")
    assert keys(tmp_path / "one.csv", tmp_path / "many") == [
        "one.csv",
        ".hidden.csv",
        "a/_x.csv",
        "b.csv",
    ]


def test_the_order_of_paths_is_kept_so_that_one_name_twice_is_two_versions(tmp_path: Path) -> None:
    touch(tmp_path, "b/x.csv", "a/x.csv")
    files = files_to_upload([tmp_path / "b" / "x.csv", tmp_path / "a" / "x.csv"], prefix="")
    assert [(file.key, file.path.parent.name) for file in files] == [("x.csv", "b"), ("x.csv", "a")]


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [("in/", "in/"), ("in", "in/"), ("..", "../"), ("../", "../"), ("a//", "a//"), ("", "")],
)
def test_a_prefix_is_a_folder_with_or_without_its_slash(
    tmp_path: Path, prefix: str, folder: str
) -> None:
    touch(tmp_path, "x.csv")
    assert keys(tmp_path, prefix=prefix) == [f"{folder}x.csv"]


def test_a_key_that_s3_would_not_take_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "x.csv")
    with pytest.raises(UsageError, match="1024"):
        keys(tmp_path, prefix="ü" * 512)


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line that a wrong command line is answered with."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_a_path_that_is_not_there_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(capsys, "run", str(tmp_path / "nothing"))
    assert line == f"error: {tmp_path / 'nothing'} does not exist"


def test_a_link_to_nowhere_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link.csv").symlink_to("nowhere")
    assert "link.csv' is no file that can be read" in refused(capsys, "run", str(tmp_path))


def test_no_path_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no PATH" in refused(capsys, "run", "--json")


def test_a_folder_without_files_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert "has no files" in refused(capsys, "run", str(tmp_path))


def test_an_out_that_is_taken_is_wrong_use_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "x.csv", "out/processed/mine")
    line = refused(capsys, "run", str(tmp_path / "x.csv"), "--out", str(tmp_path / "out"))
    assert "processed is not empty" in line


def test_an_environment_that_config_does_not_have_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, "x.csv")
    assert main(["run", str(tmp_path), "--environment", "nowhere"]) == 2
    assert "'nowhere'; it has dev" in capsys.readouterr().err


def test_a_port_that_is_taken_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot be had" in refused(capsys, "up", "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize("argv", [[], ["fly"], ["run", "--colour"], ["up", "--port", "70000"]])
def test_a_command_line_that_nobody_understands_is_wrong_use(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(argv)
    assert error.value.code == 2


def test_an_interruption_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    touch(tmp_path, "x.csv")
    monkeypatch.setattr("local_cloud.run_command.run", interrupted)
    assert main(["run", str(tmp_path)]) == 130
    assert "interrupted" in capsys.readouterr().err
