"""Papers that were taken back, by the words of their comments; and papers that only speak of such things."""

from __future__ import annotations

import json

import pytest

from digest.core.words.withdrawals import comment_says_withdrawn, says_withdrawn, title_says_withdrawn
from digest.sources.arxiv.source import ArxivSource
from digest.sources.jsonl import JsonlSource

WITHDRAWN = [
    "This submission has been withdrawn by arXiv administrators due to irreconcilable authorship dispute",
    "Withdrawn by the authors; superseded by arXiv:2405.13351",
    "arXiv admin note: submission has been withdrawn by arXiv administrators due to inappropriate text reuse",
    "arXiv admin note: This submission has been withdrawn due to violation of arXiv policies",
    "We withdraw this paper because an error was found in Lemma 3",
    "The authors have withdrawn this paper",
    "12 pages; this paper has been withdrawn by the author due to a crucial error in Eq. 4",
    "12 pages, 3 figures. This paper has been withdrawn",
    "Paper withdrawn",
    "I am withdrawing this paper: a gap in the proof",
    "Duplicate upload; this version is withdrawn",
    "This manuscript has been withdrawn by the authors because we found a methodological flaw",
    "This preprint is withdrawn due to significant errors",
    "This preprint has been withdrawn by the primary author after identifying issues in the dataset",
    "We request withdrawal due to critical inconsistencies in the Result Analysis",
    "Withdrawn by the author because this early version does not reflect the current scope",
    "The paper has been withdrawn as it is being merged into a joint paper",
    "This paper has been withdrawn as a bug has been discovered in the algorithm",
    "This paper has been withdrawn by the author for revising the results",
    "WITHDRAWN",
    "(withdrawn)",
    "Retracted",
    "This paper has been retracted by the authors",
    "We retract our paper, Theorem 2 is wrong",
    "The author wishes to withdraw this submission",
    "The authors would like to withdraw the manuscript",
    "10 pages, withdrawn due to an error in the proof",
    "This paper has been temporarily withdrawn pending revision",
    "This article is being withdrawn until the data are checked",
    "Submission withdrawn: the main theorem is known",
    "this paper was withdrawn from arXiv",
    "The first author has decided to withdraw this work",
    "We ask for the retraction of this paper",
    "v2 withdrawn by the authors",
]
NOT_WITHDRAWN = [
    "The withdrawn protocol of 2019 is compared, 8 pages",
    "8 pages; we study withdrawn bids",
    "We study how authors withdraw papers",
    "replaces withdrawn paper arXiv:2401.00001",
    "Replaces arXiv:2401.00001, which was withdrawn",
    "This paper has not been withdrawn",
    "This paper is not withdrawn; the journal's notice is wrong",
    "An earlier version was withdrawn; this one is corrected",
    "The previous version has been withdrawn by the journal",
    "Withdrawn from the conference, now under review elsewhere",
    "Comment on a retracted paper",
    "Comment on arXiv:2401.00001, withdrawn by its authors",
    "12 pages, 3 figures. Accepted at ICML 2026",
    "Troops are withdrawn in Section 3",
    "Analysis of retracted articles, 20 pages",
    "To appear in the Journal of Withdrawal Studies",
    "The authors did not withdraw this paper",
    "We withdraw money from the model's account",
    "",
]


@pytest.mark.parametrize("comment", WITHDRAWN)
def test_a_comment_tells_that_a_paper_was_withdrawn(comment: str) -> None:
    assert comment_says_withdrawn(comment)
    assert comment_says_withdrawn("", comment.replace(" ", "\n ", 1))


@pytest.mark.parametrize("comment", NOT_WITHDRAWN)
def test_a_comment_may_speak_of_withdrawing_something_else(comment: str) -> None:
    assert not comment_says_withdrawn(comment)


@pytest.mark.parametrize(
    ("abstract", "withdrawn"),
    [
        ("We withdraw this paper because of an error.", True),
        ("The authors have withdrawn this paper.", True),
        ("We count frogs. This paper has been withdrawn by the authors due to an error in Eq. 4.", True),
        ("We study papers that were withdrawn by their authors, and why this happens.", False),
        ("When a paper has been retracted, who still cites it? We count.", False),
        ("Withdrawn bids are studied.", False),
        ("We withdraw the assumption that frogs sleep.", False),
    ],
)
def test_an_abstract_tells_it_of_its_own_paper_only(abstract: str, withdrawn: bool) -> None:
    assert says_withdrawn(abstract) is withdrawn


@pytest.mark.parametrize(
    ("title", "withdrawn"),
    [
        ("WITHDRAWN: Frog calls", True),
        ("Frog calls (withdrawn)", True),
        ("Retracted: Frog calls", True),
        ("[Retracted] Frog calls [Retracted]", True),
        ("[Retracted] Frog calls", True),
        ("RETRACTED ARTICLE: Frog calls", True),
        ("Frog calls [Retracted paper] ", True),
        ("Frog calls (retracted) of ponds", False),
        ("Why bids are withdrawn: a study", False),
        ("Papers that were retracted: who cites them?", False),
        ("Retracted papers and who cites them", False),
        ("Withdrawn bids", False),
    ],
)
def test_a_title_may_be_marked(title: str, withdrawn: bool) -> None:
    assert title_says_withdrawn(title) is withdrawn


def entry(n: int, comment: str) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/2611.{n:05}v2</id><title>Frogs {n}</title>"
        f"<summary>We count {n} frogs.</summary>"
        f"<author><name>Ada Marsh</name></author><published>2026-11-26T00:00:00Z</published>{comment}</entry>"
    )


def test_the_api_of_arxiv_marks_by_comment_and_journal_alone() -> None:
    entries = [
        entry(1, "<arxiv:comment>12 pages; this paper has been withdrawn by the author</arxiv:comment>"),
        entry(2, "<arxiv:journal_ref>Withdrawn</arxiv:journal_ref>"),
        entry(3, "<arxiv:comment>8 pages; we study withdrawn bids</arxiv:comment>"),
    ]
    content = f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="x">{"".join(entries)}</feed>'
    records = ArxivSource("a", url="x").parse(content.encode(), url="x").records

    assert [record.paper.withdrawn for record in records] == [True, True, False]


def test_json_lines_mark_by_comment() -> None:
    lines = [json.dumps({"title": f"Frogs {n}", "comment": c}) for n, c in enumerate((WITHDRAWN[0], NOT_WITHDRAWN[0]))]
    records = JsonlSource("j", url="x").parse("\n".join(lines).encode(), url="x").records

    assert [record.paper.withdrawn for record in records] == [True, False]
