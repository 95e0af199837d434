"""Text: words, names, dates, formulas, languages."""
