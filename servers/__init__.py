"""Local web servers to test HTTP clients against: a fast one, a slow one, and one that fails.

What may live in this package: servers, what they serve, and what they do wrong on purpose. What
may not: anything about the clients. No module here imports from outside the package except the
standard library, httptools, and uvloop and trustme where they are installed; imports among its
modules are relative, because in a wheel the folder travels inside another package.

From the bottom up:

    values, bandwidth, slots, delivery, latency pure: values in, values out
    ledger, ranges, validators, paths           the same
    representation, respond, pages              what HTTP means, still pure
    misbehaviour, rules, faults                 what goes wrong, one fault a file; still pure
    scenario, verdict                           how faults are composed; still pure
    catalogue, generated, folder                where the bytes come from
    record, origin                              one server's memory: target in, decision out
    contents, control, service                  one server: request in, response out
    requests                                    bytes in, requests out
    dateline, transports, protocol              a connection
    words, options, tls, running, __main__      a program
    forkserver                                  a program that becomes many of them
"""

from typing import NamedTuple

from .faults import Behaviour

SERVER = "getflags-servers"  # how our servers call themselves, in heads and in `/-/about`


class Site(NamedTuple):
    """A server as it is offered: its default port, and how it treats its clients."""

    port: int
    behaviour: Behaviour


SITES = {
    "LOCAL": Site(8000, Behaviour()),
    "DELAY": Site(8001, Behaviour(delay=(0.5, 5.0))),
    "ERROR": Site(8002, Behaviour(delay=(0.5, 5.0), error_rate=0.25)),
}
