"""The stages of a run: fetch, choose, summarize, publish, site, deliver, report. Each can be called alone."""
