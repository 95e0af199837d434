"""The summarizer that [llm] asks for, with its model's client and its prompts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from digest.config.settings import Config
from digest.core.errors import ConfigError, StoreError
from digest.core.ports import LLM, Clock
from digest.core.summaries.summarizer import Summarizer
from digest.summarizers.extract import ExtractiveSummarizer, Extracts
from digest.summarizers.handover import Handovers
from digest.summarizers.model import ModelSummarizer
from digest.summarizers.prompts import brief_prompt, overview_prompt, signature, system_prompt
from digest.usecases.check import check_price

if TYPE_CHECKING:
    from digest.stages.summarize import Summarizing
    from digest.store import SqlStore


def make_summarizer(
    config: Config,
    extracts: Extracts,
    *,
    store: Callable[[], SqlStore],
    environment: Mapping[str, str],
    clock: Clock,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Summarizer:
    """The summarizer that [llm] asks for.

    Args:
        now: Seconds of a clock that only goes forward, for waits.
        sleep: Waits that many seconds.

    Raises:
        ConfigError: A key or a recording is missing, or a prompt is no valid template.
    """
    if config.llm.client == "extractive":
        return ExtractiveSummarizer(extracts=extracts)
    from digest.llm.replay import ReplayLLM

    languages = sorted({e.language for e in config.editions})
    check_price(config)
    llm = make_llm(config, environment, store)
    signed = signature(config, extracts.taxonomy)
    return ModelSummarizer(
        config=config,
        llm=llm,
        notes=llm.notes if isinstance(llm, ReplayLLM) else (),
        extracts=extracts,
        store=store,
        clock=clock,
        now=now,
        sleep=sleep,
        systems={language: system_prompt(config, extracts.taxonomy, language) for language in languages},
        overview_systems={language: overview_prompt(config, language) for language in languages},
        brief_systems={language: brief_prompt(config, extracts.taxonomy, language) for language in languages},
        prompt=signed.prompt,
        brief_prompt=signed.brief_prompt,
    )


def make_llm(config: Config, environment: Mapping[str, str], store: Callable[[], SqlStore] | None = None) -> LLM:
    """The client of the LLM port that [llm] names.

    Args:
        store: Keeps what was learned about the model's server; None: it is found out anew.
    """
    from digest.llm.faults import NO_KEY
    from digest.llm.limits import Limits
    from digest.llm.openai import OpenAILLM, Options
    from digest.llm.replay import RecordingLLM, ReplayLLM

    llm = config.llm
    if llm.client == "replay":
        if llm.recording is None:
            raise ConfigError("[llm] recording: is missing")
        return ReplayLLM(llm.recording, model=llm.model)
    key = config.api_key(environment)
    server = f"{llm.base_url or 'openai'} {llm.model}"
    shares = store if config.shares_database else None
    client = OpenAILLM(
        llm.model,
        api_key=key.reveal() if key else NO_KEY,
        base_url=llm.base_url,
        concurrency=llm.concurrency,
        timeout_s=llm.timeout_s,
        proxy=config.network.proxy,
        ca_file=config.network.ca_file,
        options=Options(
            effort=llm.effort,
            service_tier=llm.service_tier,
            context_tokens=llm.context_tokens,
            extra_body=llm.extra_body,
            organization=llm.organization,
            project=llm.project,
        ),
        limits=Limits(shared=lambda change: shares().change_limits(server, change)) if shares else None,
        learned=store().learned(server) if store else None,
        learn=partial(_remember, store, server),
    )
    return RecordingLLM(client, llm.recording) if llm.recording else client


def _remember(store: Callable[[], SqlStore] | None, server: str, what: Mapping[str, Any]) -> None:
    if store is not None:
        # It is found out again next time; the answer that it was learned by is paid for, and must not be lost for it.
        with suppress(StoreError):
            store().save_learned(server, what)


def make_handovers(
    config: Config,
    writer: Summarizer,
    direct: Summarizing,
    *,
    store: SqlStore,
    clock: Clock,
    progress: Callable[[str], None],
) -> Handovers | None:
    """The handovers of the model's provider: requests given to its Batch API, to be collected later.

    None for a client other than OpenAI's, and where the config asks for no handovers and none is open.

    Args:
        writer: Whose prompt, model and price the requests have.
        direct: Asks directly for the papers whose summary no handover brings.
    """
    from digest.llm.batch_api import OpenAIBatch
    from digest.llm.openai import OpenAILLM

    if not isinstance(writer, ModelSummarizer) or not isinstance(writer.llm, OpenAILLM):
        return None
    if config.llm.mode != "batch" and not store.open_handovers():
        return None
    return Handovers(
        store=store,
        clock=clock,
        batch=OpenAIBatch(writer.llm),
        writer=writer,
        direct=direct,
        progress=progress,
        now=writer.now,
        sleep=writer.sleep,
    )
