"""A generation is whole or refused, and CURRENT changes last."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import BuildInProgress, DamagedGeneration, IbidemError, NoIndex, UnknownGeneration, UnsupportedFormat
from index import generation
from index.generation import Manifest

ROOT = Path(__file__).resolve().parent.parent
FILES = {"model.onnx": b"\x00\x01weights", "lexical/meta.json": b"{}", "texts.sqlite": b"texts " * 100}
VALUES: dict[str, Any] = {
    "encoder": "0123",
    "model": "a model",
    "articles": 2,
    "passages": 5,
    "sentences": 9,
    "rejected": (("a/پ.md", "empty"), ("b.pdf", "not read")),
    "removed": {"gone/پ": "20260131T120000Z-012345"},
    "calibration": {"weights": [1.5, -2], "of": "پ"},
    "source": "5" * 64,
}


def written(folder: Path) -> Manifest:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return generation.write_manifest(folder, list(FILES), **VALUES)


def published(index: Path) -> Manifest:
    with generation.exclusive(index), generation.building(index) as folder:
        manifest = written(folder)
        generation.publish(index, folder, manifest.generation)
    return manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the only generation of an index."""
    return generation.generation_folder(tmp_path, published(tmp_path).generation)


@pytest.fixture
def builder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is building, and has written a file."""
    code = (
        "import sys, time, pathlib\n"
        "from index import generation\n"
        "index = pathlib.Path(sys.argv[1])\n"
        "with generation.exclusive(index), generation.building(index) as folder:\n"
        "    (folder / 'texts.sqlite').write_bytes(b'half')\n"
        "    print('building', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "building\n"
        yield process
        process.kill()


def names(index: Path) -> list[str]:
    """What there is beside the generations and below them."""
    return sorted(path.name for path in [*index.iterdir(), *(index / "generations").iterdir()])


def raises_in_one_line(kind: type[IbidemError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert caught.type is kind
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = published(tmp_path)
    folder = generation.generation_folder(tmp_path, manifest.generation)
    assert generation.verify_files(folder) == generation.read_manifest(folder) == manifest
    assert {name: getattr(manifest, name) for name in VALUES} == VALUES
    assert manifest.files.keys() == FILES.keys()
    assert manifest.created[:10].replace("-", "") == manifest.generation[:8]
    assert generation.current_generation(tmp_path) == manifest.generation
    assert (tmp_path / "CURRENT").read_text() == f"{manifest.generation}\n"


def test_an_evaluation_is_added_to_the_manifest_and_nothing_else_changes(tmp_path: Path) -> None:
    evaluation: dict[str, Any] = {"figures": {"nDCG@10": 0.75}, "compared_with": None, "نام": ["a", 1]}
    with generation.exclusive(tmp_path), generation.building(tmp_path) as folder:
        before = written(folder)
        assert before.evaluation is None
        after = generation.keep_evaluation(folder, before, evaluation)
        assert after == generation.verify_files(folder) == replace(before, evaluation=evaluation)
        with pytest.raises(ValueError, match="nan"):
            generation.keep_evaluation(folder, before, {"value": float("nan")})
        assert generation.read_manifest(folder) == after


def test_a_generation_is_published_again_with_a_calibration_and_nothing_else_changes(tmp_path: Path) -> None:
    before = published(tmp_path)
    calibration = {"weights": [2.0], "پ": None}
    with generation.exclusive(tmp_path):
        after = generation.republish(tmp_path, calibration)
    assert generation.current_generation(tmp_path) == after.generation > before.generation
    assert generation.list_generations(tmp_path) == [before.generation, after.generation]
    folders = [generation.generation_folder(tmp_path, one.generation) for one in (before, after)]
    assert [generation.verify_files(folder) for folder in folders] == [before, after]
    assert after == replace(before, generation=after.generation, created=after.created, calibration=calibration)
    for name in FILES:
        assert (folders[0] / name).samefile(folders[1] / name)


def test_a_damaged_generation_is_not_published_again(tmp_path: Path) -> None:
    before = published(tmp_path)
    (generation.generation_folder(tmp_path, before.generation) / "texts.sqlite").write_bytes(b"others")
    with generation.exclusive(tmp_path):
        message = raises_in_one_line(DamagedGeneration, lambda: generation.republish(tmp_path, {}))
    assert before.generation in message
    assert generation.current_generation(tmp_path) == before.generation
    assert generation.list_generations(tmp_path) == [before.generation]
    assert [path.name for path in (tmp_path / "generations").iterdir()] == [before.generation]


def test_where_there_are_no_links_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise OSError("no links here")

    before = published(tmp_path)
    monkeypatch.setattr("os.link", no_link)
    with generation.exclusive(tmp_path):
        after = generation.republish(tmp_path, {})
    folder = generation.generation_folder(tmp_path, after.generation)
    assert generation.verify_files(folder).files == before.files
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES


def test_checksums_are_sha256(tmp_path: Path) -> None:
    """Of "abc", from FIPS 180-2, appendix B.1."""
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert generation.file_sha256(tmp_path / "abc") == expected


def test_ids_sort_as_they_were_made_even_within_a_second(tmp_path: Path) -> None:
    made = [published(tmp_path).generation for _ in range(12)]
    assert made == sorted(set(made))
    assert generation.list_generations(tmp_path) == made


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:-1] + bytes([content[-1] ^ 128]),
        lambda content: content[:-1],
        lambda content: content + b"\x00",
        lambda content: b"",
    ],
    ids=["first bit", "last bit", "truncated", "longer", "empty"],
)
def test_a_file_that_is_not_what_was_written_is_damage(
    folder: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    message = raises_in_one_line(DamagedGeneration, lambda: generation.verify_files(folder))
    assert name in message
    assert "build again, or roll back to an earlier one" in message


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_damage(folder: Path, name: str) -> None:
    (folder / name).unlink()
    message = raises_in_one_line(DamagedGeneration, lambda: generation.verify_files(folder))
    assert f"{name}: No such file or directory" in message


def manifest_with(**changes: Any) -> bytes:
    whole = {"format": generation.FORMAT, "generation": "g", "created": "", "files": {}, "evaluation": None, **VALUES}
    return json.dumps({**whole, **changes}).encode()


def manifest_without(name: str) -> bytes:
    whole = json.loads(manifest_with())
    del whole[name]
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"[1]", b"null", b"1", b'"format"', b"{}", b"\xff\xfe", b"\x00" * 100),
        *(
            manifest_without(name)
            for name in ("generation", "created", "encoder", "articles", "rejected", "files", "evaluation", "removed")
        ),
        manifest_without("calibration"),
        manifest_without("source"),
        manifest_without("format"),
        manifest_with(another=1),
        *(manifest_with(files=files) for files in ((), None, "x", 1)),
        *(manifest_with(rejected=rejected) for rejected in (None, 1, [1])),
        *(manifest_with(removed=removed) for removed in (None, 1, [1], "x")),
        *(manifest_with(evaluation=evaluation) for evaluation in (1, [1], "x")),
        *(manifest_with(calibration=calibration) for calibration in (1, [1], "x")),
    ],
)
def test_a_manifest_that_cannot_be_read_is_damage(folder: Path, content: bytes) -> None:
    (folder / generation.MANIFEST_FILE).write_bytes(content)
    message = raises_in_one_line(DamagedGeneration, lambda: generation.verify_files(folder))
    assert folder.name in message


def test_a_whole_manifest_is_read(folder: Path) -> None:
    (folder / generation.MANIFEST_FILE).write_bytes(manifest_with())
    assert generation.read_manifest(folder).generation == "g"


@pytest.mark.parametrize("version", [0, 1, str(generation.FORMAT), None, [], 999])
def test_another_format_is_not_opened(folder: Path, version: Any) -> None:
    (folder / generation.MANIFEST_FILE).write_bytes(manifest_with(format=version))
    message = raises_in_one_line(UnsupportedFormat, lambda: generation.verify_files(folder))
    assert "build the index again" in message


def test_a_generation_without_a_manifest_or_a_folder_is_unknown(folder: Path) -> None:
    (folder / generation.MANIFEST_FILE).unlink()
    raises_in_one_line(UnknownGeneration, lambda: generation.read_manifest(folder))
    raises_in_one_line(UnknownGeneration, lambda: generation.verify_files(folder.parent / "nothing"))


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"  \n", b"../x", b"..", b".", b"/etc", b"a/b", b".building-x", b"\xff\xfe", b"a\nb", b"a\x00b"],
)
def test_a_current_that_names_no_generation_is_damage(tmp_path: Path, content: bytes) -> None:
    published(tmp_path)
    (tmp_path / "CURRENT").write_bytes(content)
    message = raises_in_one_line(DamagedGeneration, lambda: generation.current_generation(tmp_path))
    assert str(tmp_path / "CURRENT") in message


def test_a_current_that_names_a_missing_generation_leads_to_an_unknown_one(tmp_path: Path) -> None:
    published(tmp_path)
    (tmp_path / "CURRENT").write_text("20200101T000000Z-000000\n")
    folder = generation.generation_folder(tmp_path, generation.current_generation(tmp_path))
    message = raises_in_one_line(UnknownGeneration, lambda: generation.verify_files(folder))
    assert "20200101T000000Z-000000" in message


def test_a_current_that_is_a_folder_is_damage(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").mkdir()
    raises_in_one_line(DamagedGeneration, lambda: generation.current_generation(tmp_path))


def test_where_nothing_was_built_there_is_no_index(tmp_path: Path) -> None:
    for index in (tmp_path, tmp_path / "missing"):
        message = raises_in_one_line(NoIndex, lambda index=index: generation.current_generation(index))  # type: ignore[misc]
        assert f"ibidem build --index {index}" in message
        assert generation.list_generations(index) == []


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path, builder: subprocess.Popen[str]) -> None:
    def enter() -> None:
        with generation.exclusive(tmp_path):
            pass

    message = raises_in_one_line(BuildInProgress, enter)
    assert str(tmp_path) in message
    builder.send_signal(signal.SIGKILL)
    builder.wait(10)
    enter()


def test_a_second_holder_in_one_process_is_refused(tmp_path: Path) -> None:
    with generation.exclusive(tmp_path), pytest.raises(BuildInProgress), generation.exclusive(tmp_path):
        pass
    with generation.exclusive(tmp_path):
        pass


def test_what_a_killed_builder_left_is_removed_by_the_next(tmp_path: Path, builder: subprocess.Popen[str]) -> None:
    builder.send_signal(signal.SIGKILL)
    builder.wait(10)
    (tmp_path / "generations" / ".discarded-x" / "lexical").mkdir(parents=True)
    left = [name for name in names(tmp_path) if name.startswith((".building-", ".discarded-"))]
    assert len(left) == 2
    assert generation.list_generations(tmp_path) == []
    current = published(tmp_path).generation
    assert names(tmp_path) == sorted([current, "CURRENT", "generations", "lock"])


def test_a_builder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    current = published(tmp_path).generation
    before = names(tmp_path)

    def fail() -> None:
        with generation.exclusive(tmp_path), generation.building(tmp_path) as folder:
            written(folder)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(tmp_path) == before
    assert generation.current_generation(tmp_path) == current


def test_current_changes_only_after_the_generation_is_in_place(tmp_path: Path) -> None:
    """A folder where the new CURRENT is written makes that last step, and only that, fail."""
    before = published(tmp_path).generation
    (tmp_path / "CURRENT.new").mkdir()
    with pytest.raises(IsADirectoryError):
        published(tmp_path)
    assert generation.current_generation(tmp_path) == before
    _, after = generation.list_generations(tmp_path)
    assert generation.verify_files(generation.generation_folder(tmp_path, after)).generation == after


def test_current_stays_if_the_generation_cannot_be_put_in_place(tmp_path: Path) -> None:
    before = published(tmp_path).generation
    with generation.exclusive(tmp_path), generation.building(tmp_path) as folder:
        manifest = written(folder)
        (generation.generation_folder(tmp_path, manifest.generation) / "occupied").mkdir(parents=True)
        with pytest.raises(OSError, match="not empty"):
            generation.publish(tmp_path, folder, manifest.generation)
    assert generation.current_generation(tmp_path) == before


@pytest.mark.parametrize(
    ("keep", "current", "kept"),
    [(1, 4, [4]), (2, 4, [3, 4]), (1, 0, [0, 4]), (2, 1, [1, 3, 4]), (9, 0, [0, 1, 2, 3, 4]), (0, 2, [2])],
)
def test_prune_keeps_the_newest_and_the_current(tmp_path: Path, keep: int, current: int, kept: list[int]) -> None:
    made = [published(tmp_path).generation for _ in range(5)]
    generation.make_current(tmp_path, made[current])
    removed = generation.prune(tmp_path, keep)
    assert removed == [name for number, name in enumerate(made) if number not in kept]
    assert names(tmp_path) == sorted([*(made[n] for n in kept), "CURRENT", "generations", "lock"])
    assert generation.current_generation(tmp_path) == made[current]


def test_prune_without_an_index_says_so(tmp_path: Path) -> None:
    raises_in_one_line(NoIndex, lambda: generation.prune(tmp_path, 2))
