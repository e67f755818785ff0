"""A small collection as a museum might have it, with copies, a broken file, a wrong label and hostile texts."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
FORMULA = '=HYPERLINK("https://example.org")'
# Pictures of each class; the sky of one class is red, that of the other blue.
EACH = 20
WRONG, COPY, CROP, BROKEN = "red-03.png", "copy.png", "crop.jpg", "broken.jpg"


def painted(number: int, sky: tuple[int, int, int]) -> Image.Image:
    """Return a picture that is like no other: blocks drawn by its number, under a sky."""
    random = np.random.default_rng(number)
    blocks = random.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    blocks[:2] = np.clip(np.array(sky) + random.integers(-20, 20, (2, 8, 3)), 0, 255)
    return Image.fromarray(blocks).resize((200, 150), Image.Resampling.BICUBIC)


def collect(folder: Path) -> Path:
    """Make the pictures and a table of them; return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(2 * EACH):
        red = number < EACH
        name = f"{'red' if red else 'blue'}-{number % EACH:02}.png"
        painted(number, (200, 40, 40) if red else (40, 60, 200)).save(folder / name)
        sky = "red" if red else "blue"
        rows.append([name, "blue" if name == WRONG else sky, str(1600 + 5 * number), f"Title {number}"])
    original = painted(5, (200, 40, 40))
    (folder / COPY).write_bytes((folder / "red-05.png").read_bytes())
    ImageEnhance.Brightness(original.crop((6, 4, 196, 148))).enhance(1.1).save(folder / CROP, quality=80)
    (folder / BROKEN).write_bytes(b"\xff\xd8\xff nothing")
    rows += [[COPY, "red", "1625", HOSTILE], [CROP, "red", "1625", FORMULA], [BROKEN, "red", "1625", "Broken"]]
    table = folder / "museum.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "sky", "year", "title"])
        writer.writerows(rows)
    return table
