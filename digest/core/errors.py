"""The tree of errors. A class is made only where some caller acts differently on it.

DigestError             one sentence for the person who must act
├── ConfigError         config.toml, an option or a variable is wrong: nothing ran (exit 2)
│   └── SetError        (`digest.evaluation.sets`) a labelled set is damaged: the others are measured
├── SourceError         a source could not be read or understood: the others go on, the issue names it
│   └── NotYetError     there is nothing to read yet for this day: asked again later
├── LLMError            a request to a model failed: the batch is halved, in the end the extractive summary stands in
│   └── LLMUnavailable  no request of this run can succeed (bad key, no server, no quota): stop asking
├── StoreError          the database can't be opened, is newer than the program, or a write failed
│   ├── ClaimLostError  the lease of what this process had claimed ran out: the work is left to its new owner
│   └── WithdrawnError  a mail that was just about to go out must not: its reader stopped meanwhile
├── DeliveryError       a mail was not taken, and may be tried again
│   ├── PutOffError     the server takes this one later: it is tried again after a while, and the others go on
│   ├── MailUnavailable no mail of this run can go out (login refused, no safe connection): stop trying
│   ├── RefusedError    a mail was refused for good
│   └── InDoubtError    no whole answer came behind the final dot: the server may have it, and cannot be asked
├── DnsError            (`digest.deliver.dns`) DNS gave no answer: what stands there is not known, and nothing is wrong
├── AddressError        a text is no mail address: that one row, field or recipient is refused
├── WishError           a reader can't have what they wish: that one row or field is refused
└── NotFoundError       an issue or a paper that was asked for is not there
"""

from __future__ import annotations

from digest.core.words.invisible import printable


class DigestError(Exception):
    """Base of all errors that are shown to a person. `str(error)` is the sentence that is shown.

    The message may quote servers, files and libraries, and goes to terminals, pages, mails and the database. So control
    and invisible characters are removed here, once.
    """

    def __init__(self, message: str = "") -> None:
        """Say what happened and what to do."""
        super().__init__(printable(message))


class ConfigError(DigestError):
    """Config, option or variable is wrong; the message names file, table, key and the nearest known name."""


class SourceError(DigestError):
    """A source could not be read or understood."""

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
        gone: bool = False,
    ) -> None:
        """Say what happened and what to do.

        Args:
            url: The address that was asked for.
            status: The HTTP status, where one caused it.
            retry_after_s: How long the server asked to be left alone, a day at most; None: it said nothing of use.
            gone: The server said that there will never be anything at this address again (HTTP 410).
        """
        super().__init__(message)
        self.url = url
        self.status = status
        self.retry_after_s = retry_after_s
        self.gone = gone


class NotYetError(SourceError):
    """The list of this day is not there (yet): a dated file is missing, a date lies ahead of the server's."""


class LLMError(DigestError):
    """One request to a model failed."""

    def __init__(
        self, message: str, *, again: bool = False, retry_after_s: float | None = None, may_be_billed: bool = False
    ) -> None:
        """Say what happened and what to do.

        Args:
            again: The same request may succeed later: the cause is the server or the moment (429, 5xx, a broken
                connection), not the request.
            retry_after_s: How long the server asked to be left alone; None: it said nothing of use.
            may_be_billed: The server had the whole request and may have worked on it.
        """
        super().__init__(message)
        self.again = again
        self.retry_after_s = retry_after_s
        self.may_be_billed = may_be_billed


class LLMUnavailable(LLMError):  # noqa: N818 -- it names a state of the world, not a mistake
    """No request of this run can succeed."""


class StoreError(DigestError):
    """The database can't be used."""


class ClaimLostError(StoreError):
    """The lease of a claim ran out: another process may do the work, or has done it."""


class WithdrawnError(StoreError):
    """A mail may not go out any more: its reader stopped, paused or was forgotten while it was on its way."""


class DeliveryError(DigestError):
    """A mail was not taken; trying again later may help."""

    retry_after_s: float | None = None
    """How long the server asked to be left alone; None: it said nothing of use."""


class PutOffError(DeliveryError):
    """The server takes this mail later (a complete 4xx that is about it alone)."""

    def __init__(self, message: str, *, names_recipient: bool = True, slows_down: bool = False) -> None:
        """Say what happened.

        Args:
            names_recipient: The reply was one to the recipient's address; otherwise to the mail.
            slows_down: The recipient's domain takes no more from us for a while, whoever it is for.
        """
        super().__init__(message)
        self.names_recipient = names_recipient
        self.slows_down = slows_down


class MailUnavailable(DeliveryError):  # noqa: N818 -- it names a state of the world, not a mistake
    """No mail of this run can go out, whoever it is for."""


class RefusedError(DeliveryError):
    """A mail was refused for good."""

    def __init__(self, message: str, *, code: str = "", names_recipient: bool = True) -> None:
        """Say what happened.

        Args:
            code: The SMTP command that was refused and the status codes, without the server's text, so that equal
                refusals have equal codes.
            names_recipient: The refusal is about this recipient; otherwise about the mail, which all recipients get.
        """
        super().__init__(message)
        self.code = code
        self.names_recipient = names_recipient


class InDoubtError(DeliveryError):
    """Whether a mail was taken cannot be known; it must not be sent again without a person's word."""


class NotFoundError(DigestError):
    """What was asked for is not in the store."""


class AddressError(DigestError):
    """A text is no mail address, or one that may not be used."""


class WishError(DigestError):
    """What a reader wishes for is not understood, or more than may be had."""
