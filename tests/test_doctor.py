"""What is found wrong with an archive: each finding where it is to be found, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from corpus.article import Article
from index import generation
from index.generation import current_generation, generation_folder
from qa.doctor import Examination, examine
from qa.doctor_articles import looks_foreign
from qa.findings import Finding
from qa.settings import load_settings
from tests.archives import LIMIT, build, ibidem, publish, write
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("alone")

TEXT = (
    "The weir above the ferry held on Tuesday, though the river stood higher than in any spring since the mill closed"
    " and the lock keeper had sent for sandbags."
)
GERMAN = (
    "Das Wehr oberhalb der Fähre hielt am Dienstag, obwohl der Fluss höher stand als in jedem Frühjahr, seit die Mühle"
    " geschlossen ist. Der Schleusenwärter hatte schon Sandsäcke bestellt, die nun im Schuppen liegen bleiben. Am Abend"
    " kamen viele Leute ans Ufer, um zu sehen, wie das Wasser langsam fiel, und manche brachten Lampen mit."
)
DUTCH = (
    "De stuw boven het veer hield het dinsdag, hoewel de rivier hoger stond dan in enig voorjaar sinds de molen dicht"
    " is. De sluiswachter had al zandzakken besteld, die nu in de schuur blijven liggen. In de avond kwamen veel mensen"
    " naar de oever om te zien hoe het water langzaam zakte, en sommigen namen lampen mee, want het was al donker. Ook"
    " de burgemeester was er, met een paraplu en twee honden, en zij bleef tot het eind."
)
HINDI = "मंगलवार को नाव घाट के ऊपर का बाँध टिका रहा, हालाँकि नदी किसी भी वसंत से ऊँची थी और चक्की बंद हो चुकी थी।"


def article(article_id: str, **values: object) -> Article:
    whole = Article(
        id=article_id,
        title=f"On {article_id}",
        title_inferred=False,
        publisher="The Ferry Post",
        url=f"https://ferry.example/{article_id}",
        published="2025-03-04",
        language="en",
        text=TEXT,
    )
    return replace(whole, **values)  # type: ignore[arg-type]


GOOD = [article("weir"), article("lock", text=f"{TEXT} The lock did not.")]


def test_the_page_has_every_code() -> None:
    page = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \| (?:error|warning|note) \|", page, re.M)
    documented = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "qa").glob("doctor*.py")))
    assert documented >= set(re.findall(r'(?:_broken|Finding|about)\(\s*"([a-z-]+)"', source))
    assert [code for code in sorted(documented) if f'"{code}"' not in source] == []
    assert len(documented) >= 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {f"{one.id}.md": f"# {one.title}\n\n{one.text}" for one in GOOD}
    folder = write(tmp_path / "articles", files)
    for path in folder.iterdir():
        _age(path, 60)
    return folder


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def look(folder: Path, index: Path, **settings: object) -> Examination:
    return examine(load_settings({"articles": (folder,), "index": index, **settings}))


def by_code(found: Examination) -> Mapping[str, Finding]:
    return {finding.code: finding for finding in found.findings}


def findings(folder: Path, index: Path, *more: Article, **values: object) -> Mapping[str, Finding]:
    """What is found of an archive that has further articles; files of these are made, so that nothing is stale."""
    write(folder, {f"{one.id}.md": "" for one in more})
    for one in more:
        _age(folder / f"{one.id}.md", 60)
    publish(index, [*GOOD, *more], **values)  # type: ignore[arg-type]
    return by_code(look(folder, index))


def test_of_a_good_archive_nothing_is_found(folder: Path, index: Path) -> None:
    made = publish(index, GOOD)
    found = look(folder, index)
    assert found == Examination(index, made, 2, ())
    result = ibidem("doctor", "--articles", folder, "--index", index)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"nothing is wrong (generation {made}, 2 articles)\n"


def test_what_is_not_known_is_found(folder: Path, index: Path) -> None:
    unknown = article("note", published=None, publisher=None, title_inferred=True)
    found = findings(folder, index, unknown)
    assert set(found) == {"no-date", "no-publisher", "title-inferred"}
    assert {finding.severity for finding in found.values()} == {"warning"}
    assert all((one.count, one.examples) == (1, ("note",)) for one in found.values())
    assert found["no-date"].what.startswith("1 article without a date of publication")
    assert "--missing published" in found["no-date"].do


TOMORROW = date.today() + timedelta(days=1)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"published": (TOMORROW + timedelta(days=1)).isoformat()}, "date-in-future"),
        ({"retrieved": str(TOMORROW.year + 1)}, "date-in-future"),
        ({"published": TOMORROW.isoformat()}, None),
        ({"published": date.today().isoformat()[:4]}, None),
        ({"published": "2025-03-04", "updated": "2025-03-03"}, "published-after-updated"),
        ({"published": "2025-03-04", "updated": "2025-03"}, None),
        ({"published": "2025-03", "updated": "2025-02-28"}, "published-after-updated"),
        ({"published": "2025-03-04", "retrieved": "2024"}, "retrieved-before-published"),
        ({"published": "2025", "retrieved": "2025-01-01"}, None),
        ({"published": None, "updated": "2025"}, "no-date"),
    ],
)
def test_dates_that_can_not_be_are_found(
    folder: Path, index: Path, values: dict[str, str | None], code: str | None
) -> None:
    found = findings(folder, index, article("note", **values))
    assert set(found) == ({code} if code else set())
    if code and code != "no-date":
        assert (found[code].severity, found[code].examples) == ("error", ("note",))


def test_a_publisher_in_several_ways_is_found(folder: Path, index: Path) -> None:
    found = findings(folder, index, article("a", publisher="the ferry-post"), article("b", publisher="Férry Post"))
    (one,) = found.values()
    assert (one.code, one.count) == ("publisher-written-in-several-ways", 2)
    assert one.examples == ("The Ferry Post", "Férry Post", "the ferry-post")
    assert '--publisher "The Ferry Post"' in one.do


def test_publishers_that_only_look_alike_are_not(folder: Path, index: Path) -> None:
    assert findings(folder, index, article("a", publisher="The Ferry Posts"), article("b", publisher="The")) == {}


def test_an_address_of_two_texts_is_found(folder: Path, index: Path) -> None:
    same = {"url": "https://ferry.example/one"}
    found = findings(folder, index, article("a", **same), article("b", **same, text=f"{TEXT} And more."))
    assert found["url-of-several-texts"].examples == ("a", "b")
    found = findings(folder, index, article("a", **same), article("b", **same))
    assert found == {}


def test_copies_are_a_note(folder: Path, index: Path) -> None:
    found = findings(folder, index, article("a"), article("b"), clusters=[0, 0, 1, 0])
    (copies,) = found.values()
    assert (copies.code, copies.severity, copies.count, copies.examples) == ("copies", "note", 2, ("a = b = weir",))


def test_short_texts_are_found(folder: Path, index: Path) -> None:
    found = findings(folder, index, article("a", text="word " * 19), article("b", text="word " * 20))
    assert (found["short-text"].count, found["short-text"].examples) == (1, ("a",))


def test_languages_that_the_model_does_not_know_are_found(folder: Path, index: Path) -> None:
    more = [
        article("a", language="de", text=TEXT),
        article("b", language=None, text=HINDI),
        article("c", language="en", text=GERMAN * 2),
        article("d", language="en-GB"),
    ]
    found = findings(folder, index, *more)
    assert found["language-unknown-to-model"].examples == ("a", "b", "c")
    assert found["languages-mixed"].severity == "note"
    assert "en (4), de (1)" in found["languages-mixed"].what
    found = findings(folder, index, *more, model="./a-model-of-ones-own")
    assert set(found) == {"languages-mixed"}


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        (TEXT, False),
        (TEXT * 5, False),
        (GERMAN * 2, True),
        (DUTCH * 2, True),
        (HINDI, True),
        ("空间站" * 30, True),
        (f"{TEXT} The word was “空间站”.", False),
        ("Lock, Quay, Weir, Mill 12 34 56 " * 3, False),
        ("12 34 56 78 " * 200, False),
        ("", False),
    ],
)
def test_a_text_that_is_evidently_not_english(text: str, foreign: bool) -> None:
    assert looks_foreign(text) is foreign


def test_passages_that_are_cut_off_are_found(folder: Path, index: Path) -> None:
    # A title has two words; the encoder takes no more than its limit of them both.
    found = findings(folder, index, article("a", text="the " * (LIMIT - 2)), article("b", text="the " * (LIMIT - 1)))
    assert (found["passage-too-long"].severity, found["passage-too-long"].examples) == ("error", ("b",))


def test_what_was_rejected_is_grouped_by_reason(folder: Path, index: Path) -> None:
    rejected = [
        ("articles/a.md", "'published' in its front matter must be a date like 2025-03-31, not 'soon'; mend it"),
        ("articles/b.md", "'published' in its front matter must be a date like 2025-03-31, not 'late'; mend it"),
        ("articles/c.md", "empty: it holds no words of an article; write it or remove it"),
        ("articles/d.md", "left out by its sidecar"),
        ("articles/e.meta.toml", "a sidecar of e, which there is not; rename or remove it"),
    ]
    publish(index, GOOD, rejected=rejected)
    found = look(folder, index).findings
    assert [(one.code, one.severity, one.count) for one in found] == [
        ("rejected", "warning", 2),
        ("rejected", "warning", 1),
        ("excluded", "note", 1),
    ]
    assert found[0].examples == ("articles/a.md", "articles/b.md")
    assert (found[1].do, found[1].what) == (
        "write it or remove it",
        "1 file rejected by the last build: empty: it holds no words of an article",
    )
    assert "--restore excluded" in found[2].do


def test_sidecars_are_found_as_they_are_now(folder: Path, index: Path) -> None:
    write(folder, {"weir.meta.toml": "titel = 3", "quay.meta.toml": "title = 'x'", "lock.meta.toml": "title = 'x'"})
    for path in folder.glob("*.toml"):
        _age(path, 60)
    publish(index, GOOD)
    found = by_code(look(folder, index))
    assert set(found) == {"sidecar-broken", "sidecar-about-nothing"}
    assert (found["sidecar-broken"].severity, found["sidecar-broken"].count) == ("error", 1)
    assert "'titel'" in found["sidecar-broken"].what
    assert found["sidecar-about-nothing"].examples == (str(folder / "quay.meta.toml"),)


def test_sidecars_of_articles_in_a_file_of_several(folder: Path, index: Path) -> None:
    shutil.rmtree(folder)
    write(
        folder,
        {
            "desk.jsonl": '{"id": "one", "text": "The bench was too long for the quay."}\n',
            "desk/one.meta.toml": 'title = "The bench"\npublished = 2025\npublisher = "Desk"\n'.replace(
                "2025", '"2025"'
            ),
            "desk/two.meta.toml": 'title = "None"\n',
        },
    )
    for path in (folder / "desk.jsonl", *(folder / "desk").iterdir()):
        _age(path, 60)
    build(folder, index)
    found = by_code(look(folder, index))
    assert set(found) == {"sidecar-about-nothing", "short-text"}
    assert found["sidecar-about-nothing"].examples == (str(folder / "desk" / "two.meta.toml"),)


def test_what_changed_since_the_build_is_found(folder: Path, index: Path) -> None:
    publish(index, GOOD)
    (folder / "lock.md").unlink()
    write(folder, {"quay.md": TEXT, "weir.meta.toml": "title = 'x'"})
    _age(folder / "weir.meta.toml", -60)
    (one,) = look(folder, index).findings
    assert (one.code, one.severity, one.count) == ("stale", "warning", 3)
    assert one.examples == ("quay (added)", "weir (changed)", "lock (removed)")


def test_a_file_that_was_rejected_is_not_new(folder: Path, index: Path) -> None:
    write(folder, {"quay.md": "", "desk.jsonl": "{}"})
    rejected = [("elsewhere/quay.md", "empty"), ("elsewhere/desk.jsonl/1", "no text")]
    publish(index, GOOD, rejected=rejected)
    assert "stale" not in by_code(look(folder, index))


def test_without_an_index_the_rest_is_still_looked_at(folder: Path, index: Path) -> None:
    write(folder, {"weir.meta.toml": "titel = 3"})
    found = look(folder, index)
    assert (found.generation, found.articles, found.healthy) == (None, 0, False)
    assert set(by_code(found)) == {"no-index", "sidecar-broken"}
    result = ibidem("doctor", "--articles", folder, "--index", index)
    assert result.exit_code == 1
    assert "ibidem build" in result.stdout
    assert not index.exists()


def test_a_damaged_generation_is_found(folder: Path, index: Path) -> None:
    publish(index, GOOD)
    made = generation_folder(index, current_generation(index))
    for damage in (
        lambda: (made / "texts.sqlite").write_bytes(b"nonsense"),
        lambda: (made / "passage_groups.npy").unlink(),
        lambda: (made / "manifest.json").write_text("{"),
    ):
        damage()
        found = by_code(look(folder, index))
        assert found["damaged-generation"].severity == "error"
        assert "rollback" in found["damaged-generation"].do
    (made / "manifest.json").write_text('{"format": 1}')
    assert "unsupported-format" in by_code(look(folder, index))


def test_old_generations_and_leftovers_are_found(folder: Path, index: Path) -> None:
    names = [publish(index, GOOD) for _ in range(5)]
    (index / "generations" / ".building-x").mkdir()
    (index / "generations" / ".building-x" / "part").write_bytes(b"x" * 2**20)
    found = by_code(look(folder, index))
    assert set(found) == {"old-generations", "leftovers"}
    assert found["old-generations"].examples == tuple(names[:2])
    assert "prune --keep 3" in found["old-generations"].do
    assert "1.0 MiB" in found["leftovers"].what
    (generation_folder(index, names[3]) / "manifest.json").unlink()
    assert by_code(look(folder, index))["old-generation-unreadable"].examples == (names[3],)


def test_files_that_generations_share_are_not_counted_as_old(folder: Path, index: Path) -> None:
    names = [publish(index, GOOD) for _ in range(4)]
    old, new = (generation_folder(index, name) for name in (names[0], names[-1]))
    (old / "large").write_bytes(b"x" * 2**20)
    assert "take 1." in by_code(look(folder, index))["old-generations"].what
    os.link(old / "large", new / "large")
    assert "take 0." in by_code(look(folder, index))["old-generations"].what


def test_a_running_build_is_no_leftover(folder: Path, index: Path) -> None:
    publish(index, GOOD)
    (index / "generations" / ".building-x").mkdir()
    with FileLock(index / generation.LOCK_FILE):
        assert set(by_code(look(folder, index))) == {"locked"}
    assert set(by_code(look(folder, index))) == {"leftovers"}


def test_a_disk_that_is_nearly_full_is_found(folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(index, GOOD)
    total = shutil.disk_usage(index)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: total._replace(free=1000))
    assert set(by_code(look(folder, index))) == {"disk-nearly-full"}


def test_settings_that_name_nothing_are_found(folder: Path, index: Path, tmp_path: Path) -> None:
    publish(index, GOOD)
    found = look(folder, index, gate=(tmp_path / "none.jsonl",), model="./no-model", cross_encoder="a-name/on-the-hub")
    assert [(one.code, one.severity) for one in found.findings] == [("setting-names-nothing", "error")] * 2
    assert "'gate'" in found.findings[0].what
    assert "'model'" in found.findings[1].what
    (missing,) = look(tmp_path / "none", index).findings
    assert (missing.code, str(tmp_path / "none") in missing.what) == ("setting-names-nothing", True)


def test_the_gravest_comes_first_and_decides(folder: Path, index: Path) -> None:
    write(folder, {"note.md": TEXT})
    more = article("note", published=None, retrieved="2999", language="fr")
    publish(index, [*GOOD, more])
    result = ibidem("doctor", "--articles", folder, "--index", index)
    severities = [line.split(":")[0] for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert severities[:-1] == ["error", "warning", "warning", "note"]
    assert severities[-1].startswith("1 error, 2 warnings, 1 note (generation ")
    assert result.exit_code == 1
    publish(index, [*GOOD, article("note", published=None)])
    assert ibidem("doctor", "--articles", folder, "--index", index).exit_code == 0


def test_it_is_all_there_as_json(folder: Path, index: Path) -> None:
    publish(index, [*GOOD, *(article(f"n{number}", published=None) for number in range(9))])
    result = ibidem("doctor", "--articles", folder, "--index", index, "--json")
    found = json.loads(result.stdout)
    assert (found["articles"], found["index"]) == (11, str(index))
    (undated,) = [one for one in found["findings"] if one["code"] == "no-date"]
    assert undated["count"] == 9
    assert undated["examples"] == ["n0", "n1", "n2", "n3", "n4"]
    assert set(undated) == {"code", "severity", "count", "what", "do", "examples"}
    printed = ibidem("doctor", "--articles", folder, "--index", index).stdout
    assert "n0, n1, n2, n3, n4 and 4 more" in printed


def test_nothing_is_changed(folder: Path, index: Path) -> None:
    publish(index, GOOD)

    def everything() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for root in (folder, index) for path in root.rglob("*"))

    before = [one for one in everything() if not one[0].endswith("lock")]
    look(folder, index)
    assert [one for one in everything() if not one[0].endswith("lock")] == before
