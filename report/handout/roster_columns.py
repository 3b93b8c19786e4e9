"""Which columns of a class list hold ids and names, in the words of the platforms that export it.

Capitals, accents, spaces and punctuation of a column's name do not count.
"""

import re
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
# The first of these that are there; of two columns the given name stands first. Pairs come first: where there is a
# column for surnames, another one does not hold the whole name.
NAMES = (
    *(("First name", "Last name"), ("First name", "Surname"), ("Given name", "Family name"), ("Forename", "Surname")),
    *(("Name", "Surname"), ("Name", "Last name"), ("Name", "Family name"), ("Given name", "Surname")),
    *(("Vorname", "Nachname"), ("Vorname", "Name"), ("Vorname", "Familienname"), ("Voornaam", "Achternaam")),
    *(("Prénom", "Nom"), ("Nombre", "Apellido(s)"), ("Nombre", "Apellidos"), ("Nombres", "Apellidos")),
    *(("Nome", "Cognome"), ("Nome", "Sobrenome"), ("Имя", "Фамилия"), ("名", "姓"), ("名字", "姓氏"), ("이름", "성")),
    *(("name",), ("Full name",), ("Student name",), (CANVAS,), ("Vollständiger Name",), ("Nom complet",)),
    *(("Nombre completo",), ("Nome completo",), ("Họ và tên",), ("ФИО",), ("姓名",), ("氏名",), ("이름",), ("성명",)),
    *(("Last name",), ("Surname",), ("Family name",), ("Nachname",), ("Nom",), ("Apellidos",)),
    *(("First name",), ("Given name",), ("Vorname",), ("Nombre",), ("Nome",)),
)
_NO_STUDENTS = ("pointspossible", "studenttest", "teststudent")  # in the column `CANVAS`
_UNSPACED = ("CJK", "IDEOGRAPHIC ITERATION", "HIRAGANA", "KATAKANA", "HANGUL")  # how the names of letters begin


def key(name: str) -> str:
    """What of a column's name counts."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if letter.isalnum())


def is_student(head: Sequence[str], cells: Sequence[str], name: int) -> bool:
    """Whether a row is about a student.

    Args:
        head: The names of all columns.
        cells: The row, which may be shorter.
        name: In which column names stand, or the first part of them.
    """
    if key(head[name]) != key(CANVAS) or name >= len(cells):
        return True
    if text := key(cells[name]):
        return text not in _NO_STUDENTS
    wanted = set(map(key, IDS))
    return any(cell.strip() for column, cell in zip(head, cells, strict=False) if key(column) in wanted)


def whole_name(columns: Sequence[str], parts: Sequence[str]) -> str:
    """A name as its language writes it.

    Args:
        columns: Where its parts stand, one or a pair of `NAMES`.
        parts: What stands there.
    """
    if key(columns[0]) == key(CANVAS) and len(halves := re.split("[,，]", parts[0])) == 2:
        last, first = map(str.strip, halves)
        parts = (first, last)
    if all(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in "".join(parts)):
        return "".join(reversed(parts))
    return " ".join(filter(None, parts))
