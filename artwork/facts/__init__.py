"""Facts about flags, by continent: name, proportions, layout, colours and emblems.

Modules here hold tables named ``FLAGS`` and no drawing code. Colours are inks
(``artwork.inks``), positions are fractions of the flag, sizes are in heights.
"""
