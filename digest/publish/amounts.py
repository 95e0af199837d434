"""Format amounts of money, numbers of tokens and prices for people."""

from __future__ import annotations

from digest.core.summaries.ledger import PriceList


def said_of(price: PriceList) -> str:
    """Return in words what tokens cost by a price list, with the list's date."""
    of = f"as of {price.of}" if price.of else "from the config"
    each = f"${price.input:g} in, ${price.cached_input:g} cached, ${price.output:g} out"
    flex = "" if price.flex is None else f"; {100 * price.flex:.0f} % of that where the flex tier has room"
    return f"{price.model}, {of}: {each} per million tokens{flex}"


def usd(amount: float) -> str:
    """Format US dollars, to the cent; amounts below one dollar with up to four decimal places."""
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    exact = f"{amount:.4f}"
    # "$0.00" would say that it was free.
    return f"${exact[:4]}{exact[4:].rstrip('0')}" if float(exact) else "<$0.0001"


def tokens(number: int) -> str:
    """Format a number of tokens in short: "912", "141k", "1.2M"."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 999_500 else f"{number / 1e6:.1f}M"
