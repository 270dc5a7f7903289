"""Units of a layer: alive or dead, alike or apart, and which class each tells from the rest."""

from layerwise.units.discrimination import discrimination
from layerwise.units.dissimilarity import dissimilarity, duplicates
from layerwise.units.pictures.choice import Choice, choose
from layerwise.units.pictures.feature_maps import MapImages, map_images, strength
from layerwise.units.population.tally import Tally
from layerwise.units.population.winners import Winners, winners
from layerwise.units.ranking import Agreement, agreement, power, roles
from layerwise.units.selectivity import ClassMoments, selectivity
from layerwise.units.statistics import contrast, statistics
from layerwise.units.weights.filter_pictures import FilterImages, filter_images
from layerwise.units.weights.filters import effective_rank, filter_statistics, max_rank
from layerwise.units.weights.lines import Window, n_cells, responses, unit_lines, window_around
from layerwise.units.weights.partition import Partition, partition

__all__ = [
    "Agreement",
    "Choice",
    "ClassMoments",
    "FilterImages",
    "MapImages",
    "Partition",
    "Tally",
    "Window",
    "Winners",
    "agreement",
    "choose",
    "contrast",
    "discrimination",
    "dissimilarity",
    "duplicates",
    "effective_rank",
    "filter_images",
    "filter_statistics",
    "map_images",
    "max_rank",
    "n_cells",
    "partition",
    "power",
    "responses",
    "roles",
    "selectivity",
    "statistics",
    "strength",
    "unit_lines",
    "window_around",
    "winners",
]
