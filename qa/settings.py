"""What a user can set, once: command line over environment over ``ibidem.toml`` over the defaults here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

import corpus
from corpus.errors import InvalidSetting

THRESHOLD = 0.5
"""Below this confidence a question counts as not answered, unless it is set otherwise."""

_ORIGIN = re.compile(r"(https?)://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")


def _origin(value: str) -> str:
    match = _ORIGIN.fullmatch(value)
    if value != "*" and not match:
        raise ValueError(f"{value[:80]!r} is no origin: write scheme://host[:port] in lower case, without a path; or *")
    if match and (match[1], match[4]) in {("http", ":80"), ("https", ":443")}:
        raise ValueError(f"{value!r} is no origin: browsers leave out the port that goes without saying, {match[4]}")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
"""Where a page comes from, as its browser says it (the Fetch standard); ``*`` is anywhere."""

FILE = "ibidem.toml"
_CODE = Path(corpus.__file__).resolve().parent


def project_folder() -> Path:
    """Where relative defaults start: the checkout that the code stands in, or the folder one is in."""
    return _CODE.parent if (_CODE.parent / "pyproject.toml").is_file() else Path.cwd()


def _beside_index(known: Mapping[str, Any]) -> Path:
    """Where feedback on an index is kept: beside its folder, which may be deleted and built anew."""
    index: Path = known["index"].resolve()
    return index.with_name(f"{index.name}.feedback.sqlite")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is set for all questions: the confidence below which one counts as not answered, and whether distinct
    sources come first."""

    threshold: float = THRESHOLD
    diversity: bool = True


DEFAULT_POLICY = Policy()


class Settings(BaseSettings):
    """Every setting with its default; ``load_settings`` makes one."""

    model_config = SettingsConfigDict(env_prefix="IBIDEM_", extra="forbid", frozen=True, toml_file=FILE)

    articles: tuple[Path, ...] = Field(
        default_factory=lambda: (_CODE / "articles",),
        description="The folders of articles. In the environment: a JSON list.",
    )
    index: Path = Field(
        default_factory=lambda: project_folder() / "var" / "index",
        description="The folder that holds the index.",
    )
    model: str = Field(
        default="all-MiniLM-L6-v2",
        min_length=1,
        description="The encoder: the path of a sentence-transformers model, or its name on the hub.",
    )
    cross_encoder: str | None = Field(
        default=None,
        description="A cross-encoder that orders the best passages anew: the path of a sentence-transformers model, or"
        " its name on the hub. Slower by far; empty is none.",
    )
    feedback: Annotated[Path | None, BeforeValidator(lambda value: None if value == "" else value)] = Field(
        default_factory=_beside_index,
        description="The file that keeps what users say of answers, and the questions without one; by default beside"
        " the index. Empty: nothing is kept.",
    )
    gate: tuple[Path, ...] = Field(
        default=(),
        description="Question sets by which a new generation must not be worse. In the environment: a JSON list.",
    )
    feeds: tuple[str, ...] = Field(
        default=(),
        description="Feeds (RSS or Atom) to take pages from, by their addresses. In the environment: a JSON list.",
    )
    fetch_private: tuple[str, ...] = Field(
        default=(),
        description="Hosts of one's own network that pages may be fetched from, as host:port; all others there are"
        " refused. In the environment: a JSON list.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address that the service listens on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="The port that the service listens on; 0 is any free one."
    )
    cors_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Origins whose pages may use the API from a browser (CORS), as scheme://host[:port]; * is any."
        " In the environment: a JSON list.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="How many processes serve, each with the index in memory.",
    )
    threshold: float = Field(
        default=THRESHOLD, ge=0, le=1, description="Below this confidence a question counts as not answered."
    )
    diversity: bool = Field(
        default=True, description="Whether of the passages that answer, one of each source comes first."
    )
    threads: int = Field(default=8, ge=1, le=256, description="How many requests one process handles at a time.")

    @property
    def policy(self) -> Policy:
        """How questions are answered."""
        return Policy(self.threshold, self.diversity)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, ``ibidem.toml``, in that order; nothing else is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(given: Mapping[str, Any]) -> Settings:
    """The settings, with those ``given`` on the command line first; a value of ``None`` was not given.

    Raises ``InvalidSetting``, which names the setting and what it may be.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InvalidSetting(f"the setting {name!r} is wrong: {first['msg']}") from None
    except SettingsError as error:  # broken JSON in the environment
        raise InvalidSetting(f"the settings can't be read: {error}") from error
    except ValueError as error:
        raise InvalidSetting(f"the settings in {FILE} can't be read, as it is not TOML: {error}") from error
