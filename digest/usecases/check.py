"""Check a config before a run: environment variables that are not set, and settings that cannot be used."""

from __future__ import annotations

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
        for hook in config.hooks:
            looks.append(lambda hook=hook: config.hook_url(hook, environment))  # type: ignore[misc]
            looks.append(lambda hook=hook: config.hook_token(hook, environment))  # type: ignore[misc]
    tell_all(looks)


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
