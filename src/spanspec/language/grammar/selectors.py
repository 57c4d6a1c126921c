"""The rules of selectors: chains, steps, predicates, pseudo-classes."""

from __future__ import annotations

from dataclasses import replace

from spanspec.language.grammar.cursor import Fail
from spanspec.language.grammar.expressions import Expressions
from spanspec.language.grammar.slips import Slot
from spanspec.language.grammar.words import PLAIN_PSEUDOS, PSEUDOS, RESERVED
from spanspec.language.syntax import (
    Chain,
    Combinator,
    Comparator,
    Compares,
    Expression,
    Has,
    ListLiteral,
    Name,
    Place,
    Predicate,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Pseudo,
    Selector,
    Step,
)
from spanspec.language.tokens import Kind, Mode, Token
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

SYMBOLS: dict[str, Comparator] = {
    "=": Comparator.EQ,
    "==": Comparator.EQ,
    "!=": Comparator.NE,
    "<": Comparator.LT,
    "<=": Comparator.LE,
    ">": Comparator.GT,
    ">=": Comparator.GE,
    "=~": Comparator.MATCHES,
    "!~": Comparator.NOT_MATCHES,
}
WORDS: dict[str, Comparator] = {
    comparator.value: comparator for comparator in Comparator if comparator.value[0].isalpha()
}
COMBINATORS = tuple(combinator.value for combinator in Combinator)
_MOST_FAULTS = 20
_COMPARATOR = 'a comparator, "exists" or "missing"'
_COMPARATOR_WORDS = (*WORDS, "exists", "missing")


class Selectors(Expressions):
    """The rules of selectors."""

    # --- selector := chain { "," chain } ---------------------------------------------------------------------

    def selector(self) -> Selector:
        """A union of chains; a relative one where the place allows it."""
        start = self.peek().start
        first = self.chain()
        relative = first.steps[0].combinator is not None
        chains = [first]
        while self.accept(","):
            chain = self.chain()
            chains.append(_descending(chain) if relative else chain)
        return Selector(chains=tuple(chains), range=self.since(start))

    def chain_selector(self) -> Selector:
        """One chain as a selector, for places where a comma means something else."""
        chain = self.chain()
        return Selector(chains=(chain,), range=chain.range)

    def lone_selector(self) -> Selector:
        """The whole text; nothing at all is the empty selector."""
        if self.old:
            self.accept(",")
        if self.peek().kind is Kind.END and self.last_end == self.at and not self.text[: self.at].strip():
            return Selector(range=Range(0, 0))
        selector = self.selector()
        if self.peek().kind is not Kind.END:
            raise self._after_selector()
        return selector

    def _after_selector(self) -> Fail:
        token = self.peek()
        if token.kind is Kind.WORD and token.text in ("where", "followed", "calls", "leads", "then"):
            return self.fail("the end of the selector", help="where and relations belong under expect:")
        return self.fail('a combinator, "," or the end of the selector', candidates=("span",), slot=Slot.STATEMENT_END)

    def chain(self) -> Chain:
        """Steps with combinators between."""
        start = self.peek().start
        combinator = self._leading_combinator()
        steps = [self.step(combinator)]
        while True:
            token = self.accept(*COMBINATORS)
            if token is not None:
                steps.append(self.step(Combinator(token.text)))
            elif self.at_step():
                steps.append(self.step(Combinator.DESCENDANT))
            else:
                return Chain(steps=tuple(steps), range=self.since(start))

    def _leading_combinator(self) -> Combinator | None:
        token = self.peek()
        if not token.is_symbol(*COMBINATORS):
            return None
        if not self.relative:
            raise self.fault(
                f'nothing stands before "{token.text}"',
                token.range,
                help="a selector that begins with a combinator stands only in :has(…), after where and in a call",
            )
        return Combinator(self.advance().text)

    def at_step(self) -> bool:
        """Whether a step begins here."""
        token = self.peek()
        return token.is_word("span") or token.is_symbol("(")

    def at_selector(self) -> bool:
        """Whether a selector begins here, a relative one included."""
        return self.at_step() or self.peek().is_symbol(*COMBINATORS)

    # --- step := ( "span" | "span" "[" predicates "]" | "(" selector ")" ) { pseudo } ------------------------

    def step(self, combinator: Combinator | None) -> Step:
        """One step."""
        start = self.peek().start
        if self.peek().is_symbol("("):
            return self._group(start, combinator)
        if not self.peek().is_word("span"):
            raise self._no_step()
        self.advance()
        if not self.peek().is_symbol("["):
            if self.peek().is_symbol(":"):
                raise self.bare_span(self.peek().range, "…")
            return Step(combinator=combinator, bare=True, range=self.since(start))
        predicate = self._brackets()
        return Step(predicate=predicate, pseudos=self._pseudos(), combinator=combinator, range=self.since(start))

    def _no_step(self) -> Fail:
        token = self.peek()
        if token.kind is Kind.NAME and token.text.startswith("span:"):
            field = token.text.removeprefix("span:")
            if field in PSEUDOS:
                return self.bare_span(token.range, field)
        if token.kind is Kind.WORD and token.text.startswith("span."):
            return self.fault(
                'expected "span[", found a name', token.range, help="predicates stand in brackets: span[…]"
            )
        return self.fail('"span["', candidates=("span",), slot=Slot.STEP)

    def bare_span(self, where: Range, pseudo: str) -> Fail:
        """The fault of a pseudo-class on the bare word."""
        return self.fault("span without brackets takes no pseudo-class", where, label=f"write span[]:{pseudo}")

    def _group(self, start: int, combinator: Combinator | None) -> Step:
        self.expect("(")
        with self.nested(), self.inside(relative=False, mode=Mode.VALUE):
            group = self.selector()
        self.expect(")", 'a combinator, "," or ")"')
        return Step(group=group, pseudos=self._pseudos(), combinator=combinator, range=self.since(start))

    def _brackets(self) -> Predicate | None:
        opening = self.expect("[")
        with self.nested(), self.inside(mode=Mode.BRACKETS, bare=True, relative=False):
            try:
                return self._predicates()
            except Fail as fail:
                return self._rest_of_brackets(opening, fail)

    def _rest_of_brackets(self, opening: Token, fail: Fail) -> Predicate | None:
        """Go on after a fault, so that one run shows every fault of the brackets, and of what follows them."""
        after, found = self.last_end, list[Predicate]()
        start, reached = opening.end, max(self.at, fail.place)
        for _ in range(_MOST_FAULTS):
            self.faults.append(fail.diagnostic)
            token = self.skip_to(start, reached, self._parts_predicates, "]")
            if token is None:
                break
            if token.is_symbol("]"):
                self.advance()
                return PredicateAnd(operands=tuple(found)) if len(found) > 1 else next(iter(found), None)
            if self.connective("and", "&&") or self.connective("or", "||") or self.accept(","):
                token = self.peek()
            start = token.start
            try:
                found.append(self.predicate_or())
                self._end_of_predicates()
                return PredicateAnd(operands=tuple(found))
            except Fail as another:
                fail, reached = another, max(self.at, another.place)
        self.at = opening.end
        if not self.skip_past("[", "]"):
            self.last_end = after
            self.faults.remove(fail.diagnostic)
            raise fail
        return None

    def _parts_predicates(self, token: Token) -> bool:
        """Whether a predicate begins at a token, or a connective stands there."""
        if token.is_symbol(",", "&&", "||") or token.is_word("and", "or"):
            return True
        following = self.peek_after(token)
        named = token.kind in (Kind.WORD, Kind.NAME) and token.start > self.last_end
        return named and following.kind is Kind.SYMBOL and following.text in SYMBOLS

    def _predicates(self) -> Predicate | None:
        if self.old:
            self.accept(",")
        if self.accept("]"):
            return None
        predicate = self.predicate_or()
        self._end_of_predicates()
        return predicate

    def _end_of_predicates(self) -> None:
        self.expect("]", '"and", "or", another predicate or "]"', Slot.PREDICATE_END)

    # --- predicates ------------------------------------------------------------------------------------------

    def predicate_or(self) -> Predicate:
        """`p or p`."""
        start = self.peek().start
        operands = [self.predicate_and()]
        while self.connective("or", "||"):
            operands.append(self.predicate_and())
        if len(operands) == 1:
            return operands[0]
        return PredicateOr(operands=tuple(operands), range=self.since(start))

    def predicate_and(self) -> Predicate:
        """`p p`, with `and` or a comma between if wanted."""
        start = self.peek().start
        operands = [self.predicate_not()]
        while self.connective("and", "&&") or self.accept(",") or self._at_predicate():
            operands.append(self.predicate_not())
        if len(operands) == 1:
            return operands[0]
        return PredicateAnd(operands=tuple(operands), range=self.since(start))

    def _at_predicate(self) -> bool:
        token = self.peek()
        if token.is_word("or") and not self.comparator_at(token.end):
            return False
        return token.kind in (Kind.WORD, Kind.NAME, Kind.TEXT) or token.is_symbol("(", "!")

    def predicate_not(self) -> Predicate:
        """`not p`, `(p or p)`, or a predicate."""
        token = self.peek()
        if self.at_not():
            self.advance()
            with self.nested():
                operand = self.predicate_not()
            return PredicateNot(operand=operand, range=self.since(token.start))
        if self.accept("("):
            with self.nested():
                inner = self.predicate_or()
            self.expect(")", '"and", "or" or ")"', Slot.PREDICATE_END)
            return inner
        return self.predicate()

    def predicate(self) -> Predicate:
        """`name comparator value`, `name exists`, `name missing`."""
        start = self.peek().start
        name = self._property()
        self._not_a_name(name)
        present = self.accept_word("exists", "missing")
        if present is not None:
            return Has(name=name, present=present.text == "exists", range=self.since(start))
        comparator = self.comparator()
        if comparator in (Comparator.IN, Comparator.NOT_IN) and self._at_unbracketed_list():
            raise self._unbracketed_list()
        value = self._last_value(self.value())
        return Compares(name=name, comparator=comparator, value=value, range=self.since(start))

    def _at_unbracketed_list(self) -> bool:
        ahead = [self.peek()]
        for _ in range(2):
            ahead.append(self.peek_after(ahead[-1]))
        return ahead[0].kind is Kind.NUMBER and ahead[1].is_symbol(",") and ahead[2].kind is Kind.NUMBER

    def _unbracketed_list(self) -> Fail:
        """The fault of `a in 1, 2`."""
        first = last = self.advance()
        while self.peek().is_symbol(",") and self.peek_after(self.peek()).kind is Kind.NUMBER:
            self.advance()
            last = self.advance()
        where = first.range.to(last.range)
        return self.fault(
            "a list stands in square brackets", where, label=f"write [{self.text[where.start : where.end]}]"
        )

    def _not_a_name(self, name: Name) -> None:
        """Fail on `AND b = 1` and `exists(a)`, where a word of the grammar is taken for the name of an attribute."""
        word = name.key.casefold()
        if name.place is not Place.BARE or self.comparator_at(self.at) or self.peek().is_word("exists", "missing"):
            return
        if word in ("and", "or", "not") and self.peek().kind in (Kind.WORD, Kind.NAME, Kind.TEXT):
            spelt = f'write "{word}"' if name.key != word else ""
            raise self.fault(f'expected a predicate, found "{name.key}"', name.range, label=spelt)
        if word in ("exists", "missing", "not_exists", "exist") and not self.peek().is_symbol("]", ","):
            opened = self.peek().is_symbol("(")
            token = self.peek_after(self.peek()) if opened else self.peek()
            mended = "missing" if word in ("missing", "not_exists") else "exists"
            shown = f"write {token.text} {mended}" if token.kind in (Kind.WORD, Kind.NAME) else f"write NAME {mended}"
            raise self.fault(f'"{name.key}" stands after the name', name.range, label=shown)

    def _property(self) -> Name:
        token = self.peek()
        if token.kind is Kind.TEXT:
            self.advance()
            return Name(place=Place.BARE, key=self.quoted_key(token, token.text), quoted=True, range=token.range)
        if token.kind not in (Kind.WORD, Kind.NAME):
            raise self.fail("the name of an attribute")
        return self.name()

    def _last_value(self, value: Expression) -> Expression:
        """The reference takes several values after one comparator and heeds the last."""
        while self.old and self._at_spare_value():
            previous, value = value, self.value()
            self.warn(
                "several-values", "only the last value counts", previous.range.to(value.range), help="leave one value"
            )
        return value

    def _at_spare_value(self) -> bool:
        token = self.peek()
        if self.comparator_at(token.end) or self.peek_after(token).is_word("exists", "missing"):
            return False
        return token.kind in (Kind.TEXT, Kind.NUMBER) or token.is_word("true", "false")

    def value(self) -> Expression:
        """What a predicate compares with: a literal, a name, a list of literals."""
        token = self.peek()
        if token.is_symbol("["):
            return self._literals()
        if token.kind is Kind.WORD and not token.is_word("true", "false", "null"):
            return self.name()
        if token.kind is Kind.NAME:
            return self.name()
        return self._literal()

    def _literal(self) -> Expression:
        token = self.peek()
        if token.kind is Kind.TEXT:
            return self.text_node(self.advance())
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            return self.number_or_duration()
        if token.is_symbol("-") and self.peek_after(token).kind in (Kind.NUMBER, Kind.DURATION):
            return self.negative(self.advance())
        constant = self.constant()
        if constant is None:
            raise self.fail("a value", help="a text stands in quotes", slot=Slot.VALUE)
        return constant

    def _literals(self) -> ListLiteral:
        start = self.expect("[").start
        items: list[Expression] = []
        if not self.peek().is_symbol("]"):
            items.append(self._literal())
            while self.accept(","):
                items.append(self._literal())
        self.expect("]", '"," or "]"')
        return ListLiteral(items=tuple(items), range=self.since(start))

    # --- words that are words only in their place ------------------------------------------------------------

    def comparator(self) -> Comparator:
        """The comparator at hand."""
        token = self.peek()
        if token.kind is Kind.SYMBOL and token.text in SYMBOLS:
            return SYMBOLS[self.advance().text]
        if token.is_word("not") and self.peek_after(token).is_word("in"):
            self.advance()
            self.advance()
            return Comparator.NOT_IN
        if token.kind is Kind.WORD and token.text in WORDS:
            return WORDS[self.advance().text]
        raise self.fail(_COMPARATOR, candidates=_COMPARATOR_WORDS, slot=Slot.COMPARATOR)

    def comparator_at(self, place: int) -> bool:
        """Whether a comparator stands at `place`; a word that another comparator follows is a name."""
        token = self.lexer.token(place, self.mode)
        if token.kind is Kind.SYMBOL:
            return token.text in SYMBOLS
        following = self.peek_after(token)
        if token.is_word("not"):
            return following.is_word("in")
        if token.kind is not Kind.WORD or token.text not in WORDS:
            return False
        return not (following.kind is Kind.SYMBOL and following.text in SYMBOLS)

    def at_not(self) -> bool:
        """Whether `not` or `!` is at hand, and no attribute of that name."""
        token = self.peek()
        return token.is_symbol("!") or (token.is_word("not") and not self.comparator_at(token.end))

    def connective(self, word: str, symbol: str) -> bool:
        """Take a connective if it is at hand."""
        token = self.peek()
        if token.is_symbol(symbol) or (token.is_word(word) and not self.comparator_at(token.end)):
            self.advance()
            return True
        return False

    # --- pseudo-classes --------------------------------------------------------------------------------------

    def _pseudos(self) -> tuple[Pseudo, ...]:
        found: list[Pseudo] = []
        while self.peek().is_symbol(":"):
            found.append(self._pseudo())
        if self.old and len(found) > 1 and all(pseudo.name in ("first", "last", "nth") for pseudo in found):
            where = found[0].range.to(found[-1].range)
            self.warn("several-pseudo-classes", "each of these narrows what the one before left", where)
        return tuple(found)

    def _pseudo(self) -> Pseudo:
        start = self.expect(":").start
        token = self.lexer.word(self.at)
        if token is None:
            double = "one colon is enough" if self.peek().is_symbol(":") else ""
            raise self.fail("the name of a pseudo-class", help=double)
        if token.text not in PSEUDOS:
            raise self.fault(
                f'no pseudo-class ":{token.text}"',
                token.range,
                label=did_you_mean(token.text, PSEUDOS),
                help=f"pseudo-classes are {', '.join(f':{name}' for name in PSEUDOS if name != 'nth_child')}",
                code="unknown-pseudo-class",
            )
        self.at = self.last_end = token.end
        if token.text in PLAIN_PSEUDOS:
            self._spare_argument(token)
            return Pseudo(name=token.text, range=self.since(start))
        if token.text in ("nth", "nth_child"):
            return Pseudo(name="nth", number=self._index(token), range=self.since(start))
        return Pseudo(name=token.text, selector=self._pseudo_selector(token), range=self.since(start))

    def _spare_argument(self, token: Token) -> None:
        """The reference takes a number after `:first` and `:last`, and does not heed it."""
        if not (self.old and token.text in ("first", "last") and self.peek().is_symbol("(")):
            return
        following = self.peek_after(self.peek())
        if following.kind is Kind.NUMBER and self.peek_after(following).is_symbol(")"):
            start = self.advance().start
            self.advance()
            self.advance()
            self.warn(
                "ignored-argument",
                f":{token.text} takes no number",
                self.since(start),
                help="leave it out, or write :nth(n)",
            )

    def _index(self, token: Token) -> int:
        opening = self.accept("(")
        number = self.peek()
        if opening is None or number.kind is not Kind.NUMBER or not number.text.isdigit() or len(number.text) > 9:
            where = token.range.to(number.range) if opening is not None else token.range
            raise self.fault(f":{token.text} needs a whole number", where, label=f"write :{token.text}(1)")
        self.advance()
        self.expect(")")
        return int(number.text)

    def _pseudo_selector(self, token: Token) -> Selector:
        has = token.text == "has"
        if not self.peek().is_symbol("("):
            raise self.fault(f":{token.text} needs a selector", token.range, label=f"write :{token.text}(span[…])")
        self.advance()
        with self.nested(), self.inside(relative=has, mode=Mode.VALUE):
            selector = self.selector()
        self.expect(")", 'a combinator, "," or ")"')
        if not has:
            return selector
        return replace(selector, chains=tuple(_descending(chain) for chain in selector.chains))


def _descending(chain: Chain) -> Chain:
    """The chain read from a span at hand: without a combinator a descendant."""
    first = chain.steps[0]
    if first.combinator is not None:
        return chain
    return replace(chain, steps=(replace(first, combinator=Combinator.DESCENDANT), *chain.steps[1:]))


assert set(WORDS) <= RESERVED
