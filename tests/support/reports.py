"""Mails as they come back to a sender: written by hand after RFC 3464, 5965, 6533 and what known programs send.

Each has the address `ADA` and, where the program returns headers, the Message-ID `MESSAGE_ID` or the one it is given.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from digest.core.subscribers.returns import Verdict
from digest.deliver.reports import Kind

ADA: Final = "ada@example.net"
MESSAGE_ID: Final = "<0123456789abcdef0123456789abcdef@example.org>"


def crlf(text: str) -> bytes:
    return text.strip("\n").replace("\n", "\r\n").encode("utf-8") + b"\r\n"


def headers(message_id: str = MESSAGE_ID, to: str = ADA, more: str = "") -> str:
    return f"""Received: from digest.example.org ([192.0.2.7]) by mx.example.net; Wed, 3 Jun 2026 07:00:03 +0000
From: Research digest <digest@example.org>
To: {to}
Subject: Daily: 12 papers
Message-ID: {message_id}
Date: Wed, 3 Jun 2026 07:00:00 +0000
{more}MIME-Version: 1.0"""


def dsn(
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    *,
    action: str = "failed",
    to: str = ADA,
    original: str = "",
    message_id: str = MESSAGE_ID,
    returns: str = "text/rfc822-headers",
    sender: str = "MAILER-DAEMON@mx.example.net (Mail Delivery System)",
    subject: str = "Undelivered Mail Returned to Sender",
    text: str = "I'm sorry to have to inform you that your message could not be delivered.",
    more: str = "",
) -> bytes:
    """A report as Postfix writes it, and most others very nearly."""
    first = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return crlf(f"""
Return-Path: <>
Received: by mx.example.net (Postfix) id 4F2C91A0B3; Wed, 3 Jun 2026 07:00:05 +0000 (UTC)
Date: Wed, 3 Jun 2026 07:00:05 +0000 (UTC)
From: {sender}
Subject: {subject}
To: digest@example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="2E7D91A0B4.1780470005/mx.example.net"
Message-Id: <20260603070005.4F2C91A0B3@mx.example.net>

This is a MIME-encapsulated message.

--2E7D91A0B4.1780470005/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

{text}

--2E7D91A0B4.1780470005/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 2E7D91A0B4
X-Postfix-Sender: rfc822; digest@example.org
Arrival-Date: Wed, 3 Jun 2026 07:00:03 +0000 (UTC)

Final-Recipient: rfc822; {to}
{first}Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.net
Diagnostic-Code: {said}
{more}
--2E7D91A0B4.1780470005/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: {returns}

{headers(message_id, original or to)}

--2E7D91A0B4.1780470005/mx.example.net--
""")


def postfix_two() -> bytes:
    more = """
Final-Recipient: rfc822; bob@example.net
Original-Recipient: rfc822;bob@example.net
Action: failed
Status: 5.2.2
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 552 5.2.2 <bob@example.net>: Mailbox is over quota
"""
    return dsn(more=more)


def sendmail() -> bytes:
    return crlf(f"""
Return-Path: <>
Received: from localhost (localhost) by relay.example.com (8.17.1/8.17.1) id 55370Ab1; Wed, 3 Jun 2026 07:00:05 GMT
Date: Wed, 3 Jun 2026 07:00:05 GMT
From: Mail Delivery Subsystem <MAILER-DAEMON@relay.example.com>
To: <digest@example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="55370Ab1.1780470005/relay.example.com"
Subject: Returned mail: see transcript for details
Auto-Submitted: auto-generated (failure)

This is a MIME-encapsulated message

--55370Ab1.1780470005/relay.example.com

The original message was received at Wed, 3 Jun 2026 07:00:03 GMT
from digest.example.org [192.0.2.7]

   ----- The following addresses had permanent fatal errors -----
<{ADA}>
    (reason: 550 5.1.1 <{ADA}>... User unknown)

   ----- Transcript of session follows -----
... while talking to mail.example.net.:
>>> DATA
<<< 550 5.1.1 <{ADA}>... User unknown
550 5.1.1 <{ADA}>... User unknown
<<< 503 5.0.0 Need RCPT (recipient)

--55370Ab1.1780470005/relay.example.com
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.com
Received-From-MTA: DNS; digest.example.org
Arrival-Date: Wed, 3 Jun 2026 07:00:03 GMT

Final-Recipient: RFC822; {ADA}
Action: failed
Status: 5.1.1
Remote-MTA: DNS; mail.example.net
Diagnostic-Code: SMTP; 550 5.1.1 <{ADA}>... User unknown
Last-Attempt-Date: Wed, 3 Jun 2026 07:00:05 GMT

--55370Ab1.1780470005/relay.example.com
Content-Type: message/rfc822

Return-Path: <digest@example.org>
{headers()}
Content-Type: text/plain

12 papers.

--55370Ab1.1780470005/relay.example.com--
""")


def exim_prose() -> bytes:
    return crlf(f"""
Return-path: <>
Envelope-to: digest@example.org
Received: from Debian-exim by mx.example.com with local (Exim 4.80) id 1abcDE-0001Xy-Qz; Wed, 03 Jun 2026 07:00:05 +0000
X-Failed-Recipients: {ADA}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: digest@example.org
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abcDE-0001Xy-Qz@mx.example.com>
Date: Wed, 03 Jun 2026 07:00:05 +0000

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ADA}
    SMTP error from remote mail server after RCPT TO:<{ADA}>:
    host mail.example.net [198.51.100.4]: 550 No such user here

------ This is a copy of the message, including all the headers. ------

Return-path: <digest@example.org>
{headers()}

12 papers.
""")


def exim_unrouteable() -> bytes:
    return exim_prose().replace(
        b"    SMTP error from remote mail server after RCPT TO:<ada@example.net>:\r\n"
        b"    host mail.example.net [198.51.100.4]: 550 No such user here\r\n",
        b"    Unrouteable address\r\n",
    )


def exim_frozen() -> bytes:
    return crlf(f"""
Return-path: <>
X-Failed-Recipients: {ADA}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: digest@example.org
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ADA}
    host mail.example.net [198.51.100.4]
    SMTP error from remote mail server after end of data:
    451 4.7.1 Try again later: retry timeout exceeded

------ This is a copy of the message's headers. ------

{headers()}
""")


def exim_delayed() -> bytes:
    return crlf(f"""
Return-path: <>
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: digest@example.org
Subject: Warning: message 1abcDE-0001Xy-Qz delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.com.

The message identifier is:     1abcDE-0001Xy-Qz
The subject of the message is: Daily: 12 papers

The address to which the message has not yet been delivered is:

  {ADA}
    Delay reason: host mail.example.net [198.51.100.4]: 451 4.7.1 Greylisted

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered.
""")


def exim_mime() -> bytes:
    return crlf(f"""
Return-path: <>
X-Failed-Recipients: {ADA}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: digest@example.org
References: {MESSAGE_ID}
Content-Type: multipart/report; report-type=delivery-status; boundary=1780470005-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1780470005-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ADA}
    host mail.example.net [198.51.100.4]
    SMTP error from remote mail server after RCPT TO:<{ADA}>:
    550 Requested action not taken: mailbox unavailable

--1780470005-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Action: failed
Final-Recipient: rfc822;{ADA}
Status: 5.0.0
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 Requested action not taken: mailbox unavailable

--1780470005-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <digest@example.org>
{headers()}

--1780470005-eximdsn-1804289383--
""")


def qmail(said: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    return crlf(f"""
Return-Path: <>
Received: (qmail 11923 invoked for bounce); 3 Jun 2026 07:00:05 -0000
Date: 3 Jun 2026 07:00:05 -0000
From: MAILER-DAEMON@mail.example.net
To: digest@example.org
Subject: failure notice

Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{ADA}>:
{said}

--- Below this line is a copy of the message.

Return-Path: <digest@example.org>
{headers()}

12 papers.
""")


def gmail(status: str = "5.1.1", code: str = "550", words: str = "") -> bytes:
    words = words or (
        "The email account that you tried to reach does not exist. Please try double-checking the recipient's email "
        "address for typos or unnecessary spaces. For more information, go to "
        "https://support.google.com/mail/?p=NoSuchUser 4fb4d7f45d1cf-57d8sor1 - gsmtp"
    )
    return crlf(f"""
Return-Path: <>
Received: from mail-ed1-f69.google.com (mail-ed1-f69.google.com [209.85.208.69]) by mx.example.org
MIME-Version: 1.0
X-Received: by 2002:a05:6402:1c09:b0:57d:8b2a:1f2a; Wed, 03 Jun 2026 00:00:05 -0700 (PDT)
Date: Wed, 03 Jun 2026 00:00:05 -0700 (PDT)
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: digest@example.org
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {MESSAGE_ID}
In-Reply-To: {MESSAGE_ID}
X-Failed-Recipients: {ADA}
Message-ID: <683ea1b5.050a0220.1a2b3c.0d1e.GMR@mx.google.com>
Content-Type: multipart/report; boundary="000000000000aa11bb0636a7c2d1"; report-type=delivery-status

--000000000000aa11bb0636a7c2d1
Content-Type: multipart/related; boundary="000000000000aa15ff0636a7c2d6"

--000000000000aa15ff0636a7c2d6
Content-Type: multipart/alternative; boundary="000000000000aa160c0636a7c2d7"

--000000000000aa160c0636a7c2d7
Content-Type: text/plain; charset="UTF-8"


** Address not found **

Your message wasn't delivered to {ADA} because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
{code} {status} {words}

--000000000000aa160c0636a7c2d7
Content-Type: text/html; charset="UTF-8"

<html><body><h2>Address not found</h2><p>Your message wasn't delivered to <b>{ADA}</b></p></body></html>

--000000000000aa160c0636a7c2d7--
--000000000000aa15ff0636a7c2d6--
--000000000000aa11bb0636a7c2d1
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; digest@example.org
Arrival-Date: Wed, 03 Jun 2026 00:00:04 -0700 (PDT)
X-Original-Message-ID: {MESSAGE_ID}

Final-Recipient: rfc822; {ADA}
Action: failed
Status: {status}
Remote-MTA: dns; gmail-smtp-in.l.google.com. (142.250.102.26, the server for the domain.)
Diagnostic-Code: smtp; {code}-{status} {words[:60]}
 {code} {status} {words[60:]}
Last-Attempt-Date: Wed, 03 Jun 2026 00:00:05 -0700 (PDT)

--000000000000aa11bb0636a7c2d1
Content-Type: message/rfc822

{headers()}
Content-Type: text/plain

----- Message truncated -----

--000000000000aa11bb0636a7c2d1--
""")


def exchange_online(
    status: str = "5.1.10", words: str = "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
) -> bytes:
    return crlf(f"""
Return-Path: <>
From: <postmaster@example.onmicrosoft.com>
To: <digest@example.org>
Date: Wed, 3 Jun 2026 07:00:06 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="b7e60f3f-6f0f-4a6a-9a65-2d6a0d9e6d55"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: <4f6c0f3a-1f0a-4a6e-9d8f-aa0c5e0e3a1b@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>
In-Reply-To: {MESSAGE_ID}
References: {MESSAGE_ID}
Subject: Undeliverable: Daily: 12 papers
Auto-Submitted: auto-replied
MIME-Version: 1.0

--b7e60f3f-6f0f-4a6a-9a65-2d6a0d9e6d55
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="a6a6c9a5-5d4e-4a52-8b0e-7a5b1a0a6f0c"

--a6a6c9a5-5d4e-4a52-8b0e-7a5b1a0a6f0c
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:

{ADA}<mailto:{ADA}>
The email address you entered couldn't be found. Please check the recipient=
's email address and try to resend the message.

--a6a6c9a5-5d4e-4a52-8b0e-7a5b1a0a6f0c--

--b7e60f3f-6f0f-4a6a-9a65-2d6a0d9e6d55
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;digest.example.org
Arrival-Date: Wed, 3 Jun 2026 07:00:05 +0000

Original-Recipient: rfc822;{ADA}
Final-Recipient: rfc822;{ADA}
Action: failed
Status: {status}
Diagnostic-Code: smtp;550 {status} {words}

--b7e60f3f-6f0f-4a6a-9a65-2d6a0d9e6d55
Content-Type: message/rfc822

{headers()}

--b7e60f3f-6f0f-4a6a-9a65-2d6a0d9e6d55--
""")


def exchange_prose() -> bytes:
    return crlf(f"""
Return-Path: <>
From: System Administrator <postmaster@example.net>
To: digest@example.org
Subject: Undeliverable: Daily: 12 papers
Date: Wed, 3 Jun 2026 07:00:06 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset="iso-8859-1"

Your message

  To:      {ADA}
  Subject: Daily: 12 papers
  Sent:    Wed, 3 Jun 2026 07:00:00 +0000

did not reach the following recipient(s):

{ADA} on Wed, 3 Jun 2026 07:00:06 +0000
    The e-mail account does not exist at the organization this message
was sent to.  Check the e-mail address, or contact the recipient directly
to find out the correct address.
    <mail.example.net #5.1.1>
""")


def domino() -> bytes:
    return dsn(
        "5.1.1",
        "X-Notes; User ada (ada@example.net) not listed in Domino Directory",
        subject="DELIVERY FAILURE: User ada (ada@example.net) not listed in Domino Directory",
        sender="Postmaster@mail.example.net",
        returns="message/rfc822",
    )


def courier() -> bytes:
    return crlf(f"""
From: "Courier mail server at mail.example.net" <@>
To: digest@example.org
Subject: NOTICE: mail delivery status.
Mime-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_courier-0"
Content-Transfer-Encoding: 7bit

--=_courier-0
Content-Type: text/plain; charset=us-ascii

UNDELIVERABLE MAIL: your message could not be delivered.

<{ADA}>:
   550 User unknown.

--=_courier-0
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mail.example.net
Arrival-Date: Wed, 03 Jun 2026 07:00:05 +0000

Final-Recipient: rfc822; {ADA}
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 User unknown.

--=_courier-0
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

{headers()}

--=_courier-0--
""")


def base64_status() -> bytes:
    """As some gateways re-encode what they pass on."""
    status = f"Reporting-MTA: dns; gw.example.net\n\nFinal-Recipient: rfc822; {ADA}\nAction: failed\nStatus: 5.1.1\n"
    packed = base64.encodebytes(status.encode()).decode()
    return crlf(f"""
Return-Path: <>
From: MAILER-DAEMON@gw.example.net
To: digest@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

Not delivered.

--b1
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64

{packed}
--b1
Content-Type: text/rfc822-headers

{headers()}

--b1--
""")


def international() -> bytes:
    """RFC 6533: a status in UTF-8."""
    return crlf(f"""
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: digest@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

<zoë@exämple.net>: unbekannt

--b1
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.example.net

Final-Recipient: utf-8; zoë@exämple.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--b1
Content-Type: message/global-headers
Content-Transfer-Encoding: 8bit

{headers(to="zoë@exämple.net")}

--b1--
""")


def arf(
    kind: str = "abuse",
    *,
    message_id: str = MESSAGE_ID,
    to: str = ADA,
    original: str = f"Original-Rcpt-To: <{ADA}>\n",
    more: str = "",
) -> bytes:
    """A complaint as Yahoo, AOL and Comcast send it (RFC 5965)."""
    return crlf(f"""
Return-Path: <feedback@arf.mail.example.com>
From: Feedback <feedback@arf.mail.example.com>
To: abuse@example.org
Subject: FW:Daily: 12 papers
Date: Wed, 3 Jun 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.7 on Wed, 3 Jun 2026 07:00:03 +0000.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <digest@example.org>
{original}Received-Date: Wed, 3 Jun 2026 07:00:03 +0000
Source-IP: 192.0.2.7

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

{headers(message_id, to, more)}
Content-Type: text/plain

12 papers.

--part1_13d.2e68ed54_boundary--
""")


def redacted() -> bytes:
    """A complaint without the address, as most have it."""
    return arf(to="undisclosed recipients:;", original="")


def jmrp() -> bytes:
    """As Microsoft's Junk Mail Reporting Program sends them: no report in the sense of RFC 5965."""
    return crlf(f"""
From: staff@hotmail.com
To: abuse@example.org
Subject: complaint about message from 192.0.2.7
Date: Wed, 3 Jun 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="jmrp"

--jmrp
Content-Type: message/rfc822
Content-Disposition: attachment

X-HmXmrOriginalRecipient: {ADA}
{headers()}

12 papers.

--jmrp--
""")


def reply(subject: str, text: str = "", *, sender: str = ADA, more: str = "") -> bytes:
    """A mail that a person, or a program for a person, writes to the sender."""
    return crlf(f"""
Return-Path: <{sender}>
From: {sender}
To: digest@example.org
Subject: {subject}
Date: Wed, 3 Jun 2026 08:00:00 +0000
In-Reply-To: {MESSAGE_ID}
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{text}
""")


def receipt() -> bytes:
    return crlf(f"""
From: {ADA}
To: digest@example.org
Subject: Read: Daily: 12 papers
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="r"

--r
Content-Type: text/plain

Your message was displayed.

--r
Content-Type: message/disposition-notification

Reporting-UA: mail.example.net; SomeReader 1.0
Final-Recipient: rfc822;{ADA}
Original-Message-ID: {MESSAGE_ID}
Disposition: manual-action/MDN-sent-manually; displayed

--r--
""")


@dataclass(frozen=True, slots=True)
class Example:
    """A report, and what is to be read in it."""

    name: str
    made: Callable[[], bytes]
    kind: Kind
    verdict: Verdict | None = None
    """Of a bounce's first recipient."""
    status: str = ""

    def __str__(self) -> str:
        return self.name


def _bounce(name: str, made: Callable[[], bytes], verdict: Verdict, status: str = "") -> Example:
    return Example(name, made, Kind.BOUNCE, verdict, status)


GONE, FOR_NOW, ABOUT_US, NOTHING = Verdict.GONE, Verdict.FOR_NOW, Verdict.ABOUT_US, Verdict.NOTHING

BOUNCES: Final = (
    _bounce("postfix", dsn, GONE, "5.1.1"),
    _bounce("postfix, whole mail returned", lambda: dsn(returns="message/rfc822"), GONE, "5.1.1"),
    _bounce("postfix, two recipients", postfix_two, GONE, "5.1.1"),
    _bounce("postfix, no such host", lambda: dsn(
        "5.4.4",
        "X-Postfix; Host or domain name not found. Name service error for name=exmaple.net type=AAAA: Host not found",
    ), FOR_NOW, "5.4.4"),
    _bounce("postfix, given up after days", lambda: dsn(
        "4.4.1", "X-Postfix; connect to mail.example.net[198.51.100.4]:25: Connection timed out"
    ), FOR_NOW, "4.4.1"),
    _bounce("postfix, a delay", lambda: dsn(
        "4.4.1", "X-Postfix; connect to mail.example.net: Connection refused", action="delayed",
        subject="Delayed Mail (still being retried)", more="Will-Retry-Until: Mon, 8 Jun 2026 07:00:03 +0000 (UTC)\n",
    ), NOTHING, "4.4.1"),
    _bounce("postfix, delivered", lambda: dsn(
        "2.0.0", "smtp; 250 2.0.0 Ok", action="delivered", subject="Successful Mail Delivery Report"
    ), NOTHING, "2.0.0"),
    _bounce("postfix, relayed", lambda: dsn("2.0.0", "smtp; 250 ok", action="relayed"), NOTHING, "2.0.0"),
    _bounce("postfix, mail too large", lambda: dsn(
        "5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit"), ABOUT_US, "5.3.4"),
    _bounce("postfix, mailbox full", lambda: dsn(
        "5.2.2", "smtp; 552 5.2.2 <ada@example.net>: The email account is over quota"), FOR_NOW, "5.2.2"),
    _bounce("postfix, mailbox full for now", lambda: dsn(
        "4.2.2", "smtp; 452 4.2.2 Over quota"), FOR_NOW, "4.2.2"),
    _bounce("postfix, disabled", lambda: dsn(
        "5.2.1", "smtp; 550 5.2.1 This mailbox has been blocked due to inactivity"), GONE, "5.2.1"),
    _bounce("null MX", lambda: dsn(
        "5.1.10", "smtp; 556 5.1.10 Recipient address has null MX"), GONE, "5.1.10"),
    _bounce("no such domain", lambda: dsn("5.1.2", "smtp; 550 5.1.2 Bad destination system"), GONE, "5.1.2"),
    _bounce("blocked by a list", lambda: dsn(
        "5.7.1", "smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"
    ), ABOUT_US, "5.7.1"),
    _bounce("blocked, without a code that says so", lambda: dsn(
        "5.0.0", "smtp; 554 Your access to this mail system has been rejected due to the sending MTA's poor reputation."
    ), ABOUT_US, "5.0.0"),
    _bounce("DMARC", lambda: gmail(
        "5.7.26", "550", "Unauthenticated email from example.org is not accepted due to domain's DMARC policy."
    ), ABOUT_US, "5.7.26"),
    _bounce("sendmail", sendmail, GONE, "5.1.1"),
    _bounce("Exim in prose", exim_prose, GONE),
    _bounce("Exim, unrouteable", exim_unrouteable, GONE),
    _bounce("Exim, given up", exim_frozen, FOR_NOW, "4.7.1"),
    _bounce("Exim, a delay", exim_delayed, NOTHING),
    _bounce("Exim with a status", exim_mime, GONE, "5.0.0"),
    _bounce("qmail", qmail, GONE, "5.1.1"),
    _bounce("qmail of a remote server", lambda: qmail(
        "198.51.100.4 does not like recipient.\nRemote host said: 550 5.1.1 <ada@example.net>: no such person\n"
        "Giving up on 198.51.100.4."
    ), GONE, "5.1.1"),
    _bounce("Yahoo", lambda: qmail(
        "198.51.100.4 failed after I sent the message.\nRemote host said: 554 delivery error: dd This user doesn't "
        "have a yahoo.com account (ada@example.net) [0] - mta1234.mail.bf1.yahoo.com"
    ), GONE),
    _bounce("qmail, full", lambda: qmail("user is over quota (#5.2.2)"), FOR_NOW, "5.2.2"),
    _bounce("Gmail", gmail, GONE, "5.1.1"),
    _bounce("Gmail, full", lambda: gmail(
        "5.2.2", "552",
        "The email account that you tried to reach is over quota. Please direct the recipient to make room"
    ), FOR_NOW, "5.2.2"),
    _bounce("Gmail, disabled", lambda: gmail(
        "5.2.1", "550", "The email account that you tried to reach is disabled. Learn more at https://support.google.com"
    ), GONE, "5.2.1"),
    _bounce("Exchange Online", exchange_online, GONE, "5.1.10"),
    _bounce("Exchange Online, not in the directory", lambda: exchange_online(
        "5.4.1", "Recipient address rejected: Access denied. [AM0PR01MB1234.eurprd01.prod.exchangelabs.com]"
    ), GONE, "5.4.1"),
    _bounce("Exchange Online, policy of a tenant", lambda: exchange_online(
        "5.7.133", "RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required"
    ), ABOUT_US, "5.7.133"),
    _bounce("Exchange Online, loop", lambda: exchange_online("5.4.14", "Hop count exceeded"), FOR_NOW, "5.4.14"),
    _bounce("Exchange in prose", exchange_prose, GONE, "5.1.1"),
    _bounce("Outlook.com", lambda: dsn(
        "5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)"), GONE, "5.5.0"),
    _bounce("GMX", lambda: dsn(
        "5.0.0", "smtp; 550 Requested action not taken: mailbox unavailable"), GONE, "5.0.0"),
    _bounce("Mail.ru", lambda: dsn("5.0.0", "smtp; 550 Message was not accepted -- invalid mailbox. "
        "Local mailbox ada@example.net is unavailable: user not found"), GONE, "5.0.0"),
    _bounce("iCloud", lambda: dsn(
        "5.1.6", "smtp; 550 5.1.6 User no longer on server: ada@example.net"), GONE, "5.1.6"),
    _bounce("Amazon SES", lambda: dsn(
        "5.1.1", "smtp; 550 5.1.1 user unknown", sender="MAILER-DAEMON@eu-west-1.amazonses.com",
        returns="message/rfc822", subject="Delivery Status Notification (Failure)"), GONE, "5.1.1"),
    _bounce("OpenSMTPD", lambda: dsn(
        "5.0.0", "smtp; 550 Invalid recipient: <ada@example.net>",
        sender="Mailer Daemon <MAILER-DAEMON@mx.example.net>",
        subject="Delivery status notification: error"), GONE, "5.0.0"),
    _bounce("Domino", domino, GONE, "5.1.1"),
    _bounce("Courier", courier, GONE, "5.0.0"),
    _bounce("Mimecast", lambda: dsn(
        "5.0.0", "smtp; 550 Administrative prohibition - envelope blocked - https://community.mimecast.com"
    ), ABOUT_US, "5.0.0"),
    _bounce("greylisted to the end", lambda: dsn(
        "4.7.1", "smtp; 451 4.7.1 Greylisting in action, please come back later"), FOR_NOW, "4.7.1"),
    _bounce("a status in base64", base64_status, GONE, "5.1.1"),
    _bounce("an international address", international, GONE, "5.1.1"),
    _bounce("forwarded by another server", lambda: dsn(
        to="ada.private@example.com", original=ADA), GONE, "5.1.1"),
)  # fmt: skip

COMPLAINTS: Final = (
    Example("abuse", arf, Kind.COMPLAINT),
    Example("fraud", lambda: arf("fraud"), Kind.COMPLAINT),
    Example("redacted", redacted, Kind.COMPLAINT),
    Example("JMRP", jmrp, Kind.COMPLAINT),
)

AUTOMATIC: Final = (
    Example("English", lambda: reply("Automatic reply: Daily: 12 papers", "I am out of the office.",
        more="Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"), Kind.AUTOMATIC),
    Example("English, without headers", lambda: reply("Out of Office: back on Monday"), Kind.AUTOMATIC),
    Example("German", lambda: reply("Automatische Antwort: Daily: 12 papers", "Ich bin im Urlaub."), Kind.AUTOMATIC),
    Example("German, encoded", lambda: reply(
        "=?iso-8859-1?Q?Abwesenheitsnotiz=3A_nicht_im_B=FCro?="), Kind.AUTOMATIC),
    Example("French", lambda: reply("Réponse automatique : Daily", "Je suis absente."), Kind.AUTOMATIC),
    Example("Spanish", lambda: reply("Respuesta automática: Daily", "Estoy fuera de la oficina."), Kind.AUTOMATIC),
    Example("Italian", lambda: reply("Risposta automatica: Daily", "Sono fuori sede."), Kind.AUTOMATIC),
    Example("Japanese", lambda: reply("=?utf-8?B?6Ieq5YuV6L+U5L+h?=: Daily", "不在です。"), Kind.AUTOMATIC),
    Example("vacation(1)", lambda: reply("away from my mail", "I'm away.", more="Precedence: bulk\n"), Kind.AUTOMATIC),
    Example("a ticket system", lambda: reply("[#4711] We have your request", "Thanks.",
        more="Auto-Submitted: auto-replied\nPrecedence: auto_reply\n"), Kind.AUTOMATIC),
    Example("a receipt", receipt, Kind.AUTOMATIC),
    Example("not spam", lambda: arf("not-spam"), Kind.AUTOMATIC),
    Example("about a failed signature", lambda: arf("auth-failure"), Kind.AUTOMATIC),
)  # fmt: skip

UNSUBSCRIBED: Final = (
    Example("by the address in the mail", lambda: reply("unsubscribe daily"), Kind.UNSUBSCRIBE),
    Example("by a reply", lambda: reply("Re: Daily: 12 papers", "unsubscribe\n\n> 12 papers"), Kind.UNSUBSCRIBE),
)

LETTERS: Final = (
    Example("a question", lambda: reply("Re: Daily: 12 papers", "Can I have it weekly?"), Kind.LETTER),
    Example("about unsubscribing", lambda: reply("How do I unsubscribe Bob", "He left."), Kind.LETTER),
    Example("a forwarded bounce", lambda: reply("Fwd: Undelivered Mail Returned to Sender", "What is this? 550 5.1.1"),
        Kind.LETTER),
)  # fmt: skip

UNREADABLE: Final = (
    Example("a mailer without a reason", lambda: reply("Undeliverable mail", "Your mail did not arrive.",
        sender="MAILER-DAEMON@mx.example.net"), Kind.UNREADABLE),
    Example("a status that says nothing", lambda: dsn().replace(b"Action:", b"X:").replace(b"Status:", b"Y:").replace(
        b"Diagnostic-Code:", b"Z:").replace(b"Final-Recipient:", b"W:"), Kind.UNREADABLE),
)  # fmt: skip

ALL: Final = (*BOUNCES, *COMPLAINTS, *UNSUBSCRIBED, *AUTOMATIC, *LETTERS, *UNREADABLE)
