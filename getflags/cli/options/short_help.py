"""The text of ``getflags -h``: examples of everyday use and the most common options.

It fits a terminal of 80 columns and 24 lines. ``--help-all`` prints the full help, which argparse
generates.
"""

from __future__ import annotations

from getflags.core.settings import DEFAULTS

DOWNLOAD = f"""\
usage: getflags [OPTION]... [TARGET]...

Download flags, or any list of URLs, many at a time.

  getflags BR CN                               two flags, into {DEFAULTS.dir}/
  getflags -d data https://example.org/a.iso   one file, into data/
  getflags -i urls.txt --failed-out rest.txt   a list; rest.txt gets what failed
  getflags -i urls.txt --exists skip           only the files that are missing
  getflags -a -s DELAY -m 100                  all flags, from a slow server

  -i FILE          read targets from a file, one per line ('-': standard input)
  -d DIR           folder for the files (default: {DEFAULTS.dir})
  -o NAME          file name, for a single target
  --exists WHAT    if a file exists: overwrite (default), skip, refresh or fail
  -m N             number of requests in flight (default: {DEFAULTS.max_req}), or auto
  -H 'K: V'        send a header field; repeatable
  -v, -q, --json   print a line for each file, only errors, or JSON
  -V, --help-all   print the version, or all options

A TARGET is a URL, a country code (BR), or one letter (B: all from BA to BZ).
Other commands, with their own -h: bench cluster race report serve trial tune.
Exit codes: 0 all files are on disk, 1 some failed, 2 usage, 3 all failed.
"""
