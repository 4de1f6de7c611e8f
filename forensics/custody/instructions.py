"""VERIFY.txt: how to check a bundle with `sha256sum` and `openssl` alone. The tests run these very commands."""

from __future__ import annotations

from typing import Final

NAME: Final = "VERIFY.txt"
_COMMON: Final = r"""HOW TO CHECK THIS BUNDLE WITHOUT THE TOOL THAT MADE IT

You need a POSIX shell, sha256sum (GNU coreutils) and openssl 3. Go into the folder this file lies in and run the
commands below one after the other. Each prints what it says beside it, and ends with status 0. Anything else means
that the bundle is not what was sealed.

1. Every file is there and unchanged, by two independent hashes. Prints nothing.

    (cd bag && sha256sum --check --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt)
    (cd bag && sha512sum --check --strict --quiet manifest-sha512.txt tagmanifest-sha512.txt)

2. No file was added, and none is a link. Prints nothing.

    test "$(cd bag && find data ! -type d | LC_ALL=C sort)" = "$(cut -c 67- bag/manifest-sha256.txt)"
    test "$(cd bag && find . -maxdepth 1 ! -type d | LC_ALL=C sort | tr -d '\n')" = "./bag-info.txt./bagit.txt./manifest-sha256.txt./manifest-sha512.txt./tagmanifest-sha256.txt./tagmanifest-sha512.txt"
    test -z "$(find . -type l)"

3. The seal names these very manifests and this text. Prints nothing.

    for file in bag/tagmanifest-sha256.txt bag/tagmanifest-sha512.txt VERIFY.txt; do grep -q "\"path\":\"$file\",\"sha256\":\"sha256:$(sha256sum $file | cut -c 1-64)\"" seal.json || exit 1; done

4. The seal is signed with the key enclosed. Prints "Signature Verified Successfully" twice.

    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in seal.json -sigfile seal.sig
    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in stamps.json -sigfile stamps.sig

5. The key is the maker's. Prints its fingerprint: compare it, digit by digit, with the one you have from the maker by
   another way (the printed report, a letter, a filing). Without this step anybody could have made this bundle.

    openssl pkey -pubin -in public.pem -outform DER | sha256sum | cut -c 1-64

6. The time stamps, if there are any, belong to this seal. Prints "Verification: OK" for each. The certificates beside a
   token were laid there by the maker: put the authority's own in place of FILE.pem to be independent of that.

    for token in tokens/*.tsr; do test ! -e "$token" || openssl ts -verify -data seal.sig -in "$token" -CAfile "${token%.tsr}.pem" || exit 1; done

"""
_EARLIER: Final = r"""7. The seals before this one: the observations were sealed before they were scored, and before them the protocol, if
   there was one. Each seal names the one before. Prints "Signature Verified Successfully" for each.

    grep -q "\"previous\":\"sha256:$(sha256sum bag/data/seals/observations/seal.json | cut -c 1-64)\"" seal.json
    (cd bag/data && sha256sum --check --strict --quiet seals/observations/observations.sha256)
    for seal in bag/data/seals/*/; do (cd "$seal" && openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in seal.json -sigfile seal.sig) || exit 1; done
    test ! -e bag/data/seals/protocol || grep -q "\"previous\":\"sha256:$(sha256sum bag/data/seals/protocol/seal.json | cut -c 1-64)\"" bag/data/seals/observations/seal.json

"""
_REDACTED: Final = r"""7. This is a redacted edition. The seal of the original lies in bag/data/original, and this edition's seal names it. Prints
   "Signature Verified Successfully". What was removed, where and why stands in bag/data/redaction.json; that all else is
   as it was takes the tool to check (it follows from the trees over salted commitments whose roots the original names).

    grep -q "\"previous\":\"sha256:$(sha256sum bag/data/original/seal.json | cut -c 1-64)\"" seal.json
    (cd bag/data/original && openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in seal.json -sigfile seal.sig)

"""
_TOOL: Final = r"""With the tool itself: forensics verify FOLDER --pin FINGERPRINT --recompute
It checks all of the above, the chain of every transcript line by line, and computes every number again.
"""


def text(*, redacted: bool) -> str:
    """Return the text for a whole bundle or for a redacted edition; its commands are the lines indented by four."""
    return _COMMON + (_REDACTED if redacted else _EARLIER) + _TOOL


def commands(words: str) -> list[str]:
    """Return the commands of a text, in order."""
    return [line.strip() for line in words.splitlines() if line.startswith("    ")]
