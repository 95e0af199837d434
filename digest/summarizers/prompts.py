"""The fixed parts of prompts: the files in prompts/, the operator's own or the shipped ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from digest import assets
from digest.config.settings import Config
from digest.core.errors import ConfigError
from digest.core.topics.fold import Taxonomy


def check_prompts(config: Config, taxonomy: Taxonomy) -> None:
    """Check that the prompts can be made for every language that issues are written in.

    Raises:
        ConfigError: One is empty, or no valid template.
    """
    for language in sorted({edition.language for edition in config.editions}):
        system_prompt(config, taxonomy, language)
        brief_prompt(config, taxonomy, language)
        overview_prompt(config, language)


def system_prompt(config: Config, taxonomy: Taxonomy, language: str) -> str:
    """The fixed part of every request: prompts/summarize.txt, the user's own or the shipped one."""
    return _prompt(config, "summarize.txt", language=language, topics=taxonomy.names)


def brief_prompt(config: Config, taxonomy: Taxonomy, language: str) -> str:
    """The fixed part of a request for brief summaries: prompts/brief.txt, the user's own or the shipped one."""
    return _prompt(config, "brief.txt", language=language, topics=taxonomy.names)


def overview_prompt(config: Config, language: str) -> str:
    """The fixed part of the request for an overview: prompts/overview.txt, the user's own or the shipped one."""
    return _prompt(config, "overview.txt", language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSignature:
    """See `digest.core.summaries.summarizer.Signature`."""

    client: str
    model: str
    prompt: str
    brief_prompt: str


def signature(config: Config, taxonomy: Taxonomy) -> ModelSignature:
    """The signature of summaries by the model of the config.

    Raises:
        ConfigError: A prompt is empty, or no valid template.
    """
    return ModelSignature(
        client=config.llm.client,
        model=config.llm.model,
        prompt=prompt_hash(system_prompt(config, taxonomy, "any")),
        brief_prompt=prompt_hash(brief_prompt(config, taxonomy, "any")),
    )


def _prompt(config: Config, name: str, **words: object) -> str:
    from digest.publish.render import Templates

    prompt = Templates(assets.folders("prompts", config.base)).text(name, **words)
    if not prompt.strip():
        raise ConfigError(f"prompts/{name} is empty: a model would not know what to do; take it away or fill it")
    return prompt


def prompt_hash(prompt: str) -> str:
    """The hash by which stored summaries know the fixed part of the prompt they were written under: 16 hex digits."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:16]
