"""A reader that has a publication open, while others follow."""

import duckdb
from made_company import Begun
from thermocline.publishing.publication import database


def test_a_reader_keeps_its_publication_while_others_follow(begun: Begun) -> None:
    path, counted = str(database(begun.home)), "select count(*) from reporting.account_segments"
    with duckdb.connect(path, read_only=True) as connection:
        begun.publish()
        assert connection.execute(counted).fetchall() == [(5,)]
        with duckdb.connect(path, read_only=True) as later:
            assert later.execute(counted).fetchall() == [(7,)]
