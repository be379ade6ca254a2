"""A ledger whose last line was torn by a killed publisher."""

from made_company import Begun
from thermocline.audit.verification import verify


def test_killed_while_the_ledger_is_written(begun: Begun) -> None:
    home = begun.home
    with home.ledger.open("ab") as ledger:
        ledger.write(b'{"kind":"intent","publica')
    report = verify(home)
    assert report.exit_code == 0
    assert any("last line was never finished" in line for line in report.lines())
    assert begun.publish().publication_id == "2011-12-10-0002"
    assert verify(home).lines()[0].startswith("intact")
