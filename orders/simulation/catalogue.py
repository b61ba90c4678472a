"""What is sold, where to, and what goes wrong: made up, but plausible."""

from decimal import Decimal
from typing import NamedTuple


class Product(NamedTuple):
    """`price` in EUR, for one unit."""

    sku: str
    name: str
    price: Decimal


class Market(NamedTuple):
    """`per_euro`: what a product of 1 EUR costs here; `step`: the smallest amount."""

    country: str
    currency: str
    per_euro: Decimal
    step: Decimal
    cities: tuple[str, ...]


def _products(text: str) -> tuple[Product, ...]:
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(Product(sku, name, Decimal(price)) for sku, name, price in rows)


# The most popular ones first.
PRODUCTS = _products("""
MUG-ST-350|Stoneware mug, 350 ml|9.90
TOW-LIN-GR|Linen tea towel, grey|7.50
CAN-BEE-20|Beeswax candle, 20 cm|4.20
NBK-DOT-A5|Dotted notebook, A5|6.80
BTL-STL-75|Steel bottle, 0.75 l|24.00
SOA-LAV-01|Lavender soap|3.90
LMP-DSK-BR|Desk lamp, brass|89.00
KNF-CHF-18|Chef's knife, 18 cm|64.50
PEN-FTN-EF|Fountain pen, extra fine|38.00
CUT-OAK-40|Oak chopping board, 40 cm|42.00
BLK-WOL-DB|Wool blanket, double|119.00
TEA-EGR-100|Earl Grey, 100 g|8.40
COF-ETH-250|Coffee from Ethiopia, 250 g|11.20
PLT-DIN-27|Dinner plate, 27 cm|14.90
BWL-SAL-28|Salad bowl, 28 cm|29.00
GLS-WIN-06|Wine glasses, set of 6|48.00
PAN-CST-26|Cast-iron pan, 26 cm|72.00
APR-CAN-BL|Canvas apron, blue|34.00
BSK-WIL-LG|Willow basket, large|45.00
CLK-WAL-30|Wall clock, 30 cm|56.00
CUS-VEL-GN|Velvet cushion, green|27.50
RUG-JUT-120|Jute rug, 120 x 180 cm|139.00
SHF-PIN-03|Pine shelf, three boards|98.00
CHR-BEE-NT|Beech chair, natural|165.00
TBL-ASH-140|Ash table, 140 cm|690.00
LMP-FLR-BK|Floor lamp, black|148.00
VAS-CER-25|Ceramic vase, 25 cm|36.00
PIC-FRM-A3|Picture frame, A3|19.90
BAG-TOT-NT|Cotton bag, natural|5.50
UMB-STK-NV|Stick umbrella, navy|52.00
SCF-MER-GR|Merino scarf, grey|44.00
GLV-LEA-BR|Leather gloves, brown|68.00
SOC-WOL-3P|Wool socks, 3 pairs|21.00
BKP-CAN-22|Canvas backpack, 22 l|94.00
TNT-TWO-GN|Tent for two, green|279.00
SLP-DWN-05|Down sleeping bag, to 5 °C|229.00
STV-GAS-01|Gas stove|39.50
LNT-LED-RC|Lantern, rechargeable|31.00
MAT-SLF-05|Self-inflating mat, 5 cm|76.00
KNF-POC-09|Pocket knife, 9 blades|33.00
TRW-HND-ST|Hand trowel, steel|16.50
SEC-PRN-20|Pruning shears, 20 cm|28.00
POT-TER-24|Terracotta pot, 24 cm|12.50
SED-TOM-25|Tomato seeds, 25 grains|2.95
CAN-WTR-05|Watering can, 5 l|32.00
GLV-GDN-M|Gardening gloves, M|13.00
BRD-FDR-WD|Bird feeder, wood|26.00
HOS-GDN-20|Garden hose, 20 m|37.00
PZL-WLD-1K|Puzzle of the world, 1,000 pieces|18.50
GME-CHS-WD|Chess set, wood|59.00
BLK-TOY-50|Building blocks, 50 pieces|35.00
KTE-RNB-01|Rainbow kite|22.00
YRN-ALP-50|Alpaca yarn, 50 g|9.20
NDL-KNT-04|Knitting needles, 4 mm|7.90
CRD-GRT-10|Greeting cards, set of 10|12.00
RBN-SAT-10|Satin ribbon, 10 m|3.20
CLC-WAL-PL|Wall planner|15.00
INK-BLU-50|Blue ink, 50 ml|10.50
STP-MTL-BK|Metal stapler, black|17.00
BIN-PPR-WR|Waste-paper basket, wire|23.00
""")

_CENT = Decimal("0.01")

MARKETS = (
    Market("DE", "EUR", Decimal("1"), _CENT, ("Leipzig", "Bremen", "Freiburg")),
    Market("FR", "EUR", Decimal("1.04"), _CENT, ("Nantes", "Lille", "Annecy")),
    Market("GB", "GBP", Decimal("0.88"), _CENT, ("Leeds", "Bristol", "Dundee")),
    Market("US", "USD", Decimal("1.15"), _CENT, ("Portland", "Madison", "Savannah")),
    Market("NL", "EUR", Decimal("1.02"), _CENT, ("Utrecht", "Groningen")),
    Market("CH", "CHF", Decimal("1.1"), Decimal("0.05"), ("Basel", "Luzern")),
    Market("SE", "SEK", Decimal("11.5"), Decimal("1"), ("Uppsala", "Malmö")),
    Market("PL", "PLN", Decimal("4.4"), _CENT, ("Kraków", "Gdańsk")),
    Market("JP", "JPY", Decimal("165"), Decimal("1"), ("Kyoto", "Sapporo")),
    Market("KW", "KWD", Decimal("0.35"), Decimal("0.005"), ("Hawalli",)),
)

FIRST_NAMES = (
    *("Ada", "Amal", "Anton", "Beatriz", "Carla", "Chiyo", "Dario", "Elif", "Emil"),
    *("Fatima", "Finn", "Greta", "Hana", "Ivo", "Jonas", "Kaveh", "Lena", "Louis"),
    *("Maja", "Milan", "Nadia", "Noor", "Olga", "Paul", "Rosa", "Sami", "Tove", "Zoe"),
)
LAST_NAMES = (
    *("Abel", "Baker", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad"),
    *("Ito", "Jansen", "Kowalski", "Lund", "Moreau", "Novak", "Okafor", "Petrov"),
    *("Quist", "Rossi", "Sato", "Tanaka", "Ueda", "Vogel", "Weber", "Yilmaz", "Zani"),
)
STREETS = (
    "Mill Lane",
    "Station Road",
    "Garden Street",
    "Harbour View",
    "Church Walk",
    "Market Square",
    "Elm Avenue",
    "River Bank",
)

CARRIERS = ("Northpost", "Swiftline", "Parcel & Co", "Blue Van")
METHODS = ("card", "card", "card", "transfer", "wallet", "invoice")

NOTES = (
    "Please ring the bell twice.",
    "It is a present: no price list, please.",
    "Leave it with the neighbours at number 12.",
    "Called about the delivery date;\npromised an answer by Friday.",
    "Deliver after 17:00.",
)
PAYMENT_FAILURES = ("card declined", "card expired", "not confirmed by the bank")
DELIVERY_FAILURES = ("nobody at home", "address not found", "parcel shop closed")
CANCELLATIONS = ("ordered by mistake", "found it cheaper", "takes too long")
SHORTAGES = ("out of stock", "damaged in the warehouse")
RETURNS = ("does not fit", "damaged on arrival", "not as pictured", "changed my mind")
