"""What `digest serve` says when it begins."""

from __future__ import annotations

from digest.cli.show.console import complain, print_lines


def print_ready(address: str, base_url: str | None) -> None:
    """Say where the site answers, and what it lacks."""
    if base_url is None:
        complain(
            "[serve] base_url is not set: mails have no links to this site, nobody can confirm, and the archive has no "
            "form to subscribe"
        )
    elif not base_url.startswith("https://"):
        complain("[serve] base_url is not https: mail programs offer no button to unsubscribe")
    print_lines([f"{address} answers{f' for {base_url}' if base_url else ''}. Ctrl-C stops."])
