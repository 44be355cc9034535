"""Kinds of Amazon RDS: cluster snapshots, clusters and their instances."""

from __future__ import annotations

from typing import Final

from actions.rds.cluster import Cluster
from actions.rds.cluster_snapshot import ClusterSnapshot
from actions.rds.cluster_snapshots import ClusterSnapshots
from actions.rds.instance import Instance
from engine.registry import ResourceKind

KINDS: Final[tuple[ResourceKind, ...]] = (ClusterSnapshot(), ClusterSnapshots(), Cluster(), Instance())
