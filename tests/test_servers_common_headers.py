"""The header fields that do not depend on the request."""

from servers.http.common_headers import CommonHeaders


def test_the_date_is_made_once_a_second() -> None:
    moments = iter([0.0, 0.9, 1.1])
    common_headers = CommonHeaders(lambda: next(moments))
    first = common_headers.fields(last=False)
    assert first == (b"Server: getflags-servers\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n")
    assert common_headers.fields(last=False) is first
    assert common_headers.fields(last=True) == (
        b"Server: getflags-servers\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\n"
        b"Connection: close\r\n\r\n"
    )
