"""A PDF's own digest, as its identifier: it finds damage in a file that stands alone, wherever it is.

It is no signature: whoever changes a file on purpose can seal it anew.
"""

import hashlib
import re

_MARK, _DIGITS = b"quadnet:", 24  # of hexadecimal SHA-256: as long together as the typesetter's own identifier
_IDENTIFIER = re.compile(rb"/ID \[\((.{32})\) \((.{32})\)\]", re.DOTALL)


def sealed(pdf: bytes) -> bytes:
    """A PDF with both its identifiers made of the digest of all that is not them; nothing in it moves.

    The two are the same, as ISO 32000-1, 14.4, asks of a file that is new.
    """
    found = _identifier(pdf)
    if found is None:
        return pdf
    before, after = pdf[: found.start()], pdf[found.end() :]
    own = _MARK + hashlib.sha256(before + after).hexdigest()[:_DIGITS].encode()
    return before + b"/ID [(%s) (%s)]" % (own, own) + after


def is_broken(pdf: bytes) -> bool:
    """Whether a PDF was sealed and is not as it was; one without a seal is not."""
    return is_there(pdf) and sealed(pdf) != pdf


def is_there(pdf: bytes) -> bool:
    """Whether a PDF was sealed; programs that save it anew, and earlier versions of this one, leave no seal."""
    found = _identifier(pdf)
    return found is not None and any(half.startswith(_MARK) for half in found.groups())


def _identifier(pdf: bytes) -> re.Match[bytes] | None:
    """The file's identifier, which stands in its last object."""
    return _IDENTIFIER.search(pdf, max(0, pdf.rfind(b"/ID [(")))
