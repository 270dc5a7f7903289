"""How scores are called in tables of results, for those that write and those that read them."""

from __future__ import annotations

HIT_2D = "neighborhood hit 2-D"
HIT_ND = "neighborhood hit n-D"
TRUSTWORTHINESS = "trustworthiness"
CONTINUITY = "continuity"
ACCURACY = "accuracy"
