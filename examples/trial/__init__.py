"""Small clients, written as people write them, to be tried with ``getflags trial``.

From the folder of this repository::

    getflags trial -- python $PWD/examples/trial/httpx_get.py {list}
    getflags trial -- curl -sSfLO --retry 3 {url}
    getflags trial -- wget -q -i {list}
    getflags trial -- wget2 -q -i {list}
    getflags trial -- aria2c -q -i {list}

requests and aiohttp are no part of getflags: ``pip install requests aiohttp``.
"""
