"""The fields that close a head."""

from servers.http.dateline import Dateline


def test_the_date_is_made_once_a_second() -> None:
    moments = iter([0.0, 0.9, 1.1])
    dateline = Dateline(lambda: next(moments))
    first = dateline.fields(last=False)
    assert first == (b"Server: getflags-servers\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n")
    assert dateline.fields(last=False) is first
    assert dateline.fields(last=True) == (
        b"Server: getflags-servers\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\n"
        b"Connection: close\r\n\r\n"
    )
