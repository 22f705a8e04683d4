"""URLs: what goes on the wire, what is refused, and what people get to see."""

from base64 import b64decode
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from getflags.core import urls
from getflags.core.urls import BadURL, clean, identity, join, origin, redact, split_credentials
from tests.messages import BAD_PORT, WRONG_SCHEME

relaxed = settings(deadline=None)

# Text that comes near to a URL more often than chance would have it.
pieces = st.sampled_from(
    [
        "http://",
        "https://",
        "u:p@",
        "h",
        "[::1]",
        ":80",
        "/",
        "?",
        "#",
        "%2e",
        "%",
        "\\",
        ".",
        "xn--",
    ]
) | st.text(max_size=4)
near_urls = st.tuples(
    st.sampled_from(["http://", "https://", "HTTP://", ""]), st.lists(pieces, max_size=8)
).map(lambda drawn: drawn[0] + "".join(drawn[1]))


@pytest.mark.parametrize(
    "url",
    [
        "http://h/",
        "https://example.org/a/b.gif?c=d&e=f",
        "http://h:8000/flags/br/br.gif",
        "http://h:65535/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://[::ffff:1.2.3.4]:8080/x",
        "http://a_b.example/x",
        "http://u:p@h/",
        "http://h/%E4%20%2F",
        "http://h/100%",
        "http://h/[a]|b",
        "http://h/x:y@z?q=http://o/",
        "http://xn--tda.example/",
    ],
)
def test_a_url_that_is_clean_stays_as_it_is(url: str) -> None:
    assert clean(url) == url


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("http://h", "http://h/"),
        ("http://h?q", "http://h/?q"),
        ("http://h?", "http://h/?"),
        ("http://h/p?", "http://h/p?"),
        ("http://h:65535/p?", "http://h:65535/p?"),
        ("HTTP://H/p?", "http://h/p?"),
        ("http://[::1]/p?", "http://[::1]/p?"),
        ("http://u:p@h/p?", "http://u:p@h/p?"),
        ("http://h/\u00e4?", "http://h/%C3%A4?"),
        ("http://h/p?#", "http://h/p?"),
        ("http://h/p?#a?b", "http://h/p?"),
        ("http://h/p#?", "http://h/p"),
        ("HTTP://H/Path", "http://h/Path"),
        ("http://h:/x", "http://h/x"),
        ("http://H:080/x", "http://h:80/x"),
        ("http://h/a#part", "http://h/a"),
        ("http://h/a?b#part", "http://h/a?b"),
        ("http://h/\u00e4?\u00f6", "http://h/%C3%A4?%C3%B6"),
        ('http://h/a"<b>', "http://h/a%22%3Cb%3E"),
        ("http://h/a\\b", "http://h/a%5Cb"),
        ("http://h/\udcff?\udc80", "http://h/%FF?%80"),
        ("http://h/\u202egif", "http://h/%E2%80%AEgif"),
        ("http://\u00fc.example/", "http://xn--tda.example/"),
        ("http://\u00fc\u3002example/", "http://xn--tda.example/"),
        ("http://\ufb00.example/", "http://ff.example/"),
        ("http://\u00fc:\u00e4@h/", "http://%C3%BC:%C3%A4@h/"),
        ("http://u:\udcff@h/", "http://u:%FF@h/"),
        ("http://u:p@ss@h/", "http://u:p%40ss@h/"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]:80/"),
    ],
)
def test_what_people_type_is_encoded_as_browsers_do(typed: str, sent: str) -> None:
    assert clean(typed) == sent


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://h/a b", "space or a control"),
        ("http://h/a\r\nHost: evil", "space or a control"),
        ("http://h/\x00", "space or a control"),
        ("http://h/\x1b[2J", "space or a control"),
        ("http://h/\x7f", "space or a control"),
        ("http://h/\x85", "space or a control"),
        ("http://h/\u2028", "space or a control"),
        (" http://h/", "space or a control"),
        ("http://[::1", "malformed"),
        ("http://[zz]/", "malformed"),
        ("http://h:99999/", BAD_PORT),
        ("http://h:65536/", BAD_PORT),
        ("http://h:-1/", BAD_PORT),
        ("http://h:http/", BAD_PORT),
        ("http://h:\u0661/", BAD_PORT),
        ("", WRONG_SCHEME),
        ("h/a.gif", WRONG_SCHEME),
        ("//h/a.gif", WRONG_SCHEME),
        ("ftp://h/", WRONG_SCHEME),
        ("file:///etc/passwd", WRONG_SCHEME),
        ("javascript:alert(1)", WRONG_SCHEME),
        ("data:,x", WRONG_SCHEME),
        ("http:///x", "no host"),
        ("http:/h/x", "no host"),
        ("http:h", "no host"),
        ("http://u:p@/", "no host"),
        ("http://:80/", "no host"),
        ("http://good\\@evil/", "no host"),
        ("http://%41/", "host name is not valid"),
        ("http://h%00/", "host name is not valid"),
        ("http://a^b/", "host name is not valid"),
        (f"http://{'a' * 64}/", "host name is not valid"),
        (f"http://{'a' * 64}.example/", "host name is not valid"),
        ("http://" + "\u00fc" * 64 + "/", "host name is not valid"),
        ("http://\u00ad/", "host name is not valid"),
    ],
)
def test_what_cannot_be_a_url_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(BadURL, match=why):
        clean(url)


def test_a_label_of_63_characters_is_the_longest() -> None:
    url = f"http://{'a' * 63}.{'b' * 63}/"
    assert clean(url) == url


@given(near_urls)
@example("http://h/?")
@example("http://h/?#")
@example("http://u@h@i:80/\u00e4")
@relaxed
def test_cleaning_gives_ascii_once_and_for_all_or_is_refused(text: str) -> None:
    try:
        url = clean(text)
    except BadURL:
        return
    assert url.isascii()
    assert clean(url) == url
    assert urlsplit(url).hostname
    assert not urlsplit(url).fragment


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/a", "http://h:80"),
        ("http://h:80/", "http://h:80"),
        ("https://h/", "https://h:443"),
        ("https://h:80/", "https://h:80"),
        ("http://u:p@h/", "http://h:80"),
        ("http://[::1]/", "http://[::1]:80"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("url", "bare", "pair"),
    [
        ("http://u:p@h/a?b", "http://h/a?b", b"u:p"),
        ("http://u@h:81/", "http://h:81/", b"u:"),
        ("http://:p@h/", "http://h/", b":p"),
        ("http://u:a:b@h/", "http://h/", b"u:a:b"),
        ("http://u%3A:p%40%FF@h/", "http://h/", b"u::p@\xff"),
        ("https://u:p@[::1]:8443/", "https://[::1]:8443/", b"u:p"),
        ("http://u:p@h/p?", "http://h/p?", b"u:p"),
        ("http://u:p@h:65535/?", "http://h:65535/?", b"u:p"),
    ],
)
def test_credentials_move_from_the_url_into_a_field(url: str, bare: str, pair: bytes) -> None:
    rest, login = split_credentials(url)
    assert rest == bare
    assert login is not None
    assert login.startswith("Basic ")
    assert b64decode(login.removeprefix("Basic "), validate=True) == pair


def test_a_url_without_credentials_asks_for_no_authorization() -> None:
    assert split_credentials("http://h/a@b?c@d") == ("http://h/a@b?c@d", None)


@given(st.text(), st.text())
@relaxed
def test_the_server_reads_the_credentials_that_were_typed(user: str, password: str) -> None:
    typed = f"http://{quote(user, safe='')}:{quote(password, safe='')}@h/x"
    rest, login = split_credentials(clean(typed))
    assert rest == "http://h/x"
    assert login is not None
    assert b64decode(login.removeprefix("Basic ")) == f"{user}:{password}".encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/a", "http://h/a"),
        ("http://u:p@h/a?b#c", "http://***@h/a?b#c"),
        ("http://u:p@h", "http://***@h"),
        ("http://u:p@h?x", "http://***@h?x"),
        ("http://u:p@h#x", "http://***@h#x"),
        ("http://token@h/", "http://***@h/"),
        ("http://u:p@x@h/", "http://***@h/"),
        ("http://h/a@b", "http://h/a@b"),
        ("http://h?m=a@b", "http://h?m=a@b"),
        ("ftp://u:p@h/", "ftp://***@h/"),
        ("socks5://u:p@h:1080", "socks5://***@h:1080"),
        ("http://u:p@h:nonsense/", "http://***@h:nonsense/"),
        ("http://u:pass/word@h/", "http://***@h/"),
        ("http:/u:p@h/x", "***@h/x"),
        ("http://u:p\uff20h/x", "http://***@h/x"),
        ("http://u:p\ufe6bh/x", "http://***@h/x"),
        ("http://u:p%40h", "http://***@h"),
        ("http://u:p%2540h/x", "http://***@h/x"),
        ("http://u%40h/x", "http://***@h/x"),
        ("http://u:p%40h@i/x", "http://***@i/x"),
        ("u:p%40h/x", "***@h/x"),
        ("http://h/a%40b?c%40d", "http://h/a%40b?c%40d"),
        ("http://h/a\uff20b", "http://h/a\uff20b"),
        ("u:p@h/x", "***@h/x"),
        ("http://h/x?a=1&password=p&b=2", "http://h/x?a=1&password=***&b=2"),
        ("http://h/x?Key=k#y", "http://h/x?Key=***#y"),
        ("http://h/x?author=a", "http://h/x?author=a"),
        ("http://h/?a=?a=?a=?key=1", "http://h/?a=***"),
        ("http://h/" + "?a=" * 500 + "?key=1", "http://h/?a=***"),
        ("BR", "BR"),
        ("", ""),
    ],
)
def test_what_is_shown_holds_no_secret(text: str, shown: str) -> None:
    assert redact(text) == shown


@given(
    scheme=st.sampled_from(
        ["http://", "https://", "HTTP://", "socks5://", "what://", "http:/", ""]
    ),
    user=st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"])),
    password=st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"])),
    at=st.sampled_from(["@", "\uff20", "\ufe6b", "%40", "%2540"]),
    rest=st.text("abc/?#@."),
)
@relaxed
def test_a_password_is_never_shown(
    scheme: str, user: str, password: str, at: str, rest: str
) -> None:
    shown = redact(f"{scheme}{user}:SEC{password}RET{at}h/{rest}")
    assert "SEC" not in shown
    assert "RET" not in shown
    assert "***@" in shown


SIGNED = {
    "AWS": (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fs3%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
        "&X-Amz-Security-Token=SECRET&X-Amz-Signature=SECRET"
    ),
    "CloudFront": "Expires=1767290400&Signature=SECRET~-&Key-Pair-Id=SECRET&Hash-Algorithm=SHA256",
    "CloudFront, own policy": "Policy=SECRET_&Signature=SECRET&Key-Pair-Id=SECRET",
    "S3, version 2": "AWSAccessKeyId=SECRET&Expires=1&Signature=SECRET%3D",
    "Google": (
        "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=SECRET&X-Goog-Date=1&"
        "X-Goog-Expires=9&X-Goog-SignedHeaders=host&X-Goog-Signature=SECRET"
    ),
    "Google, version 2": "GoogleAccessId=SECRET&Expires=1&Signature=SECRET",
    "Azure": "sp=r&st=2026-01-01&se=2026-01-02&spr=https&sv=2022-11-02&sr=b&sig=SECRET%3D",
    "Alibaba": "x-oss-date=1&x-oss-expires=9&x-oss-signature-version=OSS4&x-oss-signature=SECRET",
    "a token": "token=SECRET&expires=1767290400",
    "a bearer": "access_token=SECRET",
    "upper case": "TOKEN=SECRET",
    "an encoded name": "X-Amz%2DSignature=SECRET",
}
AFTER = "&response-content-type=a%2Fb&versionId=7&part=sp"


@pytest.mark.parametrize("name", sorted(urls._SIGNATURES))
def test_every_secret_of_the_table_is_hidden(name: str) -> None:
    assert redact(f"http://h/?{name}=x") == f"http://h/?{name}=***"
    assert identity(f"http://h/?{name.title()}=x&y=1") == "http://h/?y=1"


@pytest.mark.parametrize("query", SIGNED.values(), ids=SIGNED)
def test_a_signature_is_hidden_and_is_no_part_of_the_identity(query: str) -> None:
    url = f"https://h/a/b.iso?partNumber=1&{query}{AFTER}"
    assert clean(url) == url
    shown = redact(url)
    assert "SECRET" not in shown
    assert shown.count("=***") == query.count("&") + 1
    assert shown.startswith("https://h/a/b.iso?partNumber=1&")
    assert shown.endswith(AFTER)
    renewed = url.replace("SECRET", "another").replace("2026", "2027").replace("u:p@", "")
    assert identity(url) == identity(renewed) == f"https://h/a/b.iso?partNumber=1{AFTER}"
    assert identity(url.replace("//", "//u:p@")) == identity(url)
    assert identity(url.replace("versionId=7", "versionId=8")) != identity(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://h/a", "https://h/a?", "https://h/a?b", "https://h/a?expires=1&se=2&sp=3&Policy=x",
        "https://h/sig=a", "https://h/a?signatures=1&tokens=2&mytoken=3", "https://h/?q=sig",
        "https://h/a?b=c%3Dd", "https://h/a?token_path=%2F&x-amz-meta=1",
    ],
)  # fmt: skip
def test_what_is_no_signature_is_shown_and_is_a_part_of_the_identity(url: str) -> None:
    assert redact(url) == url
    assert identity(url) == url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://h/a?sig=x y&b=1", "https://h/a?sig=***&b=1"),
        ("https://h/a?b=1#access_token=x", "https://h/a?b=1#access_token=***"),
        ("h/a?token=x", "h/a?token=***"),
        ("h/a#TOKEN=x?b=c", "h/a#TOKEN=***"),
        ("https://u:p@h/a?token=x", "https://***@h/a?token=***"),
        ("https://h/?to=https%3A%2F%2Fi%2F%3Fsig%3Dx&b=1", "https://h/?to=***&b=1"),
        ("https://h/?to=https://i/?sig=x", "https://h/?to=***"),
        ("https://h/?sig=", "https://h/?sig=***"),
    ],
)
def test_a_signature_is_hidden_wherever_it_may_be(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@given(near_urls)
@relaxed
def test_any_text_can_be_redacted_and_once_is_enough(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("other.gif", "http://h:8000/a/other.gif"),
        ("./other.gif", "http://h:8000/a/other.gif"),
        ("../other.gif", "http://h:8000/other.gif"),
        ("../../../other.gif", "http://h:8000/other.gif"),
        ("/other.gif", "http://h:8000/other.gif"),
        ("//o/x", "http://o/x"),
        ("https://o/x", "https://o/x"),
        ("?d=e", "http://h:8000/a/b.gif?d=e"),
        ("?", "http://h:8000/a/b.gif?"),
        ("?#part", "http://h:8000/a/b.gif?"),
        ("/x?", "http://h:8000/x?"),
        ("x?#a?b", "http://h:8000/a/x?"),
        ("//o:65535/x?", "http://o:65535/x?"),
        ("https://u:p@o/x?", "https://o/x?"),
        ("", "http://h:8000/a/b.gif?c"),
        ("#part", "http://h:8000/a/b.gif?c"),
        ("/x#part", "http://h:8000/x"),
        ("  /x\t", "http://h:8000/x"),
        ("/a b", "http://h:8000/a%20b"),
        ("/\u00e4", "http://h:8000/%C3%A4"),
        ("http://thief:trap@o/x", "http://o/x"),
        ("//thief:trap@o/x", "http://o/x"),
        ("/\\o/x", "http://h:8000/%5Co/x"),
    ],
)
def test_a_reference_is_resolved_against_its_base(reference: str, expected: str) -> None:
    assert join("http://h:8000/a/b.gif?c", reference) == expected


@pytest.mark.parametrize("reference", ["", "#part", "?", "b.gif?"])
def test_an_empty_query_of_the_base_stays(reference: str) -> None:
    assert join("http://h:8000/a/b.gif?", reference) == "http://h:8000/a/b.gif?"


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "ftp://h/x",
        "javascript:alert(1)",
        "data:,x",
        "mailto:a@b",
        "http://[::1",
        "http://h:99999/",
        "https:///x",
        "http://good\\@evil/",
        "/a\x00b",
        "/a\x1bb",
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str) -> None:
    with pytest.raises(BadURL):
        join("http://h/a", reference)


@given(near_urls)
@relaxed
def test_a_resolved_reference_is_clean_and_without_credentials(reference: str) -> None:
    try:
        url = join("https://h/a/b?c", reference)
    except BadURL:
        return
    assert clean(url) == url
    assert "@" not in urlsplit(url).netloc


@pytest.mark.parametrize("url", ["http://[v1.x]/", "http://[::1]evil/", "http://x[::1]/"])
def test_nothing_beside_brackets_is_dropped(url: str) -> None:
    with pytest.raises(BadURL):
        clean(url)


@pytest.mark.parametrize(
    "text",
    [
        "http:/u:SECRET@h/?next=https://x", "u:SECRET@h/login?to=http://y@z",
        "u:SECRET@h://x", "http://u:SECRET@h/\ud800", "//u:SECRET@h",
    ],
)  # fmt: skip
def test_a_secret_is_hidden_in_text_that_is_no_url(text: str) -> None:
    assert "SECRET" not in redact(text)


@given(near_urls)
@relaxed
def test_whoever_may_be_asked_has_one_origin_and_hears_no_password_in_the_url(text: str) -> None:
    try:
        url = clean(text)
    except BadURL:
        return
    bare, _ = split_credentials(url)
    assert clean(bare) == bare
    assert "@" not in urlsplit(bare).netloc
    assert origin(bare) == origin(url)
    assert clean(f"{origin(url)}/").startswith(origin(url))


def test_port_zero_is_a_place_of_its_own() -> None:
    assert origin("http://h:0/") == "http://h:0"


def test_an_empty_name_and_password_ask_for_nothing() -> None:
    assert split_credentials("http://@h/x") == ("http://h/x", None)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:p@ss/SECRET@127.0.0.1/x",
        "http://user:p@ss#SECRET@127.0.0.1/x",
        "http://user:SECRET@h/a@b",
        "https://user:SECRET@h/%40scope/x",
    ],
)
def test_a_password_with_an_at_sign_is_hidden_to_its_end(url: str) -> None:
    assert "SECRET" not in redact(url)
    assert "p@ss" not in redact(url)


def test_what_is_hidden_may_tell_which_file_it_is() -> None:
    """A signature is renewed; a password or a key may be a part of what is asked for."""
    assert identity("http://h/x?key=a&sig=1") == "http://h/x?key=a"
