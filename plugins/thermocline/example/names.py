"""Invented people, companies, places and articles, put together from word lists."""

import unicodedata
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Country:
    """What names look like somewhere; `share` is the country's part of all accounts."""

    code: str
    share: float
    currency: str
    dial: str
    legal_forms: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    cities: tuple[str, ...]


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = (
    Country(
        "DE",
        0.44,
        "EUR",
        "+49",
        ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.K."),
        words("Anna Jürgen Käthe Lukas Mareike Sören Uwe Britta Jörg Heike Götz Ilse Timo Wiebke"),
        words(
            "Ahlert Böhmke Dörrie Fahrenholt Grünwaldt Hinrichs Jäkel Kröger Lüdtke Möhring "
            "Nölting Oetjen Pröhl Rüsch Schäfers Tönnies Vogelsang Weißgerber Zöllick"
        ),
        words("Bremen Lübeck Göttingen Jena Münster Kassel Würzburg Ulm Görlitz Köln"),
    ),
    Country(
        "AT",
        0.08,
        "EUR",
        "+43",
        ("GmbH", "OG", "AG"),
        words("Veronika Franz Resi Leopold Gerlinde Xaver Hannes Waltraud"),
        words("Obermüller Pichlbauer Stöckl Haidvogl Kögler Prantner Zwettlinger Ebnerhof"),
        words("Linz Graz Wels Steyr Villach Krems"),
    ),
    Country(
        "NL",
        0.08,
        "EUR",
        "+31",
        ("B.V.", "N.V.", "V.O.F."),
        words("Sanne Joost Femke Daan Marijke Wouter Lieke Ruben"),
        words("Waterink Hoogland Dijkhof Terbeek Molenkamp Veldstra Roosegaard Zandvliet"),
        words("Utrecht Zwolle Breda Delft Arnhem Leeuwarden"),
    ),
    Country(
        "FR",
        0.08,
        "EUR",
        "+33",
        ("SARL", "SAS", "SA"),
        words("Élodie Benoît Chloé François Maëlle Gérard Inès Loïc"),
        words("Beauséjour Carpentras Delorme-Gué Fontanelle Lécuyer Montbrun Péronnet Vauquelin"),
        words("Lyon Nîmes Besançon Angoulême Rennes Dijon"),
    ),
    Country(
        "PL",
        0.06,
        "EUR",
        "+48",
        ("Sp. z o.o.", "S.A.", "Sp. j."),
        words("Agnieszka Łukasz Małgorzata Paweł Zofia Michał Grażyna Wojciech"),
        words("Brzózka Dąbrowiec Jagiełło Kościelak Śliwiński Wróblewicz Żurawski Łącki"),
        words("Łódź Poznań Gdynia Kraków Rzeszów Toruń"),
    ),
    Country(
        "SE",
        0.05,
        "EUR",
        "+46",
        ("AB", "HB"),
        words("Åsa Björn Linnea Göran Ebba Håkan Moa Örjan"),
        words("Ängström Björkvall Ekeblad Hällgren Lindroth Sjöholm Ståhl Östlund"),
        words("Lund Malmö Växjö Umeå Örebro Gävle"),
    ),
    Country(
        "IT",
        0.06,
        "EUR",
        "+39",
        ("S.r.l.", "S.p.A.", "S.n.c."),
        words("Niccolò Chiara Donato Fiorella Matteo Ornella Renzo Zaira"),
        words("Bellacosta Cavallero D'Aquino Frescobene Lombardini Montalto Rivabella Zennaro"),
        words("Parma Lecce Trieste Ancona Forlì Cuneo"),
    ),
    Country(
        "GB",
        0.06,
        "GBP",
        "+44",
        ("Ltd", "LLP", "plc"),
        words("Alice Callum Eleanor Gareth Imogen Nigel Rhiannon Toby"),
        words("Ashcombe Brackenbury Cleverdon Fairweather Hollingbery O'Rourke Penhaligon Thistle"),
        words("Leeds Bath Truro Dundee Swansea Norwich"),
    ),
    Country(
        "US",
        0.09,
        "USD",
        "+1",
        ("Inc.", "LLC", "Corp."),
        words("Abigail Boone Carla Dwight Esmé Harlan Josefina Wyatt"),
        words("Applegarth Birchfield Castañeda Dunmore Hathorne McAllen Núñez Whitlock"),
        words("Boise Tulsa Duluth Savannah Spokane Albany"),
    ),
)

STEMS = words(
    "Adler Bern Birken Brack Brücken Dorn Eichen Falken Feld Fjord Flint Forst Grün Hafen Halden "
    "Harz Heide Horn Kiesel Klar Kranich Küsten Lärchen Lind Luchs Mühlen Nebel Nord Ost Quell "
    "Raben Reet Rost Sand Silber Sonnen Stein Stern Süd Tann Tide Ulmen Wald Weiden West Wind"
)
ENDINGS = words(
    "bach berg blick brink brück dal damm fels furt garten hain haus heim hof holm hus kamp krone "
    "land mark quist rode see stad strand tal tor vik wacht werk wick"
)
TRADES = (
    "Handel",
    "Elektro",
    "Werkzeuge",
    "Sanitär",
    "Bürobedarf",
    "Gastro",
    "Floristik",
    "Möbel",
    "Optik",
    "Papier",
    "Spielwaren",
    "Hardware",
    "Interiors",
    "Kitchens",
    "Textiles",
    "Supplies",
    "Décor",
    "Ceramics",
    "Bikes",
    "Garden Centre",
    "Light & Sound",
    "Crafts",
    "Outdoor",
    "Bakery",
)
ROLES = (
    "Purchasing",
    "Managing Director",
    "Accounts Payable",
    "Warehouse",
    "Store Manager",
    "Head of Procurement",
    "Assistant",
    "Owner",
)
HOSTILE_NAMES = (
    "=SUM(A1:A9) Office Supplies",
    "<b>Bold</b> Interiors",
    "Robert'; drop table accounts;-- Hardware",
    'Kern, Vogt & Söhne "Die Eiligen"',
    "@home Living",
    "Zoë Łącki/Ñandú Æther ApS",
)
MATERIALS = (
    "Oak",
    "Brass",
    "Steel",
    "Linen",
    "Glass",
    "Cork",
    "Paper",
    "Enamel",
    "Copper",
    "Wool",
    "Bamboo",
    "Slate",
    "Crème",
    "Café",
    'Chrome, 1/2"',
    "Zinc",
    "Velvet",
    "Ash",
    "Felt",
    "Rosé",
)
THINGS = (
    "Lantern",
    "Tray",
    "Hook",
    "Crate",
    "Candle Holder",
    "Mug",
    "Clock",
    "Basket",
    "Cushion",
    "Ribbon (per m)",
    "Frame",
    "Bowl",
    "Doormat",
    "Vase",
    "Shelf",
    "Hinge",
    "Coaster, Set of 4",
    "Jug",
    "Planter",
    "Gift Wrap",
    "Lamp Shade",
    "Bell",
    "Twine (per m)",
    "Notebook",
    "Apron",
)
ARTICLES = tuple(f"{material} {thing}" for material in MATERIALS for thing in THINGS)
SOLD_BY_LENGTH = np.array(["per m" in article for article in ARTICLES])
TOPICS = (
    "Spring assortment",
    "Shop fitting",
    "Christmas order",
    "Refill, quarterly",
    "New branch",
    'Special "Manufaktur" edition',
    "Garden season",
    "Framework agreement",
    "Sample set",
)
COMMENTS = (
    "Always on time, thank you",
    'Delivery was "almost" complete',
    "Invoice unclear; please call",
    "Très bien",
    "Two pieces broken,\nreplacement came the next day",
    "Prices went up again",
    "ok",
    "<i>great</i> service",
    "=1+1 stars",
)

_LATIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "o", "æ": "ae"})


def slug(name: str) -> str:
    """Return the name in lower-case ASCII letters and digits, with hyphens between its words."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" if letter in " &.,-" else ""
        for letter in plain
    )
    return "-".join(part for part in kept.split("-") if part) or "account"
