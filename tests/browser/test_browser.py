"""The report in a browser, opened as a reader opens it."""

import os
import shutil

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.campaign]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """Yield Chromium without a window and without network."""
    browser, program = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and program):
        pytest.skip("chromium and chromedriver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
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
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

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
