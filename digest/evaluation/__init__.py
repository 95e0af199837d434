"""How good the program is, as figures on labelled papers: `digest eval`.

labelled sets (a folder) ──► summaries, topics, ranking, duplicates ──► figures, each with its interval
                                                                      └──► beside those of the last release
"""
