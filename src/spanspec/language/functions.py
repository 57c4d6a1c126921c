"""Generated values: names, numbers, cards, dates. Randomness and the time come in with `Given.generators`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from spanspec.language.comparing.dates import write_date
from spanspec.language.comparing.forms import as_number, described
from spanspec.language.dialect import Dialect
from spanspec.language.reference.values import infer
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from spanspec.language.verdict import Generators, Given, Value

_FIRST_NAMES = """
    Ada Aisha Alan Amara Anders Anika Arjun Astrid Barbara Bela Carlos Chiara Chinua Clara Dalia Daniel Dmitri
    Edith Elena Emeka Emil Fatima Felix Freya Gabriel Grace Hanna Haruki Hugo Ines Ingrid Isaac Ivan Jamal Jana
    Joaquin Julia Kofi Lars Leila Lin Lucia Magnus Maja Marcus Mariam Mateo Mei Milan Nadia Nikolai Noor Olga Omar
    Paula Pavel Priya Quentin Rafael Rania Rosa Ruben Sakura Samuel Selma Sofia Tariq Theo Tomas Ursula Valeria
    Viktor Wanda Wei Yara Yusuf Zoe
"""
FIRST_NAMES: Final = tuple(_FIRST_NAMES.split())
_LAST_NAMES = """
    Abara Adler Almeida Andersson Aoki Bauer Becker Bianchi Castro Chen Costa Dubois Eriksen Farah Fischer
    Fontaine Garcia Gruber Haddad Hansen Hoffmann Horvat Ibrahim Ito Jansen Kaya Keller Kim Kovacs Kumar Larsen
    Lindgren Lopez Mansour Martin Mensah Meyer Moreau Mueller Nakamura Ndiaye Novak Okafor Olsen Ortiz Patel
    Petrov Popescu Rahman Reyes Rossi Ruiz Sato Schmidt Silva Singh Sokolov Suarez Tanaka Torres Vargas Vermeer
    Wagner Wang Weber Wolf Yilmaz Zhang Zimmermann
"""
LAST_NAMES: Final = tuple(_LAST_NAMES.split())
_CARD_PREFIXES = ("4", "51", "52", "53", "54", "55")


class Kind:
    """What a parameter takes."""

    NUMBER = "number"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a generator."""

    kind: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A generator: its parameters, optional ones last, and what it gives.

    Raises:
        ValueError: A required parameter follows an optional one.
    """

    parameters: tuple[Parameter, ...]
    give: Callable[[Generators, Dialect, tuple[Value, ...]], Value]

    def __post_init__(self) -> None:
        optional = [parameter.optional for parameter in self.parameters]
        if optional != sorted(optional):
            raise ValueError("a required parameter follows an optional one")

    @property
    def required(self) -> int:
        """How many arguments must be there."""
        return sum(1 for parameter in self.parameters if not parameter.optional)


def call(name: str, arguments: Sequence[Value], given: Given) -> Value:
    """Call a generator.

    Args:
        name: Its name.
        arguments: Its arguments' values.
        given: Its generators are drawn from.

    Raises:
        EvaluationError: No such function, wrong arguments, or there is nothing to draw from.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise EvaluationError(f'could not find function "{name}"')
    _check(name, function, arguments)
    if given.generators is None:
        raise EvaluationError(
            f"{name}() cannot be called here, for its value would differ each time; put it in a variable"
        )
    return function.give(given.generators, given.dialect, tuple(arguments))


def _check(name: str, function: Function, arguments: Sequence[Value]) -> None:
    if len(arguments) < function.required:
        raise EvaluationError(
            f"missing required parameters. Expected at least {function.required} params, got {len(arguments)}"
        )
    if len(arguments) > len(function.parameters):
        raise EvaluationError(f"{name}() takes at most {len(function.parameters)} arguments, got {len(arguments)}")
    for index, (parameter, argument) in enumerate(zip(function.parameters, arguments, strict=False)):
        if not _fits(parameter, argument):
            raise EvaluationError(
                f"invalid argument type on index {index}: expected {parameter.kind}, got {described(argument)}"
            )


def _fits(parameter: Parameter, argument: Value) -> bool:
    if parameter.kind == Kind.NUMBER:
        return as_number(argument) is not None
    return isinstance(argument, str) and infer(argument) != "number"


# --- the generators ------------------------------------------------------------------------------------------------


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _email(rng: random.Random) -> str:
    local = f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}".lower()
    return f"{local}{rng.randrange(10, 10_000)}@example.{rng.choice(('com', 'net', 'org'))}"


def _phone(rng: random.Random) -> str:
    return f"{rng.randrange(2, 10)}{rng.randrange(10**9):09d}"


def _card(rng: random.Random) -> str:
    prefix = rng.choice(_CARD_PREFIXES)
    body = prefix + "".join(str(rng.randrange(10)) for _ in range(15 - len(prefix)))
    return body + str(_luhn_digit(body))


def _luhn_digit(body: str) -> int:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for index, digit in enumerate(map(int, reversed(body))):
        doubled = digit * 2 if index % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def _card_expires(generators: Generators) -> str:
    year = _now(generators, Dialect.EXPECT).year + generators.rng.randrange(1, 11)
    return f"{generators.rng.randrange(1, 13):02d}/{year % 100:02d}"


def _random_int(generators: Generators, dialect: Dialect, arguments: tuple[Value, ...]) -> int:
    low, high = (_whole(argument, dialect) for argument in arguments)
    if low > high:
        raise EvaluationError(f"randomInt({low}, {high}) has its bounds the wrong way round")
    return generators.rng.randint(low, high)


def _whole(argument: Value, dialect: Dialect) -> int:
    number = as_number(argument)
    assert number is not None
    if dialect is Dialect.COMPAT and "." in str(argument):
        return 0
    if Decimal(str(number)) != int(number):
        raise EvaluationError(f"randomInt() takes whole numbers, got {number}")
    return int(number)


def _dated(default: str) -> Callable[[Generators, Dialect, tuple[Value, ...]], str]:
    def give(generators: Generators, dialect: Dialect, arguments: tuple[Value, ...]) -> str:
        layout = arguments[0] if arguments else default
        assert isinstance(layout, str)
        return write_date(_now(generators, dialect), layout)

    return give


def _now(generators: Generators, dialect: Dialect) -> datetime:
    """Today in UTC, so that every machine agrees; the reference takes the machine's own zone."""
    moment = datetime.fromtimestamp(generators.now_ns // 1_000_000_000, UTC)
    moment = moment.replace(microsecond=generators.now_ns // 1000 % 1_000_000)
    return moment.astimezone() if dialect is Dialect.COMPAT else moment


def _plain(draw: Callable[[random.Random], Value]) -> Function:
    return Function((), lambda generators, dialect, arguments: draw(generators.rng))


def _last_name(generators: Generators, dialect: Dialect, arguments: tuple[Value, ...]) -> str:
    return generators.rng.choice(FIRST_NAMES if dialect is Dialect.COMPAT else LAST_NAMES)


_FORMAT = (Parameter(Kind.STRING, optional=True),)

FUNCTIONS: Final[dict[str, Function]] = {
    "uuid": _plain(_uuid),
    "firstName": _plain(lambda rng: rng.choice(FIRST_NAMES)),
    "lastName": Function((), _last_name),
    "fullName": _plain(lambda rng: f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"),
    "email": _plain(_email),
    "phone": _plain(_phone),
    "creditCard": _plain(_card),
    "creditCardCvv": _plain(lambda rng: f"{rng.randrange(1000):03d}"),
    "creditCardExpDate": Function((), lambda generators, dialect, arguments: _card_expires(generators)),
    "randomInt": Function((Parameter(Kind.NUMBER), Parameter(Kind.NUMBER)), _random_int),
    "date": Function(_FORMAT, _dated("YYYY-MM-DD")),
    "dateTime": Function(_FORMAT, _dated("2006-01-02T15:04:05Z07:00")),
}
"""Every generator by its name."""
