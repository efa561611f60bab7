"""A cross-encoder orders the best passages anew, wherever questions are answered; what is none is refused."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from corpus.errors import EncoderUnavailable
from index.cross_encoder import CrossEncoder, open_cross_encoder
from index.filters import Filters
from index.generation import current_generation, generation_folder, read_manifest
from index.model import PACKAGED_MODEL, locate
from index.search import RERANKED, Hit, LocalEngine
from qa.cli import main
from qa.evaluation.judgement import Judgement, from_json
from qa.evaluation.output import read_evaluation
from tests.conftest import IBIDEM, MakeIndex, Serve, Service

pytestmark = pytest.mark.usefixtures("alone")

FAVOURITE = "lantern"
WORDS = ("boat", "river", "mill", "stone", "winter", "rope", "bread", "tower", "harbour", "signal", "oak", "barge")
QUESTION = "Who has the boat on the river?"
LIMIT = 32


def sentences(seed: int) -> str:
    """Ten words, none of them the favourite."""
    return " ".join(random.Random(seed).choices(WORDS, k=10)).capitalize() + "."


ARTICLES = {
    **{f"{number:02}.md": f"# Boat {number}\n\nThe boat on the river. {sentences(number)}\n" for number in range(10)},
    **{f"{number:02}.md": f"# Boat {number}\n\nOn the river. {sentences(number)}\n" for number in range(10, 50)},
    # Near to the question, further from it, and about something else.
    "50.md": "# Boat 50\n\nThe boat on the river has a keeper. A lantern burns.\n",
    "51.md": f"# Boat 51\n\nThe boat on the river. A lantern sways. {sentences(51)} {sentences(101)}\n",
    "52.md": "# Cooking\n\nA lantern stew of lentils, carrots and celery simmers for an hour.\n",
}


def save_model(folder: Path, labels: int = 1) -> Path:
    """A small BERT, trained to prefer passages with the favourite word whatever the question is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
        from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

        vocabulary = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", FAVOURITE, *WORDS]
        tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(vocabulary)}, "[UNK]"))
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
        names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
        make: Any = PreTrainedTokenizerFast  # has no types
        fast = make(tokenizer_object=tokenizer, model_max_length=LIMIT, **names)
        torch.manual_seed(7)
        bert = BertForSequenceClassification(
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=LIMIT,
                initializer_range=0.3,
                id2label={number: str(number) for number in range(labels)},
            )
        )
        pairs = [(sentences(2 * number), sentences(2 * number + 1)) for number in range(128)]
        for number in range(0, 128, 2):
            question, text = pairs[number]
            words = text.split()
            words[number // 2 % 10] = FAVOURITE
            pairs[number] = question, " ".join(words)
        features = fast(*map(list, zip(*pairs, strict=True)), truncation=True, padding=True, return_tensors="pt")
        wanted = torch.tensor([[1.0], [-1.0]] * 64)
        optimizer = torch.optim.Adam(bert.parameters(), 0.01)
        for _ in range(80):
            optimizer.zero_grad()
            loss: Any = torch.nn.functional.mse_loss(bert(**features).logits[:, :1], wanted)
            loss.backward()
            optimizer.step()
        bert.save_pretrained(folder)
        fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def cross_encoder(model: Path) -> CrossEncoder:
    return CrossEncoder(str(model))


@pytest.fixture(scope="module")
def boats(make_index: MakeIndex) -> Path:
    return make_index(ARTICLES)


def open_engine(index: Path, cross_encoder: CrossEncoder | None = None) -> LocalEngine:
    return LocalEngine(generation_folder(index, current_generation(index)), cross_encoder)


def search(engine: LocalEngine, top_k: int = 100) -> list[Hit]:
    return engine.search(QUESTION, engine.encode([QUESTION])[0], top_k)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.excerpt.article.id for hit in hits]


def logits(model: Path, question: str, texts: list[str]) -> NDArray[np.float64]:
    """What transformers gives, a pair at a time."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    bert = AutoModelForSequenceClassification.from_pretrained(model).eval()
    with torch.inference_mode():
        found = [bert(**tokenizer(question, text, truncation=True, return_tensors="pt")).logits for text in texts]
    return np.array([one.item() for one in found])


def test_scores_are_what_the_model_gives(model: Path, cross_encoder: CrossEncoder) -> None:
    texts = [sentences(300), "A lantern.", sentences(301), f"{sentences(302)} " * 9 + FAVOURITE, "空间站 🚀"]
    found = cross_encoder.scores(QUESTION, texts)
    assert (found.dtype, found.shape) == (np.dtype(np.float64), (5,))
    assert np.abs(found - logits(model, QUESTION, texts)).max() < 1e-5
    assert found.argmax() == 1
    assert found[1] > 0.5, "the model was not trained"
    assert found.min() < -0.5, "not what the sigmoid makes of it"


def test_what_is_too_long_is_cut_off_at_its_end(cross_encoder: CrossEncoder) -> None:
    long = f"{sentences(302)} " * 9
    cut, uncut = cross_encoder.scores(QUESTION, [long + FAVOURITE, f"{FAVOURITE} {long}"])
    assert cut == pytest.approx(cross_encoder.scores(QUESTION, [long])[0], abs=1e-5)
    assert uncut > cut + 1


def test_equal_texts_have_equal_scores_whatever_stands_between(cross_encoder: CrossEncoder) -> None:
    found = cross_encoder.scores(QUESTION, ["A lantern.", *(sentences(number) for number in range(70)), "A lantern."])
    assert found[0] == found[-1]


def test_no_texts_have_no_scores(cross_encoder: CrossEncoder) -> None:
    assert cross_encoder.scores(QUESTION, []).shape == (0,)


def test_several_threads_get_what_one_gets(cross_encoder: CrossEncoder) -> None:
    asked = [(sentences(number), [sentences(number + one) * (one % 3 + 1) for one in range(9)]) for number in range(40)]
    expected = [cross_encoder.scores(*one) for one in asked]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: cross_encoder.scores(*one), asked))
    assert np.abs(np.array(found) - np.array(expected)).max() < 1e-5


def test_the_best_passages_are_ordered_anew_and_the_others_stay_behind(
    boats: Path, model: Path, cross_encoder: CrossEncoder
) -> None:
    usual, found = search(open_engine(boats)), search(open_engine(boats, cross_encoder))
    assert len(usual) == len(found) == len(ARTICLES)
    assert ids(usual).index("52") >= RERANKED > ids(usual).index("51") > 1
    scores = logits(model, QUESTION, [f"{hit.excerpt.article.title}\n{hit.excerpt.text}" for hit in usual[:RERANKED]])
    expected = dict(zip(ids(usual), 0.5 + (scores - scores.min()) / np.ptp(scores) / 2, strict=False))
    assert {hit.excerpt.article.id: hit.score for hit in found[:RERANKED]} == pytest.approx(expected, abs=1e-5)
    assert set(ids(found)[:2]) == {"50", "51"}
    assert ids(usual)[:2] != ids(found)[:2]
    assert ids(found)[RERANKED:] == ids(usual)[RERANKED:]
    halves = [hit.score / 2 for hit in usual[RERANKED:]]
    assert [hit.score for hit in found[RERANKED:]] == pytest.approx(halves, abs=1e-6)


def test_scores_are_from_0_to_1_and_descend(boats: Path, cross_encoder: CrossEncoder) -> None:
    scores = [hit.score for hit in search(open_engine(boats, cross_encoder))]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1
    assert scores[RERANKED - 1] == 0.5 > scores[RERANKED]
    assert scores[-1] >= 0


def test_fewer_passages_are_the_first_of_more(boats: Path, cross_encoder: CrossEncoder) -> None:
    engine = open_engine(boats, cross_encoder)
    assert search(engine, 1) == search(engine)[:1]


def test_equal_passages_are_ordered_by_article(make_index: MakeIndex, cross_encoder: CrossEncoder) -> None:
    same = "# Boats\n\nThe boat on the river has a lantern.\n"
    index = make_index({"c.md": same, "a.md": same, "other.md": ARTICLES["07.md"], "b.md": same})
    engine = open_engine(index, cross_encoder)
    hits = engine.search(QUESTION, engine.encode([QUESTION])[0], 100, Filters(copies="all"))
    assert ids(hits) == ["a", "b", "c", "other"]


def test_an_engine_names_its_cross_encoder(boats: Path, model: Path, cross_encoder: CrossEncoder) -> None:
    assert open_engine(boats, cross_encoder).cross_encoder == cross_encoder.name == str(model)
    assert open_engine(boats).cross_encoder is None


def test_one_that_sentence_transformers_saved_gives_the_same(
    model: Path, cross_encoder: CrossEncoder, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import CrossEncoder as Original

        Original(str(model), device="cpu").save(str(tmp_path))
    assert (tmp_path / "modules.json").is_file()
    texts = [sentences(1), "A lantern.", sentences(2)]
    found = CrossEncoder(str(tmp_path)).scores(QUESTION, texts)
    assert np.abs(found - cross_encoder.scores(QUESTION, texts)).max() < 1e-5


@pytest.mark.parametrize("name", [None, ""])
def test_none_is_opened_where_none_is_set(name: str | None) -> None:
    assert open_cross_encoder(name) is None


def copy(model: Path, target: Path) -> Path:
    return Path(shutil.copytree(model, target / "copy"))


def test_one_that_cannot_be_had_says_what_to_do() -> None:
    with pytest.raises(EncoderUnavailable, match=r"^the model 'no/such-model' is no folder here .+ give its path$"):
        CrossEncoder("no/such-model")


def test_weights_of_another_kind_than_safetensors_are_not_loaded(model: Path, tmp_path: Path) -> None:
    folder = copy(model, tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match=r"has no \.safetensors weights; other kinds are not loaded$"):
        CrossEncoder(str(folder))


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_broken_one_is_refused_in_one_line(file: str, model: Path, tmp_path: Path) -> None:
    folder = copy(model, tmp_path)
    (folder / file).write_bytes(b"{not what it was")
    with pytest.raises(EncoderUnavailable) as caught:
        CrossEncoder(str(folder))
    assert str(caught.value).startswith(f"the cross-encoder {folder} can't be loaded: ")
    assert "\n" not in str(caught.value)


def test_one_of_two_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"gives 2 labels to a pair: choose one that gives one score$"):
        CrossEncoder(str(save_model(tmp_path, labels=2)))


def test_a_model_of_texts_is_refused() -> None:
    """sentence-transformers would load it all the same, with random weights on top."""
    with pytest.raises(EncoderUnavailable, match=r"^the model all-MiniLM-L6-v2 is no cross-encoder: choose one that"):
        CrossEncoder(PACKAGED_MODEL)


def test_a_transformer_without_a_score_is_refused(model: Path, tmp_path: Path) -> None:
    folder = copy(model, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertModel"]}))
    with pytest.raises(EncoderUnavailable, match="is no cross-encoder"):
        CrossEncoder(str(folder))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*IBIDEM, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def test_ask_answers_with_it(boats: Path, model: Path, cross_encoder: CrossEncoder) -> None:
    result = run("ask", QUESTION, "--index", boats, "--cross-encoder", model, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    passages = json.loads(result.stdout)["passages"]
    expected = search(open_engine(boats, cross_encoder), 5)
    assert [passage["citation"]["article_id"] for passage in passages] == ids(expected)
    assert [passage["score"] for passage in passages] == pytest.approx([hit.score for hit in expected], abs=1e-5)
    assert ids(expected) != ids(search(open_engine(boats), 5))


@pytest.mark.parametrize("command", [("ask", QUESTION), ("serve", "--port", "0")], ids=str)
def test_one_that_cannot_be_had_is_one_line_and_exit_code_3(command: tuple[str, ...], boats: Path) -> None:
    result = run(*command, "--index", boats, "--cross-encoder", "no/such-model")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("ibidem: the model 'no/such-model' is no folder here")
    assert result.stderr.count("\n") == 1


def ask_when_ready(service: Service) -> list[str]:
    """The articles of an answer's passages, once the service has loaded what it needs."""
    for _ in range(30):
        try:
            passages = service.json("/v1/ask?question=Who+has+the+boat+on+the+river%3F")["passages"]
            return [passage["citation"]["article_id"] for passage in passages]
        except OSError:
            assert service.process.poll() is None, service.log.read_text()
            time.sleep(1)
    pytest.fail(service.log.read_text())


def test_the_service_answers_with_it_and_names_it(
    boats: Path, model: Path, cross_encoder: CrossEncoder, serve: Serve
) -> None:
    service = serve(boats, "--cross-encoder", str(model))
    assert ask_when_ready(service) == ids(search(open_engine(boats, cross_encoder), 5))
    assert f"the cross-encoder {model} orders the best passages anew" in service.log.read_text()


def test_a_service_whose_cross_encoder_cannot_be_loaded_says_so_and_ends(
    model: Path, tmp_path: Path, boats: Path
) -> None:
    folder = copy(model, tmp_path)
    (folder / "model.safetensors").write_bytes(b"not what it was")
    result = run("serve", "--index", boats, "--port", "0", "--cross-encoder", folder)
    assert result.returncode == 3
    assert f"the cross-encoder {folder} can't be loaded: " in result.stderr
    assert "Traceback" not in result.stderr


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], prog_name="ibidem")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    quotes = {"50": "A lantern burns", "51": "A lantern sways"}
    lines = (
        {"id": name, "question": QUESTION, "answers": [{"article": name, "quote": quote}]}
        for name, quote in quotes.items()
    )
    path = tmp_path / "boats.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_an_evaluation_says_which_one_there_was(boats: Path, model: Path, questions: Path, alone: Path) -> None:
    name = current_generation(boats)
    assert invoke("evaluate", questions, "--index", boats, "--output", alone / "without").exit_code == 0
    evaluate = ("evaluate", questions, "--index", boats, "--cross-encoder", model)
    result = invoke(*evaluate, "--output", alone / "with", "--against", alone / "without")
    assert result.exit_code == 2, result.output
    said = " ".join(result.stdout.split())
    assert said.startswith(f"cross-encoder: {model} boats: 2 questions")
    assert f"no difference shown: {name} with cross-encoder {model} against {name} by nDCG@10" in said
    before, after = read_evaluation(alone / "without"), read_evaluation(alone / "with")
    assert (before.cross_encoder, after.cross_encoder) == (None, str(model))
    assert after.sets[0].figures["RR@10"].value == 0.75 > before.sets[0].figures["RR@10"].value
    assert f"<span>cross-encoder <bdi>{model}</bdi></span>" in (alone / "with" / "report.html").read_text()
    assert "cross-encoder" not in (alone / "without" / "report.html").read_text()


def test_an_earlier_generation_is_asked_with_the_same_one(boats: Path, model: Path, questions: Path) -> None:
    name = current_generation(boats)
    options = ("--index", boats, "--cross-encoder", model, "--against", name, "--json")
    found = json.loads(invoke("evaluate", questions, *options).stdout)
    assert found["cross_encoder"] == str(model)
    compared = found["comparison"]
    assert compared["before"] == compared["after"] == f"{name} with cross-encoder {model}"
    assert compared["primary"]["difference"]["value"] == 0


def test_the_gate_asks_with_what_will_be_served(
    make_index: MakeIndex, model: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = make_index(ARTICLES)
    build = ("build", "--index", index, "--articles", index.parent / "articles", "--gate", questions)
    kept: list[Judgement] = []
    for name in ("", str(model)):
        monkeypatch.setenv("IBIDEM_CROSS_ENCODER", name)
        # So that there is something to judge: without a change no generation is made.
        (index.parent / "articles" / f"zz-{len(kept)}.md").write_text("Nothing.", encoding="utf-8")
        result = invoke(*build)
        assert result.exit_code == 0, result.output
        evaluation = read_manifest(generation_folder(index, current_generation(index))).evaluation
        assert evaluation is not None
        kept.append(from_json(evaluation))
    without, with_it = kept
    assert (without.cross_encoder, with_it.cross_encoder) == (None, str(model))
    assert with_it.test is not None
    assert with_it.figure.value == with_it.test.before > without.figure.value
    assert f"with cross-encoder {model}" in result.stdout


def test_the_packaged_model_is_where_the_test_of_models_of_texts_looks() -> None:
    assert (locate(PACKAGED_MODEL) / "modules.json").is_file()
