"""What flags carry: stars, suns, plants, animals, arms.

Each module keeps one kind of emblem. An emblem fills a circle of radius 1 around its centre,
looks towards the hoist, and knows nothing of the flag that it is put on. They are simplified
until they can be told at a glance at the size of a postage stamp, and no further.
"""
