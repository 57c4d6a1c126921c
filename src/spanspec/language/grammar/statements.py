"""The rules of statements: connectives, comparisons, expectations."""

from __future__ import annotations

import re
from typing import Any

from spanspec.language.grammar.cursor import Fail, Reading
from spanspec.language.grammar.selectors import SYMBOLS, WORDS, Selectors
from spanspec.language.grammar.slips import Slot, compared_form, is_check, quantifier_for
from spanspec.language.grammar.words import FUNCTIONS, PSEUDOS, Sort
from spanspec.language.syntax import (
    And,
    Call,
    Compare,
    DurationLiteral,
    Exists,
    Expect,
    Expression,
    Implies,
    Name,
    Not,
    Number,
    Or,
    Place,
    Quantifier,
    QuantifierWord,
    Relate,
    RelationWord,
    Selector,
    StandAlone,
    Statement,
)
from spanspec.language.tokens import Kind, Token
from spanspec.model.time import UNITS, parse_duration
from spanspec.source.text import Range

_ONE_WORD = {"some": QuantifierWord.SOME, "no": QuantifierWord.NO, "every": QuantifierWord.EVERY}
_COMPARED_COUNT = re.compile(
    r"((?:more|less|fewer|up|no more|no less|not more|not less)\s+(?:than|to)\s+\d+)\s+span\b", re.I
)
_QUANTIFIERS = ("some", "no", "every", "exactly", "at", "between")
_TWO_WORDS = {
    ("followed", "by"): RelationWord.FOLLOWED_BY,
    ("preceded", "by"): RelationWord.PRECEDED_BY,
    ("leads", "to"): RelationWord.LEADS_TO,
}
_RELATIONS = {
    "then": RelationWord.THEN,
    "calls": RelationWord.CALLS,
    "overlaps": RelationWord.OVERLAPS,
    "inside": RelationWord.INSIDE,
}
_BOUNDED = (RelationWord.FOLLOWED_BY, RelationWord.PRECEDED_BY, RelationWord.THEN, RelationWord.LEADS_TO)
_CONNECTIVES = ("and", "or", "implies", "&&", "||")


class Statements(Selectors):
    """The rules of statements, and so the whole parser."""

    _closed = False
    """Whether what stood last at a parenthesis was a statement in parentheses."""

    def lone_statement(self) -> Statement:
        """A statement and the end of the text."""
        if self.peek().kind is Kind.END:
            raise self.fail("a check")
        node = self.statement()
        if self.peek().kind is not Kind.END:
            raise self._after_statement()
        return node

    def _after_statement(self) -> Fail:
        token = self.peek()
        if self._relation_at_hand():
            return self._second_relation(token)
        return self.fail(
            '"and", "or", "implies" or the end of the text',
            candidates=("and", "or", "implies", "where", "within"),
            slot=Slot.STATEMENT_END,
        )

    def lone_operand(self) -> Statement:
        """One of the checks that connectives join."""
        node = self._not()
        token = self.peek()
        if token.kind is not Kind.END and not token.is_word(*_CONNECTIVES) and not token.is_symbol(*_CONNECTIVES):
            raise self._after_statement()
        return node

    # --- connectives -----------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        """`a implies b`, to the right."""
        start = self.peek().start
        left = self._or()
        if not self.accept_word("implies"):
            return left
        with self.nested():
            right = self.statement()
        return Implies(left=left, right=right, range=self.since(start))

    def _or(self) -> Statement:
        start = self.peek().start
        operands = [self._and()]
        while self._joined("or", "||"):
            operands.append(self._and())
        return operands[0] if len(operands) == 1 else Or(operands=tuple(operands), range=self.since(start))

    def _and(self) -> Statement:
        start = self.peek().start
        operands = [self._not()]
        while self._joined("and", "&&"):
            operands.append(self._not())
        return operands[0] if len(operands) == 1 else And(operands=tuple(operands), range=self.since(start))

    def _joined(self, word: str, symbol: str) -> bool:
        """Take a connective; after a whole statement such a word can be no name."""
        token = self.peek()
        if token.is_word(word) or token.is_symbol(symbol):
            self.advance()
            return True
        return False

    def _not(self) -> Statement:
        token = self.peek()
        if not self.at_not():
            return self._primary()
        self.advance()
        with self.nested():
            operand = self._not()
        return Not(operand=operand, range=self.since(token.start))

    # --- comparison | expectation | "(" statement ")" --------------------------------------------------------

    def _primary(self) -> Statement:
        token = self.peek()
        if token.kind is Kind.END:
            raise self.fail("a check")
        if token.is_symbol("("):
            return self._at_parenthesis()
        if token.is_word("span") or (self.relative and self._at_relative()):
            if self.peek_after(token).is_symbol("["):
                return self._bare_selector()
            return self.longest(self._bare_selector, self.comparison)
        if token.is_word(*_QUANTIFIERS):
            if self._is_negative_count(token):
                return self._expectation()
            if self.comparator_at(token.end):
                return self.longest(self._expectation, self.comparison) if self.relative else self.comparison()
            return self.longest(self._expectation, self.comparison)
        return self.comparison()

    def _is_negative_count(self, token: Token) -> bool:
        """Whether `exactly -1 span` stands here, which would be read as arithmetic with an attribute called `exactly`."""
        ahead = [token]
        for _ in range(3):
            ahead.append(self.peek_after(ahead[-1]))
        words = (
            token.is_word("exactly"),
            ahead[1].is_symbol("-"),
            ahead[2].kind is Kind.NUMBER,
            ahead[3].is_word("span"),
        )
        return all(words)

    def _at_relative(self) -> bool:
        return self.at_selector() and not self.peek().is_symbol("(")

    def _at_parenthesis(self) -> Statement:
        """A value, a statement or a selector, whichever takes most; of equals the statement.

        What follows a value (its comparator) and a selector (its relation) is no part of the contest.
        """
        statement = self.read(self._parenthesised_statement)
        value, selector = self.read(self.expression), self.read(self.selector)
        longest = max(statement.end, value.end, selector.end)
        if longest < 0:
            readings: tuple[Reading[Any], ...] = (statement, value, selector)
            self.keep(max(readings, key=lambda reading: reading.reach))
        if statement.end == longest:
            # Kept, not read again: at each level of nesting a second reading would double the work.
            start = self.at
            node = self.keep(statement)
            self._closed = True
            if not (selector.end == longest and self._relation_at_hand()):
                return node
            self.at = start
        node = self._bare_selector() if selector.end == longest else self.comparison()
        self._closed = False
        return node

    def _parenthesised_statement(self) -> Statement:
        self.expect("(")
        with self.nested():
            node = self.statement()
        if self._relation_at_hand():
            raise self._second_relation(self.peek())
        self.expect(")", '"and", "or" or ")"', Slot.STATEMENT_END)
        return node

    def comparison(self) -> Statement:
        """`value comparator value`, `name exists`, or a call that is a check by itself."""
        start = self.peek().start
        left = self.expression()
        if isinstance(left, Name) and (present := self.accept_word("exists", "missing")):
            return Exists(name=left, present=present.text == "exists", range=self.since(start))
        if isinstance(left, Call) and not self._at_comparator():
            return self._stand_alone(left)
        if isinstance(left, Name) and left.place is Place.SPAN and left.key in PSEUDOS and not self._at_comparator():
            raise self.bare_span(left.range, left.key)
        if not self._at_comparator():
            self._no_comparator(start, left)
        comparator = self.comparator()
        right = self.expression()
        where = self.since(start)
        if self._at_comparator():
            raise self._chained(left, right, where)
        return Compare(left=left, comparator=comparator, right=right, range=where)

    def _no_comparator(self, start: int, left: Expression) -> None:
        """Fail on what reads as a value and was meant as a quantifier, a connective or a check."""
        token, text = self.peek(), self.text[start : self.last_end]
        if isinstance(left, Name) and left.place is Place.BARE:
            if left.key.casefold() in ("and", "or", "implies"):
                raise self.fault(f'nothing stands before "{left.key}"', left.range)
            if is_check(left.key) and (token.kind is Kind.END or token.is_word("and", "or", "implies")):
                raise self.fault(f"{left.key} is called with parentheses", left.range, label=f"write {left.key}()")
            if left.key in FUNCTIONS and token.is_word("span"):
                raise self.fault(
                    f"{left.key} is called with parentheses", left.range, help=f"write {FUNCTIONS[left.key].text}"
                )
        counted = _COMPARED_COUNT.match(self.text, start, self.lexer.end)
        if counted is not None and not token.is_word("span"):
            text = counted[1]
        elif not token.is_word("span"):
            return
        meant = quantifier_for(text)
        if meant:
            raise self.fault(
                f'"{" ".join(text.split())}" is no quantifier',
                Range(start, start + len(text)),
                label=f'did you mean "{meant}"?',
                help="quantifiers are some, no, every, exactly n, at least n, at most n, between n and n",
            )

    def _at_comparator(self) -> bool:
        token = self.peek()
        if token.kind is Kind.SYMBOL:
            return token.text in SYMBOLS
        return (token.kind is Kind.WORD and token.text in WORDS) or (
            token.is_word("not") and self.peek_after(token).is_word("in")
        )

    def _stand_alone(self, call: Call) -> Statement:
        signature = FUNCTIONS.get(call.name)
        if signature is not None and signature.sort is not Sort.EXPECTATION:
            raise self.fail(
                "a comparator", help=f"{call.name}() is a value: compare it, as in {compared_form(call.name)}"
            )
        return StandAlone(call=call, range=call.range)

    def _chained(self, left: Expression, right: Expression, where: Range) -> Fail:
        middle = self.text[right.range.start : right.range.end]
        return self.fault(
            "comparisons do not chain",
            self.peek().range,
            help=f"write {self.text[where.start : where.end]} and {middle} {self.peek().text} …",
            code="chained-comparison",
        )

    # --- expectations ----------------------------------------------------------------------------------------

    def _bare_selector(self) -> Statement:
        start = self.peek().start
        selector = self.selector()
        token = self.peek()
        if token.is_word("where") or self._relation_at_hand():
            raise self._no_quantifier(selector, token)
        some = Quantifier(word=QuantifierWord.SOME, range=self.since(start))
        return Expect(quantifier=some, selector=selector, range=self.since(start))

    def _no_quantifier(self, selector: Selector, token: Token) -> Fail:
        text = self.text[selector.range.start : selector.range.end]
        return self.fault(
            f'"{token.text}" needs to know of how many spans it is said',
            selector.range,
            label="some or every?",
            help=f"write some {text} {token.text} … when one is enough, every {text} {token.text} … when all of them must",
            code="missing-quantifier",
        )

    def _expectation(self) -> Statement:
        start = self.peek().start
        quantifier = self._quantifier()
        selector = self.selector()
        if self.accept_word("where"):
            condition = self._where(start)
            return Expect(quantifier=quantifier, selector=selector, where=condition, range=self.since(start))
        relation = self._relation()
        if relation is None:
            self._no_within()
            return Expect(quantifier=quantifier, selector=selector, range=self.since(start))
        return self._relate(start, quantifier, selector, relation)

    def _relate(self, start: int, quantifier: Quantifier, left: Selector, relation: RelationWord) -> Relate:
        token = self.peek()
        if token.is_word(*_QUANTIFIERS):
            right_quantifier = self._quantifier()
        else:
            right_quantifier = Quantifier(word=QuantifierWord.SOME, range=token.range)
        right = self.selector()
        within = self._within(relation)
        if self._relation_at_hand():
            raise self._second_relation(self.peek())
        return Relate(
            quantifier=quantifier,
            left=left,
            relation=relation,
            right_quantifier=right_quantifier,
            right=right,
            within=within,
            range=self.since(start),
        )

    def _second_relation(self, token: Token) -> Fail:
        return self.fault(
            "a second relation needs an expectation of its own",
            token.range,
            help=f"write some A … some B and some B {token.text} … some C",
            code="second-relation",
        )

    def _quantifier(self) -> Quantifier:
        token = self.advance()
        word = _ONE_WORD.get(token.text)
        if word is not None:
            return Quantifier(word=word, range=token.range)
        if token.text == "exactly":
            return Quantifier(word=QuantifierWord.EXACTLY, low=self._bound(token), range=self.since(token.start))
        if token.text == "between":
            low = self._bound(token)
            if not self.accept_word("and"):
                raise self.fail('"and"', help="write between 1 and 3 span[…]")
            return Quantifier(
                word=QuantifierWord.BETWEEN, low=low, high=self._bound(token), range=self.since(token.start)
            )
        which = self.accept_word("least", "most")
        if which is None:
            raise self.fail('"least" or "most"', candidates=("least", "most"))
        bound = self._bound(token)
        if which.text == "least":
            return Quantifier(word=QuantifierWord.AT_LEAST, low=bound, range=self.since(token.start))
        return Quantifier(word=QuantifierWord.AT_MOST, high=bound, range=self.since(token.start))

    def _bound(self, word: Token) -> Number | Name:
        token = self.peek()
        if token.kind is Kind.NUMBER and token.text.isdigit() and len(token.text) <= 12:
            self.advance()
            return Number(text=token.text, range=token.range)
        if token.kind is Kind.NAME:
            name = self.name()
            if name.place in (Place.VAR, Place.ENV) and not name.via:
                return name
            raise self.fault("the number of spans is a whole number, var:NAME or env:NAME", name.range)
        if token.is_symbol("-") and self.peek_after(token).kind is Kind.NUMBER:
            self.advance()
            where = token.range.to(self.advance().range)
            raise self.fault(
                f"no number of spans is {self.text[where.start : where.end]}",
                where,
                help="write no span[…] to forbid them, exactly 1 span[…] to ask for one",
                code="empty-range",
            )
        raise self.fail(
            "a whole number, var:NAME or env:NAME",
            help=f"write {self._shown_quantifier(word)} span[…]",
            slot=Slot.BOUND,
        )

    @staticmethod
    def _shown_quantifier(word: Token) -> str:
        return {"exactly": "exactly 1", "between": "between 1 and 3"}.get(word.text, "at least 1")

    # --- where -----------------------------------------------------------------------------------------------

    def _where(self, start: int) -> Statement:
        with self.nested(), self.inside(bare=True, relative=True):
            opened = self.peek()
            condition = self._condition()
        following = self.peek()
        connected = following.is_symbol(*_CONNECTIVES) or following.is_word(*_CONNECTIVES)
        if connected and not (opened.is_symbol("(") and self._closed):
            raise self._ambiguous_where(start, opened, following)
        self._no_within()
        return condition

    def _condition(self) -> Statement:
        token = self.peek()
        if token.kind is Kind.END:
            raise self.fail("a condition", help='such as where status = "ok"')
        if self.at_not():
            self.advance()
            with self.nested():
                operand = self._condition()
            return Not(operand=operand, range=self.since(token.start))
        if token.is_symbol("("):
            return self._at_parenthesis()
        if token.is_word("span") and self.peek_after(token).is_symbol("["):
            raise self._bare_where(token)
        if token.is_word(*_QUANTIFIERS) and not self.comparator_at(token.end):
            raise self._bare_where(token)
        return self.comparison()

    def _bare_where(self, token: Token) -> Fail:
        return self.fault(
            "an expectation after where stands in parentheses", token.range, help=f"write where ({token.text} …)"
        )

    def _ambiguous_where(self, start: int, opened: Token, following: Token) -> Fail:
        head = self.text[start : opened.start].rstrip()
        condition = self.text[opened.start : self.last_end]
        word = following.text
        return self.fault(
            f'does "{word}" belong to the condition or to the check?',
            following.range,
            help=f"write {head} ({condition} {word} …) or ({head} {condition}) {word} …",
            code="ambiguous-where",
        )

    # --- relations and within --------------------------------------------------------------------------------

    def _relation_at_hand(self) -> bool:
        token = self.peek()
        if token.kind is not Kind.WORD:
            return False
        return token.text in _RELATIONS or (token.text, self.peek_after(token).text) in _TWO_WORDS

    def _relation(self) -> RelationWord | None:
        token = self.peek()
        if self._relation_at_hand():
            self.advance()
            if token.text in _RELATIONS:
                return _RELATIONS[token.text]
            return _TWO_WORDS[token.text, self.advance().text]
        if token.kind is Kind.WORD:
            self._misspelt_relation(token)
        return None

    def _misspelt_relation(self, token: Token) -> None:
        if token.is_word("followed", "preceded", "leads"):
            word = "to" if token.text == "leads" else "by"
            self.advance()
            raise self.fail(f'"{word}"', candidates=("by", "to"))
        words = {word.value.replace(" ", "_"): word.value for word in RelationWord}
        spelt = words.get(token.text.replace("-", "_"))
        if spelt is not None:
            raise self.fault(f'"{token.text}" is two words', token.range, label=f'write "{spelt}"')

    def _within(self, relation: RelationWord) -> DurationLiteral | None:
        if not self.peek().is_word("within"):
            return None
        if relation not in _BOUNDED:
            raise self._misplaced_within(f'"{relation.value}" has no length of time to bound')
        self.advance()
        return self._length()

    def _length(self) -> DurationLiteral:
        token = self.peek()
        if token.kind is Kind.DURATION:
            literal = self.number_or_duration()
            assert isinstance(literal, DurationLiteral)
            return literal
        unit = self.peek_after(token)
        if token.kind is Kind.NUMBER and unit.kind is Kind.WORD and unit.text in UNITS and unit.start == token.end + 1:
            value = parse_duration(token.text + unit.text)
            if value is not None:
                self.advance()
                self.advance()
                return DurationLiteral(value=value, range=self.since(token.start))
        raise self.fail("a duration such as 2s", slot=Slot.LENGTH)

    def _no_within(self) -> None:
        if self.peek().is_word("within"):
            raise self._misplaced_within("no relation stands before it")

    def _misplaced_within(self, why: str) -> Fail:
        return self.fault(
            f"within does not belong here: {why}",
            self.peek().range,
            help="it bounds followed by, preceded by, then and leads to",
            code="misplaced-within",
        )
