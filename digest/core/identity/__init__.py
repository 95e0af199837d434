"""The identity of papers: ids, DOIs, and how duplicate records of one work are found."""
