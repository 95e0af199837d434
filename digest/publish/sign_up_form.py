"""The form to subscribe on the archive's pages: plain HTML that is sent to where `digest serve` is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpForm:
    """The form of one page."""

    base_url: str
    """Where the site is served, without a slash at the end."""
    editions: tuple[tuple[str, str], ...]
    """Name and title of those that can be asked for on this page; never empty."""

    @property
    def origin(self) -> str:
        """What the page's policy must name, so that a browser sends the form."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def of(self, edition: str) -> SignUpForm | None:
        """The form of a page of one edition; None if nobody can ask for that."""
        mine = tuple(one for one in self.editions if one[0] == edition)
        return SignUpForm(base_url=self.base_url, editions=mine) if mine else None


def sign_up_form(base_url: str | None, editions: Sequence[tuple[str, str]]) -> SignUpForm | None:
    """The form of a page of all *editions*; None where no site is served, or nobody can subscribe by themselves."""
    return SignUpForm(base_url=base_url, editions=tuple(editions)) if base_url and editions else None
