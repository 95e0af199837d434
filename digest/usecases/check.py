"""Check a config before a run: environment variables that are not set, and settings that cannot be used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

from digest.config.settings import Config
from digest.config.table import tell_all
from digest.core.errors import ConfigError
from digest.sources.kind import SourceConfig


def check(
    config: Config,
    environment: Mapping[str, str],
    *,
    make: Callable[[SourceConfig], object],
    taxonomy: Callable[[], object],
    send: bool,
) -> None:
    """Check all that a run needs, and raise all errors as one.

    Args:
        make: Makes a source, or raises a `ConfigError`.
        taxonomy: Reads the taxonomy, or raises a `ConfigError`.
        send: Whether mails are to be sent.

    Raises:
        ConfigError: Environment variables are not set, or settings cannot be used; the message has all of them.
    """
    looks: list[Callable[[], object]] = [lambda: config.api_key(environment)]
    for source in config.sources:
        looks.append(lambda source=source: config.source_key(source, environment))  # type: ignore[misc]
        looks.append(lambda source=source: make(source))  # type: ignore[misc]
    looks.append(taxonomy)
    if send:
        looks.append(lambda: config.smtp_password(environment))
        looks += [lambda: check_programs(config), lambda: check_signature(config)]
        for hook in config.hooks:
            looks.append(lambda hook=hook: config.hook_url(hook, environment))  # type: ignore[misc]
            looks.append(lambda hook=hook: config.hook_token(hook, environment))  # type: ignore[misc]
    tell_all(looks)


def check_programs(config: Config) -> None:
    """Refuse a config whose mail needs a program that is not there.

    Raises:
        ConfigError: One is not there, or may not be run.
    """
    mail, wanted = config.mail, []
    if mail.transport == "sendmail":
        wanted.append(("sendmail", mail.sendmail))
    if mail.transport == "smtp" and mail.token_command:
        wanted.append(("token_command", mail.token_command[0]))
    for key, program in wanted:
        # As the system looks for it: with a slash from the folder that it runs in, else on the PATH.
        there = config.base / program if key == "token_command" and "/" in program else program
        if shutil.which(there) is None:
            raise ConfigError(
                f"{config.path.name}: [mail] {key}: the program {program!r} is not there, or may not be run; install "
                "it, or name another"
            )


def check_signature(config: Config) -> None:
    """Refuse a config whose mails cannot be signed as it says.

    Raises:
        ConfigError: The key cannot be used, or the extra is not installed.
    """
    from digest.deliver.dkim import read_key

    if config.mail.dkim is not None:
        try:
            read_key(config.mail.dkim.key_file)
        except ConfigError as error:
            raise ConfigError(f"{config.path.name}: {error}") from error


def check_price(config: Config) -> None:
    """Refuse a budget if the model's price is not known and OpenAI bills every request; other servers may be free.

    Raises:
        ConfigError: There is a budget, and no price of the model is known.
    """
    from digest.llm.openai import is_openai
    from digest.llm.prices import price_of

    llm = config.llm
    has_budget = llm.budget_usd_per_run is not None or llm.budget_usd_per_month is not None
    is_billed = llm.client == "openai" and is_openai(llm.base_url)
    if is_billed and has_budget and price_of(llm.model, llm.prices) is None:
        raise ConfigError(
            f"{config.path.name}: [llm] model: no price is known for {llm.model}, so its budget could not be held; "
            f'give it as [llm.prices."{llm.model}"], or take the budgets out'
        )
