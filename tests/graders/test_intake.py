"""A work that cannot be graded is refused with one sentence, before anything is charged."""

import pytest

from graders.intake import Problem, count_statements, parse_in_room
from sandbox.interface import Returned, SandboxError, Stopped, Value
from tests.fakes import FakeSandbox


def problem(files: dict[str, bytes], sandbox: FakeSandbox | None = None) -> Problem | None:
    return parse_in_room(files, sandbox=sandbox or FakeSandbox(), runtime="python-ml")


def test_files_that_parse_are_no_problem() -> None:
    files = {"app/model.py": b"x = 1\n", "sql/a.sql": b"SELECT 1;\n", "README.md": b"\xff"}
    assert problem(files) is None


def test_the_first_file_that_does_not_parse_is_named_with_its_line() -> None:
    found = problem({"b.py": b"def f(:\n", "a.py": b"x = 1\n\ny = (\n"})
    assert found is not None
    assert (found.code, found.params) == ("syntax_error", {"path": "a.py", "line": 3})


@pytest.mark.parametrize("body", [b"x = '\0'", b"(" * 5000 + b")" * 5000])
def test_a_text_that_the_parser_cannot_bear_is_a_syntax_error(body: bytes) -> None:
    found = problem({"a.py": body})
    assert found is not None
    assert found.code == "syntax_error"


def test_python_that_is_not_utf8_is_told() -> None:
    found = problem({"a.py": b"x = '\xff'"})
    assert found is not None
    assert found.code == "not_text"


def test_a_parser_that_dies_of_a_text_refuses_the_text() -> None:
    dying = FakeSandbox(
        answers={"_syntax:first_problem": lambda files: Returned(stopped=Stopped.MEMORY)}
    )
    found = problem({"a.py": b"x = 1"}, dying)
    assert found is not None
    assert found.code == "syntax_error"


def test_the_file_that_kills_the_parser_is_found_among_others() -> None:
    def die(files: Value) -> Returned:
        folder = sandbox.rooms[-1].folder / "project"
        deadly = any(b"deadly" in path.read_bytes() for path in folder.glob("*.txt"))
        return Returned(crashed="SIGSEGV") if deadly else Returned(value=None)

    sandbox = FakeSandbox(answers={"_syntax:first_problem": die})
    found = problem({"a.py": b"x = 1", "b.py": b"deadly", "c.py": b"y = 1"}, sandbox)
    assert found is not None
    assert found.params["path"] == "b.py"


@pytest.mark.parametrize("answer", [{"file": 7, "code": "x"}, {"file": "0"}])
def test_an_answer_out_of_form_is_the_platforms_fault(answer: dict[str, object]) -> None:
    lying = FakeSandbox(answers={"_syntax:first_problem": lambda files: answer})
    with pytest.raises(SandboxError):
        problem({"a.py": b"x = 1"}, lying)


def test_a_project_without_python_needs_no_room() -> None:
    sandbox = FakeSandbox()
    assert problem({"sql/a.sql": b"SELECT 1"}, sandbox) is None
    assert sandbox.rooms == []


def test_two_statements_in_one_file_are_refused_in_both_languages() -> None:
    found = problem({"sql/a.sql": b"SELECT 1; DROP TABLE users"})
    assert found is not None
    assert found.sentence("en").startswith("`sql/a.sql` must hold one SQL statement; it holds 2.")
    assert "найдено" in found.sentence("ru")


def test_an_empty_query_is_refused() -> None:
    found = problem({"sql/a.sql": b"-- later\n;\n"})
    assert found is not None
    assert found.code == "no_statement"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SELECT 1", 1),
        ("SELECT 1;", 1),
        ("SELECT 1;;\n;", 1),
        ("", 0),
        (";-- SELECT 1", 0),
        ("SELECT ';' AS a", 1),
        ("SELECT 'it''s; fine', \"a;b\", `c;d`", 1),
        (r"SELECT '\';' ; SELECT 2", 2),
        ("SELECT 1 -- ; not here\n", 1),
        ("SELECT 1 /* ; SELECT 2 */", 1),
        ("/* one; */ SELECT 1; /* two; */ SELECT 2", 2),
        ("SELECT $x$ a; b $x$", 1),
        ("SELECT 1 # ; a comment\n", 1),
        ("SELECT 'open ; quote", 1),
    ],
)
def test_statements_are_counted_past_quotes_and_comments(text: str, count: int) -> None:
    assert count_statements(text) == count


def test_a_long_query_is_counted_in_a_moment() -> None:
    assert count_statements("(" * 500_000 + "'" * 500_001) == 1
