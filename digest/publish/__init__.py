"""Publishing of issues: the pages of the static archive, feeds, mails, plain text and JSON."""
