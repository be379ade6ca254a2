import os

import pytest
from export_files import ACCOUNTS, LINES, PAYMENTS, line, payment, write, write_bytes
from thermocline.errors import InputError
from thermocline.landing.catalogue import Source, adopt, sources
from thermocline.landing.land import land
from thermocline.landing.outstanding import configured


def test_the_first_run_writes_down_what_the_exports_are(home, exports):
    write(exports, "billing/2024-01-05/Payments.csv", PAYMENTS, payment(1))
    write(exports, "crm/2024-01-05/Account.csv", ACCOUNTS)
    assert sources(home) == ()
    adopted = adopt(home, exports)
    assert (
        adopted
        == sources(home)
        == (Source("kontor", "kontor", exports), Source("salesforce", "salesforce", exports))
    )
    before = (home.config / "sources.yml").read_bytes()
    assert adopt(home, exports) == adopted
    assert (home.config / "sources.yml").read_bytes() == before
    assert configured(home, "crm")
    assert configured(home, "billing")


def test_a_location_in_the_home_is_kept_relative_so_that_the_home_can_move(home):
    write(home.exports, "Payments.csv", PAYMENTS, payment(1))
    adopt(home, home.exports)
    assert "location: exports" in (home.config / "sources.yml").read_text()
    moved = type(home)(home.root.rename(home.root.with_name("moved")))
    assert sources(moved)[0].location == moved.exports


@pytest.mark.parametrize(
    "fill",
    [
        lambda _: None,
        lambda f: (f / "truth.json").write_text("{}"),
        lambda f: (f / "README.txt").write_text("hello"),
    ],
)
def test_a_folder_without_data_is_refused(home, exports, fill):
    fill(exports)
    with pytest.raises(InputError, match="holds no exports: put"):
        adopt(home, exports)
    assert not (home.config / "sources.yml").exists()


def test_a_folder_that_is_none_is_refused(home, exports):
    with pytest.raises(InputError, match="doesn't exist"):
        adopt(home, exports / "nowhere")
    with pytest.raises(InputError, match="isn't a folder"):
        adopt(home, write(exports, "Payments.csv", PAYMENTS))


def test_a_folder_of_unknown_files_is_refused_with_the_nearest_mapping(home, exports):
    write(exports, "sums.csv", PAYMENTS.replace("PaidOn", "Day"))
    with pytest.raises(InputError) as refusal:
        adopt(home, exports)
    message = str(refusal.value)
    assert str(exports) in message
    assert "sums.csv matches no mapping" in message
    assert "nearest: kontor payments, missing PaidOn" in message


def test_exports_of_another_company_are_refused_and_nothing_changes(home, exports, tmp_path):
    write(exports, "2024-01-05.csv", LINES, line(1))
    adopt(home, exports)
    before = (home.config / "sources.yml").read_bytes()
    other = tmp_path / "other"
    write(other, "Payments.csv", PAYMENTS, payment(1))
    write(other, "Account.csv", ACCOUNTS)
    with pytest.raises(InputError, match=r"another company .*THERMOCLINE_HOME.*sources.yml"):
        adopt(home, other)
    assert (home.config / "sources.yml").read_bytes() == before


def test_foreign_files_among_the_homes_own_are_left_out_with_a_warning(home, exports):
    write(exports, "2024-01-05.csv", LINES, line(1))
    adopt(home, exports)
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    write(exports, "notes.csv", "a,b", "1,2")
    warnings: list[str] = []
    landing = land(home, "billing", warn=warnings.append)
    assert (landing.landed, sorted(landing.left_out)) == (1, ["Payments.csv", "notes.csv"])
    assert warnings == [
        "Payments.csv is skipped: it is a kontor export, which isn't among this home's sources "
        "(config/sources.yml)",
        "notes.csv is skipped: it matches no mapping (columns: a, b)",
    ]
    again: list[str] = []
    land(home, "billing", warn=again.append)
    assert again == warnings
    silent: list[str] = []
    land(home, "crm", warn=silent.append)
    assert silent == []


def test_the_second_system_may_join_later_in_the_homes_own_folder_only(home):
    write(home.exports, "Payments.csv", PAYMENTS, payment(1))
    land(home, "billing")
    assert not configured(home, "crm")
    write(home.exports, "Account.csv", ACCOUNTS, "001" + "," * 16)
    assert land(home, "crm").landed == 1
    assert [source.name for source in sources(home)] == ["kontor", "salesforce"]
    write(home.exports, "2024-01-05.csv", LINES, line(1))
    landing = land(home, "billing")
    assert (landing.landed, list(landing.left_out)) == (0, ["2024-01-05.csv"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sources: [{mapping: nope, location: x}]", "line 1, sources[1].mapping: expected one of"),
        ("sources:\n- {mapping: kontor}", "line 2, sources[1]: expected the key 'location'"),
        (
            "sources:\n- {mapping: kontor, location: a, extent: full}",
            "line 2, sources[1].extent: expected the key 'mode', the new name of 'extent'",
        ),
        (
            "sources:\n- {mapping: kontor, location: a, rhythm_days: 1}",
            "line 2, sources[1].rhythm_days: expected the key 'expected_every_days', the new name",
        ),
        (
            "sources:\n- {mapping: kontor, location: a}\n- {mapping: kontor, location: b, name: c}",
            "line 3, sources[2].mapping: expected a mapping that no other source uses",
        ),
        (
            "sources:\n- {mapping: kontor, location: a, name: 'a:b'}",
            "line 2, sources[1].name: expected an own name",
        ),
        ("source: []", "line 1, source: expected one of the keys sources"),
    ],
)
def test_a_wrong_list_of_sources_names_line_and_key(home, text, expected):
    (home.config / "sources.yml").write_text(text)
    with pytest.raises(InputError) as refusal:
        sources(home)
    assert str(refusal.value).startswith(f"{home.config / 'sources.yml'}, {expected}")


def test_what_is_no_data_makes_no_noise(home, exports):
    write(exports, "Payments.csv", PAYMENTS, payment(1))
    for path in (
        "truth.json",
        "README.md",
        "readme.csv",
        ".hidden.csv",
        "~$Payments.csv",
        "config/links.csv",
        ".git/x.csv",
        "_SUCCESS",
    ):
        write_bytes(exports, path, b"a,b\n")
    os.mkfifo(exports / "pipe.csv")
    warnings: list[str] = []
    landing = land(home, "billing", exports, warn=warnings.append)
    assert (landing.landed, landing.left_out, warnings) == (1, {}, [])
    assert landing.ignored == 9
