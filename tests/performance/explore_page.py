"""Frames per second while the map of `artbench explore` is moved, in headless Chromium without a GPU.

    python tests/performance/explore_page.py [--pictures 100000]

Prints, for a page of so many pictures at 1280 px: frames per second while it is moved, the least time that a frame took
to draw, both with and without pictures on the map, and the ratio of the frames to those of a page that draws nothing.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from artbench.catalogue.nearest import Nearest
from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.explain.map.layout import Layout
from artbench.explore.clusters import Cluster, Clusters
from artbench.explore.contents import Exploration
from artbench.explore.page import write_page
from artbench.explore.pictures import Pictures, webp
from artbench.protocol import DEFAULT_PROTOCOL

MOVING = """
const [moves, done] = [arguments[0], arguments[arguments.length - 1]];
let frames = 0, start = 0;
const step = (now) => {
  if (!start) start = now;
  if (now - start > 4000) {
    const timed = () => { const before = performance.now(); plot.draw(); return performance.now() - before; };
    const times = Array.from({ length: 15 }, timed);
    done([1000 * frames / (now - start), times.sort((one, other) => one - other)[0]]);
    return;
  }
  frames += 1;
  if (moves) plot.pan(12 * Math.cos(frames / 20), 12 * Math.sin(frames / 20));
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""


def made(count: int) -> Exploration:
    """Return an exploration of pictures that were not looked at: 40 clouds of points."""
    random = np.random.default_rng(0)
    of = np.sort(random.integers(0, 40, count))
    centres = random.uniform(-0.8, 0.8, (40, 2))
    places = np.clip(centres[of] + 0.07 * random.standard_normal((count, 2)), -1, 1)
    places /= np.abs(places).max()
    small = [webp(np.full((64, 80, 3), shade, np.uint8)) for shade in range(0, 250, 10)]
    sizes = np.bincount(of, minlength=40)
    return Exploration(
        dataset=Dataset(name="made", root=Path(), ids=[f"{at:06}.jpg" for at in range(count)], files=[""] * count),
        rows=np.arange(count),
        of=count,
        unreadable=0,
        encoder=cast("Encoder", SimpleNamespace(backbone="none", pretraining="none")),
        device="cpu",
        texts=None,
        preprocessing=DEFAULT_PROTOCOL.picture,
        points=np.zeros((count, 1), np.float32),
        columns={"kind": [f"kind {number % 12}" for number in of.tolist()]},
        layout=Layout(places=places, method="pca", kept=1.0, dimensions=2),
        kept=1.0,
        near=Nearest(
            start=0,
            places=(np.arange(count)[:, None] + np.arange(1, 13)) % count,
            scores=np.ones((count, 12), np.float32),
        ),
        clusters=Clusters(found=[Cluster(size=int(size), typical=[0], values={}) for size in sizes], of=of),
        pictures=Pictures(
            encoded=[small[at % len(small)] for at in range(count)],
            greys=np.zeros((0, 48, 48), np.uint8),
            comparable=np.zeros(0, bool),
            side=64,
        ),
        twins=[],
        judged=[],
        seed=0,
        page=None,
    )


def browser() -> Any:
    """Open Chromium with a window of 1280 px, without a GPU."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.add_argument("--window-size=1280,1000")
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    count = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as folder, browser() as driver:
        file = Path(folder) / "explore.html"
        write_page(made(count), file)
        driver.set_script_timeout(120)
        driver.get(file.as_uri())
        still, _ = driver.execute_async_script(MOVING, False)
        print(f"{count:,} pictures, a page of {file.stat().st_size / 1e6:.1f} MB")
        print(f"nothing is drawn: {still:.1f} frames per second")
        for what, thumbs in (("with pictures on the map", True), ("points alone", False)):
            driver.execute_script("plot.set({ thumbs: arguments[0] }); plot.zoom(1.5)", thumbs)
            frames, drawing = driver.execute_async_script(MOVING, True)
            print(
                f"{what}: {frames:.1f} frames per second ({frames / still:.2f}), {drawing:.1f} ms at least to draw one"
            )


if __name__ == "__main__":
    main()
