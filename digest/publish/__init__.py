"""What readers see of an issue: the pages of the archive, mails, text, and JSON beside the pages."""
