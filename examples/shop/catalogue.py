"""What the shop sells. Every order is for the same basket, so that its total is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One article; its price is in cents."""

    sku: str
    name: str
    price: int


PRODUCTS = (
    Product("tea-01", "Assam, 250 g", 1250),
    Product("tea-02", "Darjeeling, 250 g", 1790),
    Product("tea-03", "Sencha, 100 g", 1120),
    Product("tea-04", "Rooibos, 250 g", 890),
    Product("pot-01", "Teapot", 2490),
    Product("cup-01", "Cup, blue", 620),
    Product("cup-02", "Cup, white", 620),
    Product("sieve-01", "Sieve", 480),
    Product("spoon-01", "Measuring spoon", 390),
    Product("tin-01", "Tin", 349),
)

TOTAL = sum(product.price for product in PRODUCTS)
"""Of the basket, in cents: 99.99."""

STOCK = 1_000_000
"""Pieces of each product at the beginning."""
