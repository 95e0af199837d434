from __future__ import annotations

import pytest

from digest.core.items.venues import issns, venue_of, venue_of_feed


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("ScienceDirect Publication: Zoologischer Anzeiger", "Zoologischer Anzeiger"),
        ("Wiley: TAXON: Table of Contents", "TAXON"),
        ("Latest Articles from PhytoKeys", "PhytoKeys"),
        ("Latest Issue of SYSTEMATIC BOTANY RSS Feed", "SYSTEMATIC BOTANY"),
        ("Botanical Journal of the Linnean Society Current Issue", "Botanical Journal of the Linnean Society"),
        ("Asian Herpetological Research-CNKI", "Asian Herpetological Research"),
        ("《昆虫分类学报》编辑部 -->2021年第4期文章目次", "昆虫分类学报"),
        ("WoRMS latest taxon additions", ""),
        ("A Blog on Machines", ""),
    ],
)
def test_a_journal_is_known_by_the_title_that_its_publisher_gives_the_feed(title: str, name: str) -> None:
    assert venue_of_feed(title) == name


def test_of_a_field_for_the_journal_its_name_is_kept_without_volume_and_date() -> None:
    fields = [
        "Nature, Published online: 2024-04-15; | doi:10.1038/d41586-024-01076-7",
        "Journal of Open Measurement, Volume 12, Issue 3 (2026)",
        "Cell, Tissue and Organ",
    ]

    assert [venue_of(text) for text in fields] == ["Nature", "Journal of Open Measurement", "Cell, Tissue and Organ"]


def test_issns_are_written_alike_and_those_with_a_wrong_digit_are_left_out() -> None:
    assert issns(["0008347X", "ISSN 1918-3240", "1175-5326 (print)", "1234-5678"]) == (
        "0008-347X",
        "1175-5326",
        "1918-3240",
    )
