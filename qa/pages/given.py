"""What a page's address says: the question and its filters, and the addresses that say one thing more or less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from qa.requests import LISTS, AskAddress, Asked

_NAMES = tuple(AskAddress.model_fields)


@dataclass(frozen=True, slots=True)
class Given:
    """Parameters of an address, by name, without blank ones and without those that asking doesn't have."""

    values: Mapping[str, tuple[str, ...]]

    def first(self, name: str) -> str:
        """The value of a parameter, empty if it isn't given."""
        return self.values.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a parameter."""
        return self.values.get(name, ())

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The filters, each with one of its values."""
        names = [name for name in self.values if name not in ("question", "top_k", "cite")]
        return tuple((name, value) for name in names for value in self.values[name])

    @property
    def unfiltered(self) -> Given:
        """The same without filters."""
        names = {name for name, _ in self.filters}
        return Given({name: found for name, found in self.values.items() if name not in names})

    def with_only(self, **values: str) -> Given:
        """The same with these values, in place of those of the same names; a blank one is taken out."""
        changed = {name: (value,) for name, value in values.items()}
        return Given({name: found for name, found in {**self.values, **changed}.items() if found != ("",)})

    def without(self, name: str, value: str) -> Given:
        """The same without one value."""
        left = tuple(found for found in self.values.get(name, ()) if found != value)
        return Given(
            {**{key: found for key, found in self.values.items() if key != name}, **({name: left} if left else {})}
        )

    def address(self, path: str = "/") -> str:
        """The address of a page with these parameters."""
        query = urlencode([(name, value) for name, found in self.values.items() for value in found])
        return f"{path}?{query}" if query else path

    def read(self, kind: type[Asked]) -> Asked:
        """The same as a request of that kind. Raises ``ValidationError``."""
        values = {name: list(found) if name in LISTS else found[0] for name, found in self.values.items()}
        return kind.model_validate({name: found for name, found in values.items() if name in kind.model_fields})


def read_given(parameters: Mapping[str, Sequence[str]]) -> Given:
    """What parameters of an address say; of what may be given once, the first that isn't blank."""
    values: dict[str, tuple[str, ...]] = {}
    for name in _NAMES:
        found = tuple(dict.fromkeys(value.strip() for value in parameters.get(name, ()) if value.strip()))
        if found:
            values[name] = found if name in LISTS else found[:1]
    return Given(values)
