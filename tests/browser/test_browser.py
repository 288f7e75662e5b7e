"""The report in a browser, opened as a reader opens it."""

import io
import json
import os
import re
import shutil

import numpy as np
import pytest
from helpers.small_campaign import with_networks
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from wallnet import files

pytestmark = [pytest.mark.browser, pytest.mark.campaign]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """Yield Chromium without a window and without network."""
    browser, program = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and program):
        # as in .ci/run, which installs both
        outcome = pytest.fail if os.environ.get("WALLNET_BROWSER") == "required" else pytest.skip
        outcome("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    options.binary_location = browser
    for argument in (
        "headless",
        "disable-gpu",
        "disable-background-networking",
        "no-first-run",
        "window-size=1400,1000",
    ):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # with it, Chromium refuses to run as root
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(program))
    started.set_script_timeout(60)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def report(driver, finished_campaign, tmp_path_factory):
    page = tmp_path_factory.mktemp("page") / "report.html"
    finished_campaign.snakemake("--report", page)
    driver.get(page.as_uri())
    return driver


def test_every_figure_and_table_can_be_looked_at(report, finished_campaign):
    results = report.execute_script("return results")
    figures = finished_campaign.folder / "results/figures"
    expected = {f"results/figures/{path.relative_to(figures)}" for path in figures.rglob("*.png")}
    assert len(expected) > 5
    expected |= {"results/tables/accuracy.html", "results/tables/parameters.html"}
    assert expected <= set(results)
    for path, result in results.items():
        assert result["caption"].strip(), path
        if path.endswith(".png"):
            width = report.execute_async_script(
                "const done = arguments[1], image = new Image();"
                "image.onload = () => done(image.naturalWidth); image.onerror = () => done(0);"
                "image.src = arguments[0];",
                result["data_uri"],
            )
            assert width > 400, path


def column(driver, caption, number):
    """Return the texts of a column of the table with this caption, from top to bottom."""
    return driver.execute_script(
        "const table = [...document.querySelectorAll('table')].find("
        "  each => each.caption.textContent === arguments[0]);"
        "return [...table.tBodies[0].rows].map(row => row.cells[arguments[1]].textContent);",
        *(caption, number),
    )


def test_the_tables_of_the_summary_sort_by_a_click(driver, finished_campaign):
    driver.get((finished_campaign.folder / "results/summary.html").as_uri())
    table = "synapse at 0 K: levels"
    before = column(driver, table, 2)
    path = f"//table[caption='{table}']//th[3]/span"
    head = driver.find_element(By.XPATH, path)
    head.click()
    up = column(driver, table, 2)
    assert sorted(up) == sorted(before)
    numbers = [float(text) for text in up if text != "–"]
    assert len(numbers) > 2
    assert numbers == sorted(numbers)
    assert up[len(numbers) :] == ["–"] * (len(up) - len(numbers))
    head.send_keys(Keys.ENTER)
    down = column(driver, table, 2)
    assert down == [*reversed(up[: len(numbers)]), *up[len(numbers) :]]
    # other text sorts alphabetically
    driver.find_element(By.XPATH, f"//table[caption='{table}']//th[2]/span").click()
    states = column(driver, table, 1)
    assert states == sorted(states)


@pytest.mark.parametrize(
    ("width", "page"),
    [(1400, "summary.html"), (400, "summary.html"), (1300, "tables/devices/synapse.html")],
)
def test_a_page_need_not_be_scrolled_sideways(driver, finished_campaign, width, page):
    shape = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    driver.get((finished_campaign.folder / "results" / page).as_uri())
    wide = driver.execute_script(
        "return [innerWidth, ...[document.documentElement, ...document.querySelectorAll('.wide')]"
        "  .map(each => each.scrollWidth - each.clientWidth)]"
    )
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide[0] == width
    assert max(wide[1:]) <= 0


# The moving pictures


@pytest.fixture(scope="module")
def warm(finished_campaign, tmp_path_factory):
    """Return the summary of a campaign after a study that it does not ask for."""
    campaign = finished_campaign.copied(tmp_path_factory.mktemp("warm") / "campaign")
    thermal = {"device": "synapse", "current_densities": [2.0e12], "duration": 0.3e-9}
    thermal |= {"pause": 0.4e-9, "free_time": 0.6e-9, "replicas": 2}
    short = {"equilibration": 0.1e-9}
    mild, hot = {"ambient": 310} | short, {"ambient": 290, "heating": "pulse"} | short
    thermal["variants"] = {"mild": {"temperature": mild}, "hot": {"temperature": hot}}
    campaign.configure(with_networks() | {"thermal": {"some": thermal}})
    campaign.snakemake("thermal")
    return campaign.folder / "results/summary.html"


@pytest.fixture
def page(driver, warm):
    """Open the summary and wait for its pictures; yield a function that sets the width."""
    driver.get_log("performance")

    def opened(width=1300):
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        driver.get(warm.as_uri())
        still(driver)

    yield opened
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def still(driver):
    """Wait until Bokeh has drawn all pictures."""
    driver.execute_async_script(
        "const done = arguments[0], look = () => document.getElementById('now')?.textContent"
        "  && Bokeh.documents.length === 3 && Bokeh.documents.every(each => each.is_idle)"
        "  ? setTimeout(done, 300) : setTimeout(look, 50);"
        "look();"
    )


FIGURES = """
const found = [], look = root => root.querySelectorAll("*").forEach(each => {
  // those of a legend are small
  if (each.tagName === "CANVAS" && each.clientHeight > 60) found.push(each);
  if (each.shadowRoot) look(each.shadowRoot);
});
look(document.getElementById("pictures"));
return found.map(each => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height];
});
"""
"""Places of the figures on the page, in px."""


def figures(driver):
    """Return the figures from top to bottom, as arrays of colours."""
    count = len({tuple(place) for place in driver.execute_script(FIGURES)})
    return [looked_at(driver, number)[0] for number in range(count)]


def looked_at(driver, number):
    """Scroll to a figure; return its colours and its left upper corner in the window in px."""
    places = sorted({tuple(place) for place in driver.execute_script(FIGURES)}, key=lambda p: p[1])
    x, y, width, height = places[number]
    driver.execute_script("scrollTo(0, arguments[0])", y - 100)
    top = y - driver.execute_script("return scrollY")
    whole = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    return np.asarray(whole.crop((x, top, x + width, top + height))).astype(int), (x, top)


def differing(driver, before):
    """Return for each figure whether it differs from one of before."""
    return [not np.array_equal(*pair) for pair in zip(before, figures(driver), strict=True)]


def wait_until(driver, condition):
    """Wait until a condition holds: Bokeh draws after the script that changes its data."""
    WebDriverWait(driver, 60).until(lambda _: condition())


def wall_on_map(driver, length):
    """Return where the reversed domain, which is blue, ends on the map, in units of `length`."""
    row = figures(driver)[0][40]
    film = np.flatnonzero(row[:, 2] < 240)
    blue = np.flatnonzero(row[:, 2] - row[:, 0] > 40)
    return length * (blue[-1] - film[0]) / (film[-1] - film[0])


def test_the_slider_moves_the_wall(driver, page, warm):
    page()
    Select(driver.find_element(By.ID, "pulse")).select_by_index(2)
    slider = driver.find_element(By.ID, "snapshot")
    # the pulse of 3e12 A/m²; the blue ends where m_z is about zero
    data = files.read_dataset(warm.with_name("devices") / "synapse.nc", "synapse")
    end = float(data["final_wall_position"][2]) / 1e-9
    times = []
    for key, wall in ((Keys.HOME, 40), (Keys.END, end), (Keys.ARROW_LEFT, None)):
        slider.send_keys(key)
        if wall:
            wait_until(driver, lambda wall=wall: abs(wall_on_map(driver, 360) - wall) < 8)
        times.append(float(driver.find_element(By.ID, "now").text.removesuffix(" ns")))
    assert times[0] == 0
    assert times[0] < times[2] < times[1] == float(data["end_time"][2]) / 1e-9


def test_the_film_plays_until_it_is_paused(driver, page):
    page()
    button, time = (driver.find_element(By.ID, name) for name in ("play", "now"))
    # the state at the end is shown first, and the film begins at the start
    assert float(time.text.removesuffix(" ns")) > 0
    assert button.text == "Play"
    seen = set()
    button.click()
    wait_until(driver, lambda: seen.add(time.text) or (len(seen) > 3 and "0.00 ns" in seen))
    assert button.text == "Pause"
    button.click()
    last = time.text
    still(driver)
    assert (time.text, button.text) == (last, "Play")


def test_a_synapse_has_the_names_of_its_levels_and_a_neuron_its_transfer_curve(driver, page):
    page()
    read = "return document.querySelector('#pictures h3').textContent"
    names = (
        "return [...Bokeh.documents.map(page => page.get_model_by_name('names')).find(part => part)"
        "  .major_label_overrides.values()]"
    )
    assert driver.execute_script(read) == "Conductance levels"
    assert "notch 1" in driver.execute_script(names)
    Select(driver.find_element(By.ID, "device")).select_by_visible_text("neuron")
    still(driver)
    assert driver.execute_script(read) == "Transfer curve"
    assert driver.execute_script(names) == []


def test_the_state_is_under_the_pointer(driver, page):
    page()
    colours, (left, top) = looked_at(driver, 4)
    # the last dot of the sweep, in Okabe and Ito's blue
    rows, columns = np.nonzero((abs(colours - [0, 114, 178]) < 8).all(axis=2))
    last = columns > columns.max() - 8
    actions = ActionBuilder(driver)
    place = left + columns[last].mean(), top + rows[last].mean()
    actions.pointer_action.move_to_location(*map(int, place))
    actions.perform()
    shown = (
        "const look = root => [...root.querySelectorAll('*')].flatMap(each => each.shadowRoot"
        "  ? [each.shadowRoot.textContent, ...look(each.shadowRoot)] : []);"
        "return look(document).join(' ');"
    )
    state = re.compile(r"state:\s*free, beyond the model\s*J:\s*3.0000 × 10¹² A/m²")
    wait_until(driver, lambda: state.search(driver.execute_script(shown)))


def test_device_pulse_and_study_are_chosen(driver, page):
    page()
    device, pulse, study = (
        Select(driver.find_element(By.ID, name)) for name in ("device", "pulse", "study")
    )
    assert device.first_selected_option.text == "synapse"
    assert [option.text for option in study.options] == ["some, mild", "some, hot"]
    before = figures(driver)
    assert len(before) == 6
    study.select_by_index(1)
    wait_until(driver, lambda: differing(driver, before) == [False] * 5 + [True])
    pulse.select_by_index(0)
    wait_until(driver, lambda: all(differing(driver, before)))
    device.select_by_visible_text("neuron")
    still(driver)
    assert not driver.find_element(By.ID, "heat").is_displayed()
    assert len(figures(driver)) == 5
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def test_the_axis_of_a_single_pulse_ends_beside_it(driver, page):
    """It would span 2e12 A/m², in most devices from below zero."""
    page()
    ends = (
        "const { x_range } = Bokeh.documents.map(page => page.get_model_by_name('chances'))"
        "  .find(part => part);"
        "return [x_range.start, x_range.end];"
    )
    assert driver.execute_script(ends) == pytest.approx([1.9, 2.1], abs=0.05)


CUT = """
const cut = [], seen = each => each.clientWidth && getComputedStyle(each).visibility !== "hidden";
for (const each of document.querySelectorAll("body *")) {
  const hides = !["visible", "auto", "scroll"].includes(getComputedStyle(each).overflowX);
  if (seen(each) && hides && each.scrollWidth > each.clientWidth + 1) cut.push(each.outerHTML);
}
const pen = document.createElement("canvas").getContext("2d");
for (const each of [...document.querySelectorAll("select")].filter(seen)) {
  pen.font = getComputedStyle(each).font;
  for (const { text } of each.options)
    if (pen.measureText(text).width + 16 > each.clientWidth) cut.push(text);
}
return cut;
"""
"""Elements with hidden text, and choices that are wider than their box."""


@pytest.mark.parametrize("width", [1300, 400])
def test_no_text_is_cut(driver, page, width):
    """Text of a figure that is cut would be at the edge of its canvas."""
    page(width)
    for device in ("synapse", "neuron"):
        Select(driver.find_element(By.ID, "device")).select_by_visible_text(device)
        still(driver)
        assert driver.execute_script(CUT) == []
        for colours in figures(driver):
            edges = (colours[1:2], colours[-2:-1], colours[:, 1:2], colours[:, -2:-1])
            assert all((edge > 250).all() for edge in edges)


def test_nothing_leaves_the_page(driver, page, warm):
    page()
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert warm.as_uri() in urls
    assert {url.partition(":")[0] for url in urls} <= {"file", "data"}
    assert [url for url in urls if url.startswith("file:")] == [warm.as_uri()]
    assert warm.stat().st_size < 5e6


def test_paper_has_the_fixed_figures_only(driver, page):
    page(700)
    shown = (
        "return [...document.querySelectorAll('#pictures, .paper')].map(each => each.clientHeight)"
    )
    pictures, *fixed = driver.execute_script(shown)
    assert pictures > 1000
    assert fixed == [0]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    pictures, *fixed = driver.execute_script(shown)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert pictures == 0
    assert min(fixed) > 100
