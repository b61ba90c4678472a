"""What differs between two states."""

from eventstore.state_changes import difference


def said(before, after):
    return [(c.path, c.kind, c.before, c.after) for c in difference(before, after)]


def test_it_matches_items_by_their_ids_and_not_by_their_places():
    before = {"lines": [{"line_id": "a", "n": 1}, {"line_id": "b", "n": 2}]}
    after = {"lines": [{"line_id": "b", "n": 3}, {"line_id": "c", "n": 4}]}
    assert said(before, after) == [
        ("lines[line_id=a]", "removed", {"line_id": "a", "n": 1}, None),
        ("lines[line_id=b].n", "changed", 2, 3),
        ("lines[line_id=c]", "added", None, {"line_id": "c", "n": 4}),
    ]


def test_it_matches_items_by_places_where_ids_repeat_or_lack():
    before = {"lines": [{"line_id": "a"}, {"line_id": "a"}]}
    assert said(before, {"lines": [{"line_id": "a"}]}) == [
        ("lines[1]", "removed", {"line_id": "a"}, None)
    ]
    assert said({"tags": ["x"]}, {"tags": ["y", "z"]}) == [
        ("tags[0]", "changed", "x", "y"),
        ("tags[1]", "added", None, "z"),
    ]


def test_it_tells_a_member_that_is_null_from_one_that_is_missing():
    assert said({"a": None}, {}) == [("a", "removed", None, None)]
    assert said({"a": 1}, {"a": None}) == [("a", "changed", 1, None)]
    assert said({"a": 1}, {"a": True}) == [("a", "changed", 1, True)]
