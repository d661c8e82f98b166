"""The strict decoder: one meaning per text, or a sentence that says why not, in time linear in the text."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kernel.strict_json import MAX_INTEGER, BadJSON, decode, decode_parts, encode

MEGABYTE = 2**20

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "only spaces": (b" \t\r\n", "not JSON"),
    "two values": (b"1 2", "not JSON"),
    "a trailing comma": (b"[1,]", "not JSON"),
    "a comment": (b"[1]//x", "not JSON"),
    "single quotes": (b"{'a':1}", "not JSON"),
    "a bare key": (b"{a:1}", "not JSON"),
    "a leading zero": (b"01", "not JSON"),
    "a leading plus": (b"+1", "not JSON"),
    "a number without digits before its point": (b".5", "not JSON"),
    "a number that ends with its point": (b"5.", "not JSON"),
    "digits of another script": ("١".encode(), "not JSON"),
    "a raw control character": (b'"a\x01"', "not JSON"),
    "a raw line break in a string": (b'"a\nb"', "not JSON"),
    "a raw NUL in a string": (b'"a\x00"', "not JSON"),
    "a NUL after the value": (b"1\x00", "not JSON"),
    "an unknown escape": (rb'"\x41"', "not JSON"),
    "an unfinished escape": (rb'"\u12"', "not JSON"),
    "an unfinished string": (b'"abc', "not JSON"),
    "a no-break space around the value": ("\u00a01".encode(), "not JSON"),
    "NaN": (b"[NaN]", "NaN is not JSON"),
    "Infinity": (b"Infinity", "Infinity is not JSON"),
    "minus Infinity": (b"[-Infinity]", "-Infinity is not JSON"),
    "a float beyond a double": (b"1e309", "too large for a double"),
    "a negative float beyond a double": (b"-1e999999", "too large for a double"),
    "an integer of 2**53": (b"9007199254740992", "beyond 2**53 - 1"),
    "an integer of -2**53": (b"-9007199254740992", "beyond 2**53 - 1"),
    "an integer beyond 64 bits": (b"[18446744073709551616]", "beyond 2**53 - 1"),
    "100,000 digits": (b"1" * 100_000, "beyond 2**53 - 1"),
    "100,000 digits behind a point": (b"0." + b"1" * 100_000, "more than 1,100 characters"),
    "an exponent of 100,000 digits": (b"1e" + b"1" * 100_000, "more than 1,100 characters"),
    "a key twice": (b'{"a":1,"a":1}', 'key "a" appears twice'),
    "a key twice, once escaped": (rb'{"a":1,"\u0061":2}', 'key "a" appears twice'),
    "a key twice, deep inside": (b'[{"x":{"a":1,"b":2,"a":3}}]', 'key "a" appears twice'),
    "an escaped NUL": (rb'"a\u0000"', "NUL"),
    "an escaped NUL after an escaped backslash": (rb'"\\\u0000"', "NUL"),
    "an escaped NUL in a key": (rb'{"\u0000":1}', "NUL"),
    "a lone high surrogate": (rb'"\ud800"', "half of a surrogate pair"),
    "a lone high surrogate at the end of text": (rb'"x\uDBFF y"', "half of a surrogate pair"),
    "a lone low surrogate": (rb'"\udc00"', "half of a surrogate pair"),
    "two high surrogates": (rb'"\ud83d\ud83d"', "half of a surrogate pair"),
    "a low surrogate before a high one": (rb'"\ude00\ud83d"', "half of a surrogate pair"),
    "a lone surrogate after a pair": (rb'"\ud83d\ude00\ude00"', "half of a surrogate pair"),
    "a lone surrogate in a key": (rb'{"\ud800":1}', "half of a surrogate pair"),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', "not UTF-8"),
    "an overlong character": (b'"\xc0\xaf"', "not UTF-8"),
    "a stray byte": (b'"\xff"', "not UTF-8"),
    "a character beyond Unicode": (b'"\xf4\x90\x80\x80"', "not UTF-8"),
    "half a character": (b'"\xc3"', "not UTF-8"),
    "a UTF-8 byte order mark": (b"\xef\xbb\xbf1", "byte order mark"),
    "UTF-16 with a mark": ('{"a":1}'.encode("utf-16"), "byte order mark"),
    "UTF-16 without a mark": ('{"a":1}'.encode("utf-16-le"), "not JSON"),
    "UTF-32": ('{"a":1}'.encode("utf-32-be"), "not JSON"),
    "depth 65": (b"[" * 65 + b"]" * 65, "deeper than 64"),
    "depth 65 of objects": (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
    "depth 100,000": (b"[" * 100_000 + b"]" * 100_000, "deeper than 64"),
    "depth 100,000 that never closes": (b'[{"a":' * 50_000, "deeper than 64"),
    "depth 65 behind an escaped quote": (b'["\\"",' + b"[" * 64 + b"]" * 65, "deeper than 64"),
}

ACCEPTED: dict[str, tuple[bytes, Any]] = {
    "depth 64": (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
    "many brackets in strings": (b'["' + b"[{" * 500 + b'"]', ["[{" * 500]),
    "many arrays side by side": (b"[" + b"[]," * 500 + b"[]]", [[]] * 501),
    "brackets behind an escaped quote": (b'["\\"' + b"[" * 100 + b'"]', ['"' + "[" * 100]),
    "the largest integer": (b"9007199254740991", MAX_INTEGER),
    "the smallest integer": (b"-9007199254740991", -MAX_INTEGER),
    "the largest double": (b"1.7976931348623157e308", 1.7976931348623157e308),
    "a double too small to tell from zero": (b"1e-999", 0.0),
    "a float that is whole": (b"1.0", 1.0),
    "an exponent": (b"1E2", 100.0),
    "minus zero": (b"-0", 0),
    "a surrogate pair": (rb'"\ud83d\ude00"', "😀"),
    "a backslash before u0000": (rb'"\\u0000"', "\\u0000"),
    "a backslash before ud800": (rb'"\\ud800"', "\\ud800"),
    "the same key in two objects": (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
    "space around": (b" \t\r\n1 \t\r\n", 1),
    "a mark inside a string": ('"\ufeff"'.encode(), "\ufeff"),
    "literals": (b"[true,false,null]", [True, False, None]),
    "DEL": (b'"\x7f"', "\x7f"),
}


def refusal(body: bytes) -> str | None:
    """Why a body is refused; None when it is read."""
    try:
        decode(body)
    except BadJSON as refused:
        return refused.detail
    return None


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_could_take_differently_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(BadJSON) as refused:
        decode(body)
    assert why in refused.value.detail
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize(("body", "value"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_has_one_meaning_is_read(body: bytes, value: Any) -> None:
    read = decode(body)
    assert read == value
    assert type(read) is type(value)


def test_a_refusal_says_where() -> None:
    with pytest.raises(BadJSON, match="line 2, column 6"):
        decode(b'{\n"a": x}')
    with pytest.raises(BadJSON, match="byte 4"):
        decode(b'"ab\xff"')
    with pytest.raises(BadJSON, match="character 5"):
        decode(rb'"abc\u0000"')


def test_a_hostile_key_is_escaped_and_cut_in_the_sentence() -> None:
    key = "\u202e<script>" + "x" * 1_000
    body = f'{{"{key}":1,"{key}":2}}'.encode()
    with pytest.raises(BadJSON) as refused:
        decode(body)
    assert refused.value.detail.isascii()
    assert len(refused.value.detail) < 120


def test_the_depth_can_be_set_lower() -> None:
    assert decode(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(BadJSON, match="deeper than 1 "):
        decode(b"[[1]]", max_depth=1)


HOSTILE = {
    "open arrays": b"[" * MEGABYTE,
    "empty arrays": b"[" + b"[]," * (MEGABYTE // 3) + b"[]]",
    "depth 64 again and again": b"[" + (b"[" * 63 + b"]" * 63 + b",") * 8_000 + b"1]",
    "escaped quotes that never end": b"[" * 65 + b'"' + b'\\"' * (MEGABYTE // 2),
    "backslashes": b'"' + b"\\" * MEGABYTE,
    "pairs of backslashes before a NUL": b'"' + b"\\\\" * (MEGABYTE // 2) + b'\\u0000"',
    "surrogate pairs": b'"' + b"\\ud83d\\ude00" * (MEGABYTE // 12) + b'"',
    "quotes": b'"' * MEGABYTE,
    "spaces": b" " * MEGABYTE,
    "digits": b"9" * MEGABYTE,
    "minus signs": b"-" * MEGABYTE,
    "a long fraction": b"0." + b"0" * MEGABYTE,
    "a long exponent": b"1e-" + b"9" * MEGABYTE,
    "the same key": b"{" + b'"a":1,' * (MEGABYTE // 6) + b'"a":1}',
    "many keys": b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b"}",
    "small integers": b"[" + b"1," * (MEGABYTE // 2) + b"1]",
    "small floats": b"[" + b"1.5," * (MEGABYTE // 4) + b"1]",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_megabyte_is_read_or_refused_quickly(body: bytes) -> None:
    started = time.process_time()
    assert len(refusal(body) or "") < 200
    # The slowest takes a third of a second; quadratic work would take minutes.
    assert time.process_time() - started < 5


@given(st.binary(max_size=200))
@example(b"")
def test_no_bytes_raise_anything_but_bad_json(body: bytes) -> None:
    assert refusal(body) != ""


ALPHABET = st.sampled_from(list('[]{}",:\\/u0dD8cC1eE+-. \ntfnNI'))


@given(st.text(ALPHABET, max_size=60))
@example('{"\\ud8')
def test_what_is_read_means_the_same_to_a_lenient_reader(text: str) -> None:
    try:
        value = decode(text.encode())
    except BadJSON:
        return
    assert value == json.loads(text)


CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(CHARACTERS), inner),
    max_leaves=40,
)


@given(JSON)
def test_what_is_encoded_is_read_back_unchanged(value: Any) -> None:
    assert decode(encode(value)) == value


@given(JSON)
def test_escaped_text_is_read_as_the_text(value: Any) -> None:
    assert decode(json.dumps(value, ensure_ascii=True).encode()) == value


def test_encoding_refuses_what_json_has_no_form_for() -> None:
    for value in ({1}, object(), "\ud800", 2**70):
        with pytest.raises(TypeError):
            encode(value)


_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.recursive(st.none() | st.integers(-9, 9) | _TEXTS, st.lists, max_leaves=5), max_size=5))
def test_parts_have_the_bytes_that_they_were_written_in(values: list[Any]) -> None:
    written = [json.dumps(value, indent=1, ensure_ascii=n % 2 == 0).encode() for n, value in enumerate(values)]
    body = b' {\t"parts" : [\n' + b" ,\r".join(written) + b" ] }\n"
    assert decode_parts(body, key="parts") == list(zip(written, values, strict=True))


@pytest.mark.parametrize(
    "body", [b"[]", b"1", b"{}", b'{"part":[]}', b'{"parts":{}}', b'{"parts":[1],"more":1}', b'{"parts":[1']
)
def test_what_has_no_parts_is_left_to_others(body: bytes) -> None:
    assert decode_parts(body, key="parts") is None
