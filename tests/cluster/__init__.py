"""What ``getflags cluster`` promises when workers, drivers, origins and storage fail.

``make test-cluster`` runs these tests; ``make test`` leaves them out. They need the extras
``cluster`` and ``cluster-tests``; those of Ray run where Ray is installed, too.
"""
