"""What an installation and the Docker image need beside modules is named where they look."""

import tomllib
from pathlib import Path

from emnist_lab.files import PROJECT


def test_every_file_that_is_no_module_is_package_data():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {
        path
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (PROJECT / package.replace(".", "/")).glob(pattern)
    }
    package = PROJECT / "emnist_lab"
    others = {
        path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert named == others


def test_what_the_docker_image_copies_is_in_its_context():
    copied = {
        name
        for line in (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    }
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert all(any(PROJECT.glob(name)) for name in copied)


def test_only_the_container_listens_to_others_and_as_a_class():
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "localhost"
    assert "--server.address" not in (PROJECT / "Makefile").read_text(encoding="utf-8")
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert "EMNIST_LAB_MODE=class" in image and "--server.address=0.0.0.0" in image


def test_what_the_app_keeps_is_neither_in_git_nor_in_the_image():
    def kept(name: str) -> set[str]:
        lines = Path(PROJECT / name).read_text(encoding="utf-8").splitlines()
        return {
            line.rstrip("/") for line in lines if line.startswith(("artifacts/", ".streamlit/"))
        }

    assert kept(".gitignore") == kept(".dockerignore") >= {"artifacts/runs", "artifacts/cache"}
