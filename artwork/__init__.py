"""The flags that the servers serve, drawn from a table of facts.

A flag here is a fact, not a picture: a name, proportions and a list of layers, kept in
``artwork.facts``. Everything else turns such facts into GIFs, one idea to a module:

- ``inks`` names the colours;
- ``canvas`` is paper in a flag's proportions and a pen in an emblem's own coordinates;
- ``layouts`` lays cloth on cloth: stripes, crosses, triangles, cantons;
- ``shapes`` is the small algebra from which ``emblems`` builds stars, birds and arms;
- ``cloth`` makes the finished drawing hang like fabric;
- ``atlas`` gathers the facts, and ``render`` writes the files.

The pictures are committed, so nothing at run time imports this package or Pillow. It may
import neither the downloader nor the servers.
"""
