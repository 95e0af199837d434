"""Evaluation: measure the quality of summaries, topics, ranking and duplicates on labelled papers, for `digest eval`.

labelled sets (a folder) ──► summaries, topics, ranking, duplicates ──► figures, each with its interval
                                                                      └──► beside those of the last release
"""
