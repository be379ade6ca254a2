"""dbt's documentation of what is published: one page, rendered once for a state of the project."""

from pathlib import Path

from screened import Screened
from thermocline.building.documentation import render


def test_the_page_tells_of_the_models_and_is_rendered_once_for_a_state_of_the_project(
    example: Screened, tmp_path: Path
) -> None:
    home = example.copy(tmp_path / "home")
    assert render(home)
    page = home.site / "index.html"
    text = page.read_text(encoding="utf-8")
    for name in ("account_segments", "int_heat_days"):
        assert f'"name": "{name}"' in text
    page.write_text("rendered before")
    assert not render(home)
    assert page.read_text() == "rendered before"
    (home.site / ".index.of").write_text("another state")
    assert render(home)
    assert page.read_text(encoding="utf-8") != "rendered before"
