"""The build backend of the tests' small kit: pip calls it, without a network. Standard library only.

It notes every build in the file `builds`, and fails, waits or kills pip when an environment variable tells it to.
"""

import os
import time
import zipfile
from pathlib import Path


def write_wheel(folder, name: str, version: str, files: dict[str, str], metadata_lines: list[str] = ()) -> Path:
    """Write a pure wheel with those files, and those lines in its metadata."""
    path = Path(folder) / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
    metadata += "".join(f"{line}\n" for line in metadata_lines)
    wheel = "Wheel-Version: 1.0\nGenerator: kit\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents = files | {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    record = "".join(f"{file},,\n" for file in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in (contents | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)
    return path


def build_editable(folder, config_settings=None, metadata_directory=None):
    """Called by pip in the kit's folder."""
    import tomllib

    with Path("builds").open("a") as builds:
        builds.write("build\n")
    if reason := os.environ.get("KIT_FAILS"):
        raise SystemExit(reason)
    if os.environ.get("KIT_KILLS_PIP"):
        os.kill(os.getppid(), 9)
    if os.environ.get("KIT_WAITS"):
        Path("waiting").touch()
        time.sleep(60)
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [f"Requires-Dist: {need}" for need in project["dependencies"]]
    for extra, needs in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}", *(f"Requires-Dist: {need} ; extra == '{extra}'" for need in needs)]
    return write_wheel(folder, "mle_path", "0.1.0", {"kit.pth": os.getcwd()}, lines).name
