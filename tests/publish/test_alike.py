"""Papers of an issue that are alike."""

from __future__ import annotations

from digest.publish.alike import alike


def test_papers_are_alike_that_share_words_which_few_others_have() -> None:
    common = {"we", "propose", "model"}
    papers = [frozenset(common | own) for own in ({"lora", "rank"}, {"cats"}, {"lora", "rank", "tuning"}, {"dogs"})]

    assert alike(papers, at_most=3) == [[2], [], [0], []]
    assert alike([], at_most=3) == []
    assert alike(papers[:1] * 2, at_most=3) == [[], []]
