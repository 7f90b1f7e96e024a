"""What the overlays of the truth set say, by script."""

from __future__ import annotations

from typing import Final

SLOGANS: Final = (
    "NEW ARRIVAL", "SUMMER SALE", "Best Seller", "LIMITED EDITION", "Free Delivery", "HOT DEAL", "Only this week",
    "BUY 2 GET 1", "Top Quality", "MEGA SALE", "Handmade", "Back in stock", "Gift idea", "SPECIAL OFFER",
)  # fmt: skip
CAPTIONS: Final = (
    "Shown in size M", "Illustration similar", "Colour may vary", "Sold in packs of four", "Fits most models",
    "See the details inside", "Image for reference", "Delivered in two days",
)  # fmt: skip
URLS: Final = (
    "www.best-supply.com", "shop-pictures.net", "www.homegoods.example", "myshop.example/sale", "SUPPLY CO.",
    "www.coffee-parts.org", "Studio North", "@greenmarket",
)  # fmt: skip
PRICES: Final = (
    "$19.99",
    "-50%",
    "1 299.00",
    "3 x 24.90",
    "-30% OFF",
    "only 4.95",
    "2 for 10",
    "0800 555 0199",
)
CYRILLIC: Final = (
    "РАСПРОДАЖА", "Новинка сезона", "Скидка до 40%", "Бесплатная доставка", "ХИТ ПРОДАЖ", "Лучшая цена", "Акция недели",
)  # fmt: skip
CJK: Final = (
    "限时特价",
    "新品上市",
    "全场包邮",
    "品质保证",
    "买一送一",
    "厂家直销",
    "送料無料",
    "冬季新款热卖",
)
PRINTS: Final = (
    ("FRESH", "whole milk"), ("ORGANIC",), ("MODEL 42", "220 V"), ("Kiosk",), ("NATURE", "since 1984"),
    ("BAKERY",), ("PURE", "olive oil"), ("STREET 9",), ("Grandma's", "jam"), ("NORTHERN", "tea"),
)  # fmt: skip
"""Lines of print on a product or a sign."""
