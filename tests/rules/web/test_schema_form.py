"""What a form shows of a value and its schema, and what a changed field stands for."""

from typing import Any

import pytest

from app.kernel.errors import Fault
from app.web.schema_form import ABSENT, MAX_DEPTH, FormNode, build_form, read_form

ADDRESS = {
    "type": "object",
    "properties": {
        "street": {"type": "string", "title": "Street"},
        "unit": {"type": "string"},
        "floor": {"type": ["integer", "null"]},
        "rent": {"type": "number"},
        "let": {"type": "boolean"},
        "kind": {"enum": ["flat", "house", 3]},
        "owner": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
    "required": ["street", "floor", "rent"],
}
FLAT: dict[str, Any] = {"street": "High Street", "floor": 2, "rent": 900.0}


def form(value: Any = FLAT, schema: Any = ADDRESS, **more: Any) -> FormNode:
    """Build a form with the prefix "o"."""
    return build_form(schema, value, more.pop("confidences", {}), more.pop("thresholds", {}), "o", **more)


def field(root: FormNode, pointer: str) -> FormNode:
    """Find one field or group of the form."""
    nodes = [root]
    for node in nodes:
        if node.pointer == pointer:
            return node
        nodes.extend(node.children)
    raise AssertionError(pointer)


def read(value: Any = FLAT, schema: Any = ADDRESS, /, **typed: str) -> tuple[Any, list[Fault]]:
    """Read a post in which only these fields of the root were typed into."""
    return read_form(schema, value, {f"o/{name}": text for name, text in typed.items()}, prefix="o")


class TestBuildForm:
    def test_draws_each_type_as_its_own_kind(self) -> None:
        kinds = {node.key: node.kind for node in form().children}
        assert kinds == {
            "street": "string",
            "unit": "string",
            "floor": "integer",
            "rent": "number",
            "let": "boolean",
            "kind": "choice",
            "owner": "object",
        }

    def test_says_what_an_empty_field_stands_for(self) -> None:
        root = form({"street": "", "floor": None, "rent": 1})
        assert [field(root, f"/{key}").state for key in ("street", "floor", "unit", "rent")] == [
            "empty text",
            "null",
            "left out",
            "",
        ]

    def test_shows_keys_that_the_schema_does_not_know(self) -> None:
        extra = field(form(FLAT | {"x/y": "?"}), "/x~1y")
        assert (extra.text, extra.declared) == ("?", False)

    def test_takes_every_key_for_known_when_there_is_no_schema(self) -> None:
        assert all(node.declared and node.required for node in form(schema=None).children)

    @pytest.mark.parametrize("word", ["$ref", "oneOf", "anyOf", "allOf"])
    def test_shows_what_it_cannot_draw_as_raw_json(self, word: str) -> None:
        node = form({"a": 1}, {word: []})
        assert (node.kind, node.text, node.mismatch) == ("json", '{"a": 1}', False)

    def test_shows_a_value_of_another_type_as_raw_json_and_says_so(self) -> None:
        node = field(form(FLAT | {"floor": "two"}), "/floor")
        assert (node.kind, node.text, node.mismatch) == ("json", '"two"', True)

    def test_keeps_a_boolean_apart_from_numbers(self) -> None:
        assert field(form(FLAT | {"rent": True}), "/rent").mismatch

    def test_draws_six_levels_and_the_rest_as_raw_json(self) -> None:
        value: Any = "deep"
        for _ in range(MAX_DEPTH + 2):
            value = {"a": value}
        node = form(value, None)
        while node.is_group:
            node = node.children[0]
        assert (node.kind, node.pointer) == ("json", "/a" * MAX_DEPTH)

    def test_offers_a_value_outside_its_list_as_it_is(self) -> None:
        options = field(form(FLAT | {"kind": "castle\u202e"}), "/kind").options
        assert [option.label for option in options] == [
            '"castle\\u202e" (not in the list)',
            "flat",
            "house",
            "3",
            "left out",
        ]

    def test_numbers_rows_from_one_for_people_and_from_zero_in_pointers(self) -> None:
        root = form([5, 6], {"type": "array", "items": {"type": "integer", "title": "Line"}})
        assert [(row.label, row.pointer) for row in root.children] == [("Line 1", "/0"), ("Line 2", "/1")]

    def test_hands_read_only_down_to_the_fields_within(self) -> None:
        owner = {"type": "object", "readOnly": True, "properties": {"name": {"type": "string"}}}
        root = form({"owner": {"name": "Ann"}}, {"type": "object", "properties": {"owner": owner}})
        assert field(root, "/owner/name").read_only

    def test_uses_several_lines_for_a_text_with_a_line_break(self) -> None:
        assert field(form(FLAT | {"unit": "a\nb"}), "/unit").multiline
        assert not field(form(), "/street").multiline


class TestDoubt:
    def test_is_a_confidence_below_its_threshold(self) -> None:
        root = form(confidences={"/street": 0.71, "/rent": 0.9}, thresholds={"/street": 0.9, "/rent": 0.9})
        assert field(root, "/street").doubtful
        assert not field(root, "/rent").doubtful

    def test_is_a_missing_confidence_where_one_is_asked_for(self) -> None:
        root = form(confidences={"/street": None}, thresholds={"/street": 0.5, "/unit": 0.5})
        assert field(root, "/street").doubtful
        assert field(root, "/unit").doubtful

    def test_is_not_where_no_threshold_asks(self) -> None:
        assert form(confidences={"/street": 0.01}).first_doubtful is None

    def test_brings_its_field_and_the_groups_around_it_to_the_front(self) -> None:
        root = form(FLAT | {"owner": {"name": "Ann"}}, thresholds={"/owner/name": 0.5})
        assert root.children[0].key == "owner"
        assert root.first_doubtful == "o/owner/name"

    def test_leaves_the_rows_of_an_array_in_their_order(self) -> None:
        root = form(["a", "b"], None, thresholds={"/1": 0.5})
        assert [row.text for row in root.children] == ["a", "b"]
        assert root.first_doubtful == "o/1"

    def test_of_a_group_points_at_its_first_field(self) -> None:
        assert form(thresholds={"/owner": 0.5}).first_doubtful == "o/owner/name"


class TestFaultsAndDrafts:
    def test_put_a_fault_at_the_deepest_field_it_reaches(self) -> None:
        root = form(FLAT | {"raw": [[1]]}, faults=[Fault("/rent", "Too low."), Fault("/zip", "Missing.")])
        assert field(root, "/rent").faults == ("Too low.",)
        assert root.faults == ("Missing.",)
        assert root.first_fault == "o/rent"

    def test_put_a_fault_within_raw_json_at_its_field(self) -> None:
        root = form({"a": {"b": 1}}, {"$ref": "#"}, faults=[Fault("/a/b", "No.")])
        assert root.faults == ("No.",)

    def test_show_what_was_typed_and_know_the_original(self) -> None:
        node = field(form(posted={"o/rent": "12a"}), "/rent")
        assert (node.text, node.original_text, node.changed) == ("12a", "900.0", True)

    def test_never_show_a_draft_in_a_read_only_field(self) -> None:
        assert form("x", {"type": "string", "readOnly": True}, posted={"o": "y"}).text == "x"


class TestReadForm:
    def test_takes_a_typed_text(self) -> None:
        assert read(street="Low Street")[0] == FLAT | {"street": "Low Street"}

    def test_keeps_keys_where_they_stood(self) -> None:
        assert list(read(street="Low Street", unit="3b")[0]) == ["street", "floor", "rent", "unit"]

    def test_leaves_an_emptied_optional_field_out(self) -> None:
        assert read(FLAT | {"unit": "3b"}, unit="")[0] == FLAT

    def test_makes_an_emptied_field_null_when_it_must_stand_there(self) -> None:
        assert read(floor="")[0]["floor"] is None

    def test_makes_an_emptied_required_text_empty(self) -> None:
        assert read(street="")[0]["street"] == ""

    def test_refuses_an_emptied_required_number(self) -> None:
        assert read(rent=" ") == (FLAT, [Fault("/rent", "This field cannot be left empty.")])

    @pytest.mark.parametrize(("text", "number"), [("12", 12), (" -0.5 ", -0.5), ("1e3", 1000.0), ("1.0", 1.0)])
    def test_reads_numbers_as_json_writes_them(self, text: str, number: float) -> None:
        assert repr(read(rent=text)[0]["rent"]) == repr(number)

    @pytest.mark.parametrize("text", ["12a", "1,5", "NaN", "Infinity", "1e999", "9" * 20, "0x10", "true", "[1]", "٣"])
    def test_refuses_what_is_no_number(self, text: str) -> None:
        assert read(rent=text) == (FLAT, [Fault("/rent", "Type a number, such as 12.5.")])

    def test_refuses_a_fraction_where_a_whole_number_is_asked_for(self) -> None:
        assert read(floor="2.5")[1] == [Fault("/floor", "Type a whole number, such as 12.")]

    def test_reads_choices_by_their_type(self) -> None:
        assert read(kind="3", let="false")[0] == FLAT | {"kind": 3, "let": False}
        assert read(FLAT | {"let": True}, let="")[0] == FLAT

    def test_refuses_a_choice_that_was_not_offered(self) -> None:
        assert read(kind='"castle"') == (FLAT, [Fault("/kind", "This is not one of the choices.")])

    def test_makes_a_group_when_one_of_its_fields_is_filled(self) -> None:
        read_back = read_form(ADDRESS, FLAT, {"o/owner/name": "Ann"}, prefix="o")
        assert read_back == (FLAT | {"owner": {"name": "Ann"}}, [])

    def test_edits_a_row_of_an_array(self) -> None:
        value = {"flights": [{"no": "A1"}, {"no": "B2"}]}
        assert read_form(None, value, {"o/flights/1/no": "C3"}, prefix="o")[0] == {
            "flights": [{"no": "A1"}, {"no": "C3"}]
        }

    def test_keeps_the_line_breaks_that_the_original_used(self) -> None:
        for original, wanted in [("a\r\nb", "a\r\nc"), ("a\nb", "a\nc"), ("a\rb", "a\rc"), ("a\r\nb\n", "a\nc")]:
            assert read_form(None, original, {"o": "a\r\nc"}, prefix="o") == (wanted, [])

    def test_reads_raw_json_strictly(self) -> None:
        for text in ("{", '{"a":1,"a":2}', "[NaN]", "9007199254740993", '"\\u0000"', "[" * 70 + "]" * 70):
            value, faults = read_form({"$ref": "#"}, 1, {"o": text}, prefix="o")
            assert value == 1
            assert [fault.pointer for fault in faults] == [""]
        assert read_form({"$ref": "#"}, 1, {"o": '{"a": [1.0]}'}, prefix="o") == ({"a": [1.0]}, [])

    def test_refuses_characters_that_cannot_be_kept(self) -> None:
        assert read(street="a\x00b")[1] == [Fault("/street", "This text holds a character that cannot be kept.")]

    def test_refuses_a_field_that_was_sent_twice(self) -> None:
        assert read_form(ADDRESS, FLAT, {"o/street": ["a", "b"]}, prefix="o") == (
            FLAT,
            [Fault("/street", "This field was sent twice.")],
        )

    def test_ignores_names_that_the_form_does_not_have(self) -> None:
        assert read(owner="x", nothing="y") == (FLAT, [])

    def test_never_changes_a_read_only_field(self) -> None:
        assert read_form({"type": "string", "readOnly": True}, "x", {"o": "y"}, prefix="o") == ("x", [])


def test_absent_says_so() -> None:
    assert repr(ABSENT) == "ABSENT"
