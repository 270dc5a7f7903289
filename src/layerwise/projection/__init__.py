"""Pictures of activations: projections to the plane, with scikit-learn's contract."""

from __future__ import annotations

from layerwise.projection.align import EVOLUTIONS, evolve, procrustes
from layerwise.projection.bundling import bundle
from layerwise.projection.dynamic_tsne import DynamicTSNE
from layerwise.projection.mds import MDS
from layerwise.projection.pca import PCA
from layerwise.projection.tsne import TSNE
from layerwise.projection.umap import UMAP

METHODS = {"pca": PCA, "tsne": TSNE, "mds": MDS, "umap": UMAP}
"""All projections by the name that the command line uses."""

__all__ = [
    "EVOLUTIONS",
    "MDS",
    "METHODS",
    "PCA",
    "TSNE",
    "UMAP",
    "DynamicTSNE",
    "bundle",
    "evolve",
    "procrustes",
]
