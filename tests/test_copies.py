"""Near-copies are found whatever their order and their cuts; what has words or numbers of its own stays by itself."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import DamagedGeneration
from index.copies import CLUSTERS_FILE, FILES, GROUPS_FILE, Copies, CopyFinder, read, sketch, write
from index.wording import Vocabulary, Wording, compare, wording

HARBOUR = (
    "The harbour at Tolvik was closed on Monday after a crane fell across two of its three berths. Nobody was hurt, "
    "but four ships had to wait outside, among them a ferry with 310 passengers on board. The port's director said "
    "that divers would look at the quay wall before any ship comes in again, which may take until the end of the week."
)
HARBOUR_RETOLD = (
    "Ships have been turned away from Tolvik since a crane came down over the quay on Monday, blocking two berths. "
    "The director of the port wants divers to examine the wall first. A ferry carrying 310 people was one of four "
    "vessels left waiting at sea; there were no injuries, and the week may be over before traffic resumes."
)
LIBRARY = (
    "A library on wheels has begun to visit the villages north of the lake, where no bookshop is left. It carries some "
    "2,000 books and stays for an afternoon in each place. Children may keep what they borrow for six weeks, because "
    "the van does not come more often than that, and nobody has to pay when a book is late."
)
VOTE = (
    "The council voted by nine to four to keep the old tram line, which the mayor had wanted to replace by buses. "
    "Engineers are to say by autumn what its bridges will cost. Those who spoke for the trams had collected eleven "
    "thousand signatures, more than for any other petition that the town has ever had."
)
NEWS = "Late on Tuesday the owner of the crane admitted that it had not been inspected since last spring."

Text = str | Sequence[str]
"""An article: one passage, or several, each a line of it."""


def add(finder: CopyFinder, article: Text) -> None:
    add_laid_out(finder, *laid_out([article] if isinstance(article, str) else article))


def add_laid_out(finder: CopyFinder, text: str, passages: Sequence[tuple[int, int]]) -> None:
    words = wording(text, passages, Vocabulary())
    finder.add(words, sketch(words))


def laid_out(lines: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """A text of these lines, and where they stand."""
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    return "\n".join(lines), [(start, start + len(line)) for start, line in zip(starts, lines, strict=True)]


def found(articles: Iterable[Text]) -> Copies:
    finder = CopyFinder()
    for article in articles:
        add(finder, article)
    return finder.find(lambda *_: None)


def groups(*articles: Text) -> list[int]:
    return list(found(articles).groups.tolist())


def clusters(*articles: Text) -> list[int]:
    return list(found(articles).clusters.tolist())


def edited(text: str, every: int) -> str:
    """With each so manieth word another."""
    return " ".join("otherwise" if place % every == every - 1 else word for place, word in enumerate(text.split()))


def test_an_empty_archive_has_no_copies() -> None:
    copies = found([])
    assert (copies.groups.shape, copies.clusters.shape) == ((0,), (0,))
    assert copies.groups.dtype == copies.clusters.dtype == np.dtype(np.int32)


def test_one_article_has_no_copies_not_even_of_itself() -> None:
    copies = found([[HARBOUR, LIBRARY, HARBOUR]])
    assert copies.groups.tolist() == [0, 1, 2]
    assert copies.clusters.tolist() == [0]


def test_the_same_article_twice_is_one() -> None:
    copies = found([HARBOUR, LIBRARY, HARBOUR])
    assert copies.groups.tolist() == copies.clusters.tolist() == [0, 1, 0]


def test_all_articles_the_same() -> None:
    copies = found([[HARBOUR, VOTE]] * 7)
    assert copies.groups.tolist() == [0, 1] * 7
    assert copies.clusters.tolist() == [0] * 7


def test_case_punctuation_and_width_make_no_difference() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() and letter.isascii() else letter for letter in HARBOUR)
    assert groups(HARBOUR, HARBOUR.upper(), HARBOUR.replace(".", " –").replace(",", ""), wide) == [0, 0, 0, 0]


@pytest.mark.parametrize("every", [10, 7, 5])
def test_scattered_edits_leave_a_copy_a_copy(every: int) -> None:
    assert groups(HARBOUR, LIBRARY, edited(HARBOUR, every)) == [0, 1, 0]
    assert clusters(HARBOUR, LIBRARY, edited(HARBOUR, every)) == [0, 1, 0]


def test_every_other_word_edited_is_another_text() -> None:
    assert groups(HARBOUR, edited(HARBOUR, 2)) == clusters(HARBOUR, edited(HARBOUR, 2)) == [0, 1]


def test_two_articles_on_one_event_are_two_sources() -> None:
    assert groups(HARBOUR, HARBOUR_RETOLD) == clusters(HARBOUR, HARBOUR_RETOLD) == [0, 1]


def test_a_quotation_in_common_does_not_make_copies() -> None:
    quotation = " “We have asked for a new crane every year since I came here, and every year we were told to wait.” "
    assert groups(VOTE + quotation, LIBRARY + quotation) == clusters(VOTE + quotation, LIBRARY + quotation) == [0, 1]


def test_another_number_is_not_the_same_statement_but_no_other_source() -> None:
    """A later report of more passengers must be found; and yet it is the same report."""
    later = HARBOUR.replace("310", "340")
    assert groups(HARBOUR, later) == [0, 1]
    assert clusters(HARBOUR, later) == [0, 0]


def test_a_number_that_one_leaves_out_is_no_other_number() -> None:
    assert groups(HARBOUR, HARBOUR.replace("310 passengers", "passengers")) == [0, 0]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_passage_with_a_sentence_of_its_own_stays_by_itself(place: int) -> None:
    sentences = HARBOUR.split(". ")
    with_news = ". ".join([*sentences[:place], NEWS.rstrip("."), *sentences[place:]])
    copies = found([[HARBOUR, LIBRARY], [with_news, LIBRARY]])
    assert copies.groups.tolist() == [0, 1, 2, 1]
    assert copies.clusters.tolist() == [0, 0]


def test_a_sentence_instead_of_another_is_news_too() -> None:
    sentences = HARBOUR.split(". ")
    assert groups(HARBOUR, ". ".join([sentences[0], NEWS.rstrip("."), sentences[2]])) == [0, 1]


def test_an_added_introduction_and_a_cut_tail() -> None:
    copies = found([[HARBOUR, LIBRARY, VOTE], [NEWS, HARBOUR, LIBRARY, VOTE], [HARBOUR, LIBRARY]])
    assert copies.groups.tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1]
    assert copies.clusters.tolist() == [0, 0, 0]


def test_a_passage_that_is_cut_elsewhere_is_found_in_the_other_article() -> None:
    """The second article's passages begin a third of a passage later, so that none is like one of the first."""
    words = " ".join([HARBOUR, LIBRARY, VOTE]).split()
    first = [" ".join(words[start : start + 57]) for start in (0, 57, 114)]
    second = [" ".join(words[start:end]) for start, end in ((0, 38), (38, 95), (95, 152), (152, 171))]
    together = groups(first, second)
    assert together[:3] == [0, 1, 2]
    assert together[4:6] == [1, 2]
    assert clusters(first, second) == [0, 0]


def test_a_passage_of_which_the_other_article_has_only_half_stays_by_itself() -> None:
    """The longer one must be found even where the shorter was published first, and so would be shown."""
    assert groups([HARBOUR + " " + LIBRARY, VOTE], [HARBOUR, VOTE]) == [0, 1, 2, 1]


def test_a_collection_of_articles_is_no_copy_of_them_nor_they_of_one_another() -> None:
    copies = found([[HARBOUR, LIBRARY, VOTE], HARBOUR, LIBRARY, VOTE])
    assert copies.groups.tolist() == [0, 1, 2, 0, 1, 2]
    assert copies.clusters.tolist() == [0, 1, 2, 3]


def test_a_chain_of_copies_is_not_one_group() -> None:
    """Each is edited from the one before; the last has nothing of the first, so not all can be in one group."""
    words = (HARBOUR + " " + LIBRARY + " " + VOTE).split()[:120]
    chain = [" ".join([*(f"new{place}x" for place in range(5 * step)), *words[5 * step :]]) for step in range(25)]
    scattered = random.Random(1).sample(range(120), 120)
    chain = [" ".join(chain[step].split()[place] for place in scattered) for step in range(25)]
    together = groups(*chain)
    assert len(set(together)) > 3
    assert together[0] != together[-1]
    assert any(one == other for one, other in pairwise(together))


def test_short_texts_are_copies_only_if_all_words_are_the_same() -> None:
    assert groups("All rights reserved.", "ALL RIGHTS RESERVED", "All rights reversed.") == [0, 0, 1]
    headline = "Council votes to keep the old tram line in spite of the mayor"
    assert groups(headline, headline.replace("mayor", "king"), headline + "!") == [0, 1, 0]
    assert clusters(headline, headline.replace("mayor", "king"), headline + "!") == [0, 1, 0]


def test_texts_of_few_words_or_none() -> None:
    copies = found(["Yes", "yes!", "No", ["***", "No"], ["***", "Perhaps"], ""])
    assert copies.groups.tolist() == [0, 0, 1, 2, 1, 3, 4, 5]
    assert copies.clusters.tolist() == [0, 0, 1, 1, 2, 3]


def test_an_article_without_passages_has_no_groups() -> None:
    finder = CopyFinder()
    add_laid_out(finder, HARBOUR, [])
    add_laid_out(finder, HARBOUR, [(0, len(HARBOUR))])
    copies = finder.find(lambda *_: None)
    assert copies.groups.tolist() == [0]
    assert copies.clusters.tolist() == [0, 0]


CHINESE = (
    "港口当局周一表示，一台起重机倒塌后，码头的三个泊位中有两个已经关闭。没有人受伤，但是有四艘船只能在外海等候，"
    "其中包括一艘载有三百多名乘客的渡轮。港务局长说，潜水员将先检查码头的墙体，然后才允许船只进港。"
)
CHINESE_RETOLD = (
    "由于起重机坍塌，港口已停止船舶出入。据负责人介绍，需要请潜水员查看岸壁的情况，预计本周之内难以恢复。"
    "当时有渡轮正在外面，船上乘客众多，所幸事故中并无伤者，另外还有几艘货船被迫改道前往邻近的城市。"
)
THAI = "ท่าเรือถูกปิดเมื่อวันจันทร์หลังจากเครนล้มลงทับท่าเทียบเรือสองแห่ง ไม่มีผู้ได้รับบาดเจ็บ แต่เรือสี่ลำต้องรออยู่ด้านนอก"
THAI_OTHER = "ห้องสมุดเคลื่อนที่เริ่มออกเดินทางไปยังหมู่บ้านทางเหนือของทะเลสาบ เด็กๆ สามารถยืมหนังสือได้นานหกสัปดาห์โดยไม่เสียค่าใช้จ่าย"


def test_scripts_without_spaces() -> None:
    assert groups(CHINESE, CHINESE_RETOLD, CHINESE.replace("港务局长", "港口负责人")) == [0, 1, 0]
    assert groups(THAI, THAI_OTHER, THAI.replace("วันจันทร์", "วันอังคาร")) == [0, 1, 0]


def test_groups_do_not_depend_on_how_often_an_article_is_there() -> None:
    once = groups(HARBOUR, edited(HARBOUR, 6), LIBRARY)
    assert groups(HARBOUR, edited(HARBOUR, 6), LIBRARY, LIBRARY, HARBOUR) == [*once, once[2], once[0]]


def test_ten_thousand_copies_of_a_footer_are_not_compared_with_one_another() -> None:
    """Half of them to the letter, half with a word of their own; each behind a text of its own."""
    chance = random.Random(3)
    finder, steps = CopyFinder(), dict[str, int | None]()
    footer = VOTE[:200] + " "
    for number in range(10_000):
        own, another = (" ".join("".join(chance.choices("aeioulmnrst", k=5)) for _ in range(12)) for _ in range(2))
        add(finder, [own, footer + (another[:6] if number % 2 else "")])
    copies = finder.find(lambda step, _, total: steps.update({step: total}))
    assert len(set(copies.groups[1::2].tolist())) == 1
    assert len(set(copies.groups[::2].tolist())) == 10_000
    compared = steps["Comparing copies"]
    assert compared is not None
    assert compared < 12 * 20_000


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    copies = found([[HARBOUR, VOTE], LIBRARY, [HARBOUR, VOTE]])
    write(tmp_path, copies)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    back = read(tmp_path)
    assert back.groups.tolist() == [0, 1, 2, 0, 1]
    assert back.clusters.tolist() == [0, 1, 0]
    assert back.groups.dtype == back.clusters.dtype == np.dtype(np.int32)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"garbage" * 100], ids=["missing", "empty", "garbage"])
def test_a_file_that_cannot_be_read_is_damage(tmp_path: Path, name: str, content: bytes | None) -> None:
    write(tmp_path, found([HARBOUR, VOTE]))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedGeneration, match=r"^the copies in .* can't be read: .+$") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [-1, 100, 10])
def test_a_truncated_file_is_damage(tmp_path: Path, name: str, left: int) -> None:
    write(tmp_path, found([HARBOUR, VOTE]))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:left])
    with pytest.raises(DamagedGeneration, match=r"^the copies in .* can't be read: "):
        read(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_what_is_pickled_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, found([HARBOUR, VOTE]))
    np.save(tmp_path / name, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedGeneration):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (GROUPS_FILE, np.zeros((2, 1), np.int32)),
        (GROUPS_FILE, np.zeros(2, np.float32)),
        (CLUSTERS_FILE, np.zeros(2, np.int64)),
        (CLUSTERS_FILE, np.int32(1)),
    ],
    ids=["a table", "fractions", "other numbers", "a single number"],
)
def test_what_holds_no_groups_is_damage(tmp_path: Path, name: str, values: np.generic) -> None:
    write(tmp_path, found([HARBOUR, VOTE]))
    np.save(tmp_path / name, values)
    with pytest.raises(DamagedGeneration, match=r"^the copies in .*: build again$"):
        read(tmp_path)


SOURCES = [HARBOUR, LIBRARY, VOTE, HARBOUR_RETOLD, CHINESE, NEWS, "All rights reserved.", "***"]
passages = st.builds(
    lambda source, every, front, behind: (front + edited(source, every) + behind).strip(),
    st.sampled_from(SOURCES),
    st.sampled_from([1000, 1000, 20, 9, 6, 5, 4, 3]),
    st.sampled_from(["", "", "", "Tolvik, Monday. ", NEWS + " "]),
    st.sampled_from(["", "", "", " (Reuter)", " " + NEWS, " 1 2 3"]),
)
archives = st.lists(st.lists(passages, min_size=1, max_size=4), max_size=9)
relaxed = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def partition(copies: Copies, archive: Sequence[Sequence[str]], order: Sequence[int]) -> tuple[object, object]:
    """Groups and clusters as sets of places in the archive, whose articles were added in this order."""
    places = [(article, passage) for article in order for passage in range(len(archive[article]))]
    by_group: dict[int, set[tuple[int, int]]] = {}
    by_cluster: dict[int, set[int]] = {}
    for place, group in zip(places, copies.groups.tolist(), strict=True):
        by_group.setdefault(group, set()).add(place)
    for article, cluster in zip(order, copies.clusters.tolist(), strict=True):
        by_cluster.setdefault(cluster, set()).add(article)
    return set(map(frozenset, by_group.values())), set(map(frozenset, by_cluster.values()))


@relaxed
@given(archives, st.randoms(use_true_random=False))
def test_the_order_of_articles_makes_no_difference(archive: list[list[str]], chance: random.Random) -> None:
    order = list(range(len(archive)))
    straight = partition(found(archive), archive, order)
    chance.shuffle(order)
    assert partition(found(archive[number] for number in order), archive, order) == straight


@relaxed
@given(archives)
def test_groups_are_numbered_as_they_come_and_span_articles(archive: list[list[str]]) -> None:
    copies = found(archive)
    owners = [number for number, article in enumerate(archive) for _ in article]
    assert copies.groups.shape == (len(owners),)
    assert copies.clusters.shape == (len(archive),)
    for numbers in (copies.groups.tolist(), copies.clusters.tolist()):
        assert all(number <= max(numbers[:place], default=-1) + 1 for place, number in enumerate(numbers))
    for group in set(copies.groups.tolist()):
        members = [owners[passage] for passage in np.flatnonzero(copies.groups == group)]
        assert len(members) == 1 or len(set(members)) > 1


@relaxed
@given(archives)
def test_every_group_has_a_centre_of_which_all_others_are_confirmed_copies(archive: list[list[str]]) -> None:
    """Not by sketches: by the words of the articles alone, each compared with each."""
    copies = found(archive)
    articles = [worded(article) for article in archive]
    texts = [article.passage(number).tobytes() for article in articles for number in range(len(article.passages))]
    confirmed = {(text, text) for text in texts}
    for one, other in permutations(articles, 2):
        for left, right in compare(one, other).links:
            confirmed.add((one.passage(left).tobytes(), other.passage(right).tobytes()))
    for group in set(copies.groups.tolist()):
        members = {texts[passage] for passage in np.flatnonzero(copies.groups == group)}
        assert any(all((centre, other) in confirmed for other in members) for centre in members)


@relaxed
@given(archives)
def test_articles_in_one_cluster_are_confirmed_copies(archive: list[list[str]]) -> None:
    copies = found(archive)
    articles = [worded(article) for article in archive]
    for cluster in set(copies.clusters.tolist()):
        members = [articles[number] for number in np.flatnonzero(copies.clusters == cluster)]
        assert any(all(are_copies(centre, other) for other in members) for centre in members)


def are_copies(one: Wording, other: Wording) -> bool:
    return one.words.tolist() == other.words.tolist() or compare(one, other).are_copies


def test_sketches_lose_hardly_any_of_what_the_words_confirm() -> None:
    """A hundred texts, each with a copy of which every fifth word was edited."""
    chance = random.Random(5)
    texts = [" ".join("".join(chance.choices("aeioulmnrst", k=4)) for _ in range(110)) for _ in range(100)]
    copies = [edited(text, 5) for text in texts]
    confirmed = [compare(worded([text]), worded([copy])).links != () for text, copy in zip(texts, copies, strict=True)]
    together = groups(*texts, *copies)
    joined = [one == other for one, other in zip(together[:100], together[100:], strict=True)]
    assert sum(confirmed) > 90
    assert sum(joined) >= sum(confirmed) - 2
    assert len(set(together)) == 200 - sum(joined)


def worded(article: Sequence[str]) -> Wording:
    return wording(*laid_out(article), Vocabulary())
