"""`digest serve`: the archive over HTTP, with the pages that links in mails lead to."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.common import app_of, config_option, working
from digest.core.errors import ConfigError


@click.command(short_help="Serve the archive; let readers come, choose and go.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@config_option
def serve(host: str, port: int, config: Path) -> None:
    """Serve the archive over HTTP, with the forms to subscribe and the pages that links in mails lead to.

    It sends the mails that forms ask for (to confirm, and with lost links); issues are sent by `digest run` and
    `digest deliver`. Behind a reverse proxy it belongs, which speaks https: name it in [serve] proxies, and the address
    for the world in [serve] base_url. Ctrl-C or SIGTERM ends it, with status 0.
    """
    try:
        from digest.web.server import serve as stay
    except ImportError as exc:
        raise ConfigError(
            f"`digest serve` needs a package that is not installed ({exc.name}): pip install 'research-digest[web]'"
        ) from exc
    from digest.cli.show.serve import print_ready

    with working(as_json=False) as host_of_app, app_of(config, host_of_app) as app:
        app.store  # noqa: B018 -- what is wrong with it is to be said now, not to the first visitor
        stay(app, host=host, port=port, ready=lambda address: print_ready(address, app.config.serve.base_url))
