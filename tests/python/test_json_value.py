"""JSON text and Python objects: what json.loads and json.dumps do, with attachments for bytes."""

from __future__ import annotations

import collections
import contextlib
import enum
import gc
import json
import math
import random
import sys
from typing import Any

import pytest
from json_documents import check_damaged, check_sound, dumps, expected_dumps, loads, same


def start_of(value: Any) -> str:
    """Of a parameter, for the test's name."""
    return ascii(value)[:30]


# --- Random documents ----------------------------------------------------------------------------


def test_random_documents_are_written_and_read_as_by_json() -> None:
    check_sound(random.Random(20261121), 20_000)


def test_damaged_documents_are_read_or_refused_as_by_json() -> None:
    check_damaged(random.Random(5), 20_000)


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("null", "true", "false", "0", "-0", "-0.0", "1e400", "-1e400", "1e-400", "5e-324"),
        *("2.2250738585072014e-308", "1.7976931348623159e308", "0.1", "1E5", "1e+5"),
        *("9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
        *("999999999999999999", "-99999999999999999", "1" * 101, "-" + "9" * 4300),
        *("0." + "3" * 100_000, "3" * 100_000 + ".5", "1e" + "9" * 5000, "-0." + "0" * 5000 + "1"),
        *("NaN", "Infinity", "-Infinity", '[NaN,{"a":-Infinity}, Infinity ]'),
        *('""', '"a"', '"\\u0000"', '"é"', '"\\u00e9"', '"中"', '"😀"', '"\x7f"'),
        *('"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83dx"'),
        *('"\\ud83d\\n"', '"\\ud83d\\u0041"', '"é\\ud800"', '"\\uD83D\\uDE00"', '"\\ud83d\\ude00"'),
        '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
        *("[]", "{}", "[ ]", "{ }", " [ 1 , [ ] , { } ] ", '\t{ "a" : { "b" : 1 } }\r\n'),
        *('{"a":1,"b":2,"a":3}', '{"é":1,"\\u00e9":2}', '{"":1}', '{"a\\u0062":1,"ab":2}'),
        '{"a-key-longer-than-thirty-two-characters":1}',
        *("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900),
    ],
    ids=start_of,
)
def test_text_is_read_as_by_json(text: str) -> None:
    assert same(loads(text), json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"nul", b"truex", b"+1", b"01", b"1.", b".5", b"1e", b"-", b"--1", b"1 2"),
        *(b"nan", b"NaN1", b"Na", b"Infinit", b"-Infinit", b"-NaN", b"+Infinity", b"--Infinity"),
        *(b'"', b'"a', b'"\n"', b'"\\x"', b'"\\u12"', b'"\\u12G4"', b'"\x00"', b"'a'"),
        *(b"[", b"[1", b"[1,", b"[1,]", b"[1}", b"[1 2]", b"]", b"[]]", b"[1]\x00"),
        *(b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,}', b"{1:2}", b'{"a" 1}', b'{"a":1]'),
        *(b"\xef\xbb\xbf[]", b'"\xff"', b'"\xed\xa0\x80"', b'{"\xc3":1}', b'"\xc3\\n"', b"\xff"),
        *(b"1" * 4301, b"[-" + b"1" * 4301 + b"]"),
    ],
    ids=start_of,
)
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        loads(text)
    with pytest.raises(ValueError):
        json.loads(text.decode("utf-8"))


def test_how_long_an_integer_may_be_is_pythons_own_setting() -> None:
    before = sys.get_int_max_str_digits()
    try:
        for limit in (1000, 0):
            sys.set_int_max_str_digits(limit)
            assert loads("1" * 1000) == int("1" * 1000)
            with pytest.raises(ValueError) if limit else contextlib.nullcontext():
                loads("1" * 5000)
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 100_000])
def test_what_is_too_deep_for_json_is_too_deep(text: str) -> None:
    for read in (json.loads, loads):
        with pytest.raises(RecursionError):
            read(text)


def test_beyond_ten_thousand_levels_nothing_is_read() -> None:
    """Newer Pythons go on while there is stack."""
    with pytest.raises(RecursionError):
        loads("[" * 10_001 + "]" * 10_001)


def test_every_prefix_of_a_document_is_refused() -> None:
    text = '[{"key":["\\u00e9\\ud83d\\ude00é",1.5e3,true,null]},"longer than a word"]'.encode()
    for size in range(len(text)):
        with pytest.raises(ValueError):
            loads(text[:size])


def test_equal_short_keys_are_one_object() -> None:
    first, second = loads('[{"key":1,"other":2},{"key":3}]')
    assert next(iter(first)) is next(iter(second))


def test_more_keys_than_the_cache_holds_are_still_right() -> None:
    document = {f"key{number}": number for number in range(5000)}
    assert loads(json.dumps(document)) == document
    assert loads(json.dumps(document)) == document


def test_placeholders_become_attachments() -> None:
    text = '["e",{"_placeholder":true,"num":1},{"a":[{"num":0,"x":1,"_placeholder":true}]}]'
    assert loads(text, [b"zero", b"\x00one"]) == ["e", b"\x00one", {"a": [b"zero"]}]
    assert loads('{"\\u005fplaceholder":1,"num":0}', [b""]) == b""


def test_an_attachment_named_often_is_one_object() -> None:
    read = loads("[" + ",".join(['{"_placeholder":true,"num":0}'] * 1000) + "]", [bytes(100)])
    assert len({id(item) for item in read}) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"_placeholder": False, "num": 0},
        {"_placeholder": 0, "num": 0},
        {"_placeholder": "", "num": 0},
        {"_placeholder": [], "num": 0},
        {"_placeholder": True},
        {"num": 0},
        {"placeholder": True, "num": 0},
    ],
)
def test_what_only_looks_like_a_placeholder_stays_a_dict(document: dict[str, Any]) -> None:
    assert loads(json.dumps(document), [b"attachment"]) == document


def test_without_attachments_a_placeholder_stays_a_dict() -> None:
    assert loads('{"_placeholder":true,"num":0}') == {"_placeholder": True, "num": 0}


@pytest.mark.parametrize("num", ["1", "-1", "0.0", "true", '"0"', "null", "[0]", "9" * 30])
def test_a_placeholder_for_no_attachment_is_a_value_error(num: str) -> None:
    with pytest.raises(ValueError):
        loads(f'{{"_placeholder":true,"num":{num}}}', [b"attachment"])


# --- Writing -------------------------------------------------------------------------------------


class Text(str):
    def __str__(self) -> str:
        return "not this"

    __repr__ = __str__


class Whole(int):
    def __repr__(self) -> str:
        return "not this"

    __str__ = __repr__


class Real(float):
    def __repr__(self) -> str:
        return "not this"


class Colour(enum.IntEnum):
    RED = 1


class Word(str, enum.Enum):
    YES = "yes"


class Doubled(dict[Any, Any]):
    def items(self) -> Any:
        return [(key, value * 2) for key, value in super().items()]


class Reversed(list[Any]):
    def __iter__(self) -> Any:
        return reversed(list(super().__iter__()))


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**100, 10**4000),
        *(0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 9999999999999998.0, 123456789012345680.0, 1e22, 1e23),
        *(1e-4, 1e-5, 0.00012345, 9.999999999999999e-05, 5e-324, 1.7976931348623157e308, 1e100),
        *(math.nan, math.inf, -math.inf, 2.0**53, 2.0**-44, 9007199254740993.0),
        *("", "a", "a" * 100, '"\\/', "\b\f\n\r\t\x00\x1f\x7f", "abcdefg\x7f", "é", "\x80", "ÿ"),
        *("中", "\uffff", "😀", "\U0010ffff", "\ud800", "\udfff", "\ude00\ud83d", "\u2028"),
        *([], {}, (), [[]], [{}], [()], (1, (2, [3])), {"a": (1,)}, [1, "a", None]),
        {1: 1, 1.5: 2, False: 3, None: 4, "é": 5, -2e-9: 6, math.nan: 7, math.inf: 8, 2**70: 9},
        {"1": 1, 1: 2},
        *(Text('t"é'), Whole(7), Whole(2**70), Real(1.5), Colour.RED, Word.YES, Point(1, "y")),
        {Text("key"): 1, Whole(5): 2, Real(2.5): 3, Colour.RED: 4, Word.YES: 5},
        *(Doubled(a=1, b="x"), Doubled(), Reversed([1, 2, 3]), Reversed()),
        *(collections.OrderedDict(b=1, a=2), collections.defaultdict(list, a=[1])),
    ],
)
def test_a_value_is_written_as_by_json(value: Any) -> None:
    assert dumps(value) == (expected_dumps(value), [])


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def in_itself(value: Any) -> Any:
    if isinstance(value, dict):
        value["deeper"] = [{"back": value}]
    else:
        value.append(({"back": value},))
    return value


@pytest.mark.parametrize(
    "value",
    [
        *(object(), {1, 2}, 1j, memoryview(b"x"), range(3), [1, object()], {"a": {"b": object}}),
        *({(1, 2): 3}, {b"key": 1}, {"a": [{object(): 1}]}),
        # python-socketio looks for bytes in lists and dicts only.
        *([(b"x",)], {"a": (1, [b"x"])}, ({"a": b"x"},), [(bytearray(b"x"),)]),
        *(in_itself([1, 2]), in_itself({"a": 1}), deep(200_000)),
        10**5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_refuses_is_refused_alike(value: Any) -> None:
    with pytest.raises((TypeError, ValueError, RecursionError)) as expected:
        expected_dumps(value)
    with pytest.raises(expected.type) as error:
        dumps(value)
    if expected.type is RecursionError:  # newer Pythons tell how much stack was left
        assert str(error.value).startswith("maximum recursion depth exceeded") or str(
            error.value
        ).startswith("Stack overflow")
    else:
        assert str(error.value) == str(expected.value)


def test_one_object_in_two_places_is_no_circle() -> None:
    shared = {"a": [1]}
    value = [shared, shared, {"b": shared}]
    assert dumps(value)[0] == expected_dumps(value)


def test_bytes_become_placeholders_in_the_order_they_stand() -> None:
    value = ["e", b"zero", {"a": [bytearray(b"one"), 1], "b": b""}, b"zero"]
    text, attachments = dumps(value)
    assert attachments == [b"zero", b"one", b"", b"zero"]
    hole = [{"_placeholder": True, "num": number} for number in range(4)]
    assert text == expected_dumps(["e", hole[0], {"a": [hole[1], 1], "b": hole[2]}, hole[3]])
    assert loads(text, attachments) == value


def test_bytes_alone_and_in_subclasses_become_attachments() -> None:
    class Blob(bytes):
        pass

    placeholder = '{"_placeholder":true,"num":0}'
    assert dumps(Blob(b"x")) == (placeholder, [b"x"])
    assert dumps(collections.OrderedDict(a=b"x")) == (f'{{"a":{placeholder}}}', [b"x"])
    assert dumps(Reversed([1, b"x"])) == (f"[{placeholder},1]", [b"x"])


def test_an_exception_of_a_subclass_comes_through() -> None:
    class Broken(dict[Any, Any]):
        def items(self) -> Any:
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        dumps([Broken(a=1)])


def test_a_container_changed_while_it_is_written_does_no_harm() -> None:
    class Clears(dict[Any, Any]):
        def items(self) -> Any:
            target.clear()
            return super().items()

    target: Any = [Clears(a=1), "gone", "gone"]
    assert dumps(target)[0] == '[{"a":1}]'
    target = {"a": Clears(a=1), "b": 2}
    assert dumps(target)[0].startswith('{"a":{"a":1}')


def test_conversions_release_what_they_take() -> None:
    texts = ['["e",{"k":[1.5,"é",{"_placeholder":true,"num":0}],"big":123456789012345678901}]']
    texts += ['["e",{"k":[1,2', '{"_placeholder":true,"num":9}']
    values = [["e", {"k": (1.5, "é", 10**30)}, b"x"], [1, object()], [Doubled(a=1), Reversed([2])]]

    def convert() -> None:
        for text in texts:
            with contextlib.suppress(ValueError):
                loads(text, [b"attachment"])
        for value in values:
            with contextlib.suppress(TypeError):
                dumps(value)

    def blocks_after(rounds: int) -> int:
        for _ in range(rounds):
            convert()
        gc.collect()
        return sys.getallocatedblocks()

    before = blocks_after(200)
    after = blocks_after(2000)
    assert after - before < 1000  # caches fill; one object lost in each round would be 2000
