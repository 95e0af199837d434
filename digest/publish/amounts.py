"""Amounts of money and of tokens, in words."""

from __future__ import annotations

from digest.core.summaries.ledger import PriceList


def said_of(price: PriceList) -> str:
    """What tokens cost, and since when that is known."""
    of = f"as of {price.of}" if price.of else "from the config"
    each = f"${price.input:g} in, ${price.cached_input:g} cached, ${price.output:g} out"
    flex = "" if price.flex is None else f"; {100 * price.flex:.0f} % of that where the flex tier has room"
    return f"{price.model}, {of}: {each} per million tokens{flex}"


def usd(amount: float) -> str:
    """Dollars, to the cent; less than one to a hundredth of a cent, as far as it takes."""
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    exact = f"{amount:.4f}"
    # "$0.00" would say that it was free.
    return f"${exact[:4]}{exact[4:].rstrip('0')}" if float(exact) else "<$0.0001"


def tokens(number: int) -> str:
    """As in "912", "141k", "1.2M": a table of exact numbers would not fit."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 999_500 else f"{number / 1e6:.1f}M"
