"""Which columns of a class list hold ids and names, in the words of the platforms that export it.

Capitals, accents, spaces and punctuation of a column's name do not count.
"""

import unicodedata
from collections.abc import Sequence

# The first of these that has an id for every student: numbers that the university gave, then logins, then addresses.
IDS = (
    *("SIS User ID", "id", "ID number", "Student ID", "Student number", "SID", "OrgDefinedId", "Matriculation number"),
    *("ID-Nummer", "Matrikelnummer", "Matrikel-Nr.", "Numéro d’identification", "Numéro d’étudiant", "Matricule"),
    *("Número de ID", "Matrícula", "Número de identificação", "Matricola", "ID-nummer", "Studentnummer", "MSSV"),
    *("Mã sinh viên", "Номер", "学号", "學號", "编号", "学籍番号", "학번"),
    *(
        "SIS Login ID",
        "Username",
        "Login",
        "Anmeldename",
        "Benutzername",
        "Identifiant",
        "Nom d’utilisateur",
        "Nombre de usuario",
        "用户名",
    ),
    *("Email address", "Email", "E-Mail-Adresse", "Adresse de courriel", "Dirección de correo", "电子邮件地址"),
)
CANVAS = "Student"  # has names such as “Lovelace, Ada”, and lines that are no students
# The first of these that are there; of two columns the given name stands first.
NAMES = (
    *(("Vorname", "Name"), ("Prénom", "Nom"), ("name",), ("Full name",), ("Student name",), (CANVAS,)),
    *(("Vollständiger Name",), ("Nom complet",), ("Nombre completo",), ("姓名",), ("氏名",), ("이름",)),
    *(("First name", "Last name"), ("First name", "Surname"), ("Given name", "Family name"), ("Vorname", "Nachname")),
    *(("Họ và tên",), ("ФИО",), ("Имя", "Фамилия"), ("Nome", "Cognome"), ("Nome", "Sobrenome"), ("Nome completo",)),
    *(("Voornaam", "Achternaam"),),
    *(("Nombre", "Apellido(s)"), ("Nombre", "Apellidos"), ("名", "姓"), ("名字", "姓氏")),
    *(("Last name",), ("Surname",), ("Family name",), ("Nachname",), ("Nom",), ("Apellidos",)),
    *(("First name",), ("Given name",), ("Vorname",), ("Nombre",)),
)
_NO_STUDENTS = ("pointspossible", "studenttest", "teststudent", "")  # in the column `CANVAS`
_UNSPACED = ("CJK", "IDEOGRAPHIC ITERATION", "HIRAGANA", "KATAKANA", "HANGUL")  # how the names of letters begin


def key(name: str) -> str:
    """What of a column's name counts."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if letter.isalnum())


def is_student(column: str, name: Sequence[str]) -> bool:
    """Whether a row is about a student.

    Args:
        column: The first of those that names stand in.
        name: What the row has there, if it is long enough.
    """
    return key(column) != key(CANVAS) or key("".join(name)) not in _NO_STUDENTS


def whole_name(columns: Sequence[str], parts: Sequence[str]) -> str:
    """A name as its language writes it.

    Args:
        columns: Where its parts stand, one or a pair of `NAMES`.
        parts: What stands there.
    """
    if key(columns[0]) == key(CANVAS) and parts[0].count(",") == 1:
        last, first = map(str.strip, parts[0].split(","))
        parts = (first, last)
    if all(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in "".join(parts)):
        return "".join(reversed(parts))
    return " ".join(filter(None, parts))
