from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.errors import ConfigurationError
from quadnet.report.handout.roster import Student
from quadnet.report.handout.roster import read as read_all


def read(path, language):
    return read_all(path, language).students


@pytest.fixture
def roster(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "roster.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_students_in_the_order_of_the_file(roster):
    path = roster("id,name\ns2,Ada Lovelace\ns1,李雷\n")
    assert read(path, "en") == (Student("s2", "Ada Lovelace", "en"), Student("s1", "李雷", "en"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "，"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write(roster, separator, end, mark):
    lines = (("Name", "ID", "group"), ('"Lee, Ann; jr"', "007", "B"), ("", "", ""), ("Bo", "8", ""))
    path = roster(mark + end.join(map(separator.join, lines)) + end)
    assert read(path, "en") == (Student("007", "Lee, Ann; jr", "en"), Student("8", "Bo", "en"))


PLATFORMS = {
    "Moodle": (
        "First name,Last name,ID number,Email,Groups\nAda,Lovelace,1001,ada@uni.edu,A\n雷,李,1002,li@uni.edu,\n",
        [("1001", "Ada Lovelace"), ("1002", "李雷")],
        "id from “ID number”, name from “First name” and “Last name”, 2 students",
    ),
    "Moodle, a number missing": (
        "First name,Surname,ID number,Username\nAda,Lovelace,1001,ada\nBo,Ek,,bo\n",
        [("ada", "Ada Lovelace"), ("bo", "Bo Ek")],
        "id from “Username”, name from “First name” and “Surname”",
    ),
    "Moodle, German": (
        "Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nJörg;Groß;1;j@x.de\n",
        [("1", "Jörg Groß")],
        "“ID-Nummer”, name from “Vorname” and “Nachname”",
    ),
    "Moodle, French": (
        "Prénom;Nom;Numéro d'identification\nÉmile;Zola;7\n",
        [("7", "Émile Zola")],
        "“Numéro d'identification”, name from “Prénom” and “Nom”",
    ),
    "addresses": (
        "Vorname;Name;E-Mail\nAda;Lovelace;ada+x@uni.edu\n".replace("E-Mail", "Email"),
        [("ada+x@uni.edu", "Ada Lovelace")],
        "name from “Vorname” and “Name”",
    ),
    "Canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,Sheet 1 (77)\n,,,,,Manual Posting\n    Points Possible,,,,,10\n"
        '"Lovelace, Ada",311,s1,ada,A,\nBo Ek,312,s2,bo,A,9\n"Student, Test",313,,x,A,\n',
        [("s1", "Ada Lovelace"), ("s2", "Bo Ek")],
        "id from “SIS User ID”, name from “Student”, 2 students",
    ),
    "a name that is missing": (
        "Student,ID,SIS User ID,Section\n    Points Possible,,,\n,312,s2,A\n李，雷,313,s3,A\n",
        [("s2", ""), ("s3", "李雷")],
        "id from “SIS User ID”, name from “Student”, 2 students",
    ),
    "name and surname": (
        "ID,Name,Surname\n1,Ada,Lovelace\n",
        [("1", "Ada Lovelace")],
        "id from “ID”, name from “Name” and “Surname”, 1 student",
    ),
    "Korean": ("학번,성,이름\n1,김,철수\n", [("1", "김철수")], "name from “이름” and “성”"),
    "nbgrader": (
        "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,,\nbo,,,,\n",
        [("ada", "Ada Lovelace"), ("bo", "")],
        "id from “id”, name from “first_name” and “last_name”",
    ),
    "Chinese": (
        "学号，姓名，班级\n1，李雷，二\n2，韩梅梅\n",
        [("1", "李雷"), ("2", "韩梅梅")],
        "id from “学号”, name from “姓名”",
    ),
    "Brightspace": (
        "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#12,bo,Ek,Bo,#\n",
        [("12", "Bo Ek")],
        "id from “OrgDefinedId”, name from “First Name” and “Last Name”",
    ),
    "an address twice": ("id,name,Email,Email\n1,Ada,x,y\n", [("1", "Ada")], None),
    "capitals": ("STUDENT_ID|FULL NAME\n1|Ada\n", [("1", "Ada")], "id from “STUDENT_ID”, name from “FULL NAME”"),
    "Excel": ('sep=;\nid;name\n1;"Ek, Bo"\n', [("1", "Ek, Bo")], None),
    "Excel, another mark": ('"sep=^"\nName^ID^^\nBo^1^^\n', [("1", "Bo")], None),
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_platforms_export(roster, platform):
    content, students, taken = PLATFORMS[platform]
    found = read_all(roster(content), "en")
    assert [(student.id, student.name) for student in found.students] == students
    assert taken in (found.taken or "") if taken else found.taken is None


def test_a_language_may_be_left_out(roster):
    path = roster("id,name,language\na,A,en\nb,B,\n")
    assert [student.language for student in read(path, "en")] == ["en", "en"]


def test_what_cannot_be_seen_is_no_part_of_a_text(roster):
    path = roster('id,name\n\u3000s\u200b1\xa0,李\u3000雷\u200e\ns2,"Ada\nLovelace"\n')
    assert read(path, "en") == (Student("s1", "李 雷", "en"), Student("s2", "Ada Lovelace", "en"))


def test_decomposed_letters_are_the_same_id(roster):
    assert read(roster("id,name\nle\u0301a,x\n"), "en")[0].id == "l\u00e9a"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("id,name\n", "has no students"),
        ("id,group\n1,x\n", "line 1: no column called name among 'id, group'"),
        ("number,name\n1,x\n", "line 1: no column called id"),
        ("id,name,id\n1,x,2\n", "line 1: 2 columns called id; keep one"),
        ("id,name\n1,x\n2\n", "line 3: 1 columns where the first line has 2; mend it"),
        ("id,name\n1,x\n,y\n", "line 3: no id"),
        ("id,name\n1,x\n1,y\n", "line 3: id 1 is that of line 2"),
        ("id,name\nab,x\nAB,y\n", "line 3: id AB is that of line 2 (capitals do not count)"),
        ("id,name\na,x\x07y\n", "line 2: 'x\\x07y' holds U+0007, a control character, at place 2; take it out"),
        (f"id,name\na,{'x' * 201}\n", "has more than 200 characters"),
        ("id,name,language\na,x,fr\n", "line 2: language 'fr' is not one of en"),
        ('id,name\na,"x"y\n', "line 2: not CSV"),
        (b"id,name\na,x\nb,\xff\n", "line 3: not UTF-8 text (byte 0xFF); save it as CSV in UTF-8"),
        ("id,name\n" + "a" * 1_000_000, "larger than 1 MB"),
        ("id,name\n" + "".join(f"{k},x\n" for k in range(2001)), "line 2002: more than 2000 students"),
    ],
)
def test_is_refused_in_one_line_that_says_where(roster, content, message):
    with pytest.raises(ConfigurationError) as error:
        read(roster(content), "en")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


HOSTILE = [
    "\u0301a",
    "../a",
    "a/b",
    "a\\b",
    "a:b",
    ".a",
    "a.",
    "-a",
    "_a",
    "a b",
    "a\x0bb",
    "a\u2028b",
    "a\u3000b",
    "a%b",
]
RESERVED = ["a%b", "NUL", "con", "Aux.x", "com1", "LPT9.pdf", "~a", "=1", "+1", "@a", "a" * 65]


@pytest.mark.parametrize("name", HOSTILE + RESERVED)
def test_an_id_that_cannot_name_a_file_is_refused(roster, name):
    with pytest.raises(ConfigurationError, match=r"line 2: id .* cannot name a file"):
        read(roster(f"id,name\n{name},x\n"), "en")


@pytest.mark.parametrize(
    "name", ["a", "2024-001", "a.b_c-d", "é", "कृष्णा", "محمد", "김철수", "Nguyễn", "console", "a" * 64, "a_", "COM10"]
)
def test_an_id_that_can(roster, name):
    assert read(roster(f"id,name\n{name},x\n"), "en")[0].id == name


def test_an_id_that_cannot_be_printed_is_refused(roster):
    with pytest.raises(ConfigurationError, match=r"line 2: id '\u182e' cannot be printed: there is no font for \u182e"):
        read(roster("id,name\n\u182e,x\n"), "en")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path / "none.csv", "en")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path, "en")


@given(st.text(max_size=40))
def test_any_id_is_taken_as_the_name_of_one_file_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_text(f"id,name\n{text},x\n", encoding="utf-8", errors="replace", newline="")
    try:
        students = read(path, "en")
    except ConfigurationError:
        return
    for student in students:
        assert Path(student.id).name == student.id
        assert student.id not in ("", ".", "..")
        assert student.id.isprintable()


@given(st.binary(max_size=200))
def test_any_file_is_a_roster_or_an_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_bytes(content)
    with suppress(ConfigurationError):
        assert read(path, "en")
